package ingest

import (
	"fmt"
	"strings"
)

// names returns the present name of a vulnerability and its other name, or the rule of another
// finding.
func (p planted) names() (name, alias string) {
	if p.kind > 0 {
		return fmt.Sprintf("RULE-%d", p.rule), ""
	}
	name, alias = fmt.Sprintf("CVE-2031-%d", p.rule), fmt.Sprintf("GHSA-pond-%d", p.rule)
	if p.name > 0 {
		return alias, name
	}
	return name, alias
}

func (p planted) url() string { return fmt.Sprintf("https://pond.example/%d", p.mark) }

// image returns the reference of an image in one of several forms.
func image(place, tag int) string {
	switch name := fmt.Sprintf("pond.example:5000/nest-%d", place); tag % 3 {
	case 0:
		return fmt.Sprintf("%s:v%d", name, tag)
	case 1:
		return fmt.Sprintf("%s@sha256:%064d", name, tag)
	default:
		return name
	}
}

// The kinds of Trivy's findings.
const (
	plantedVulnerability = iota
	plantedSecret
	plantedMisconfiguration
	plantedLicense
)

func exactTrivy(p planted) string {
	switch p.kind {
	case plantedVulnerability:
		return stableTrivy(p) + p.vulnerability()
	case plantedSecret:
		return stableTrivy(p) + fmt.Sprint(p.line, p.code)
	case plantedMisconfiguration:
		return stableTrivy(p) + fmt.Sprint(p.line)
	}
	return stableTrivy(p)
}

func stableTrivy(p planted) string {
	place := fmt.Sprint(p.kind, p.workload, p.place, p.rule)
	switch p.kind {
	case plantedMisconfiguration:
		return place + fmt.Sprint(p.resource, p.message)
	case plantedSecret:
		return place
	}
	return place + fmt.Sprint(p.pkg)
}

func (p planted) trivy() string {
	name, alias := p.names()
	switch p.kind {
	case plantedVulnerability:
		return fmt.Sprintf(`"Vulnerabilities": [{"VulnerabilityID": %q, "VendorIDs": [%q], "PkgName": "p%d", `+
			`"PrimaryURL": %q}]`,
			name, alias, p.pkg, p.url())
	case plantedSecret:
		return fmt.Sprintf(`"Secrets": [{"RuleID": %q, "StartLine": %d, "Offset": %d, "Match": %q, "Title": %q}]`,
			name, p.line/2, p.line, p.snippet(), p.url())
	case plantedMisconfiguration:
		return fmt.Sprintf(`"Misconfigurations": [{"ID": %q, "Status": "FAIL", "Message": "m%d", "PrimaryURL": %q, `+
			`"CauseMetadata": {"StartLine": %d, "Resource": "r%d", "Code": {"Lines": [{"Content": %q}]}}}]`,
			name, p.message, p.url(), p.line+1, p.resource, p.snippet())
	}
	return fmt.Sprintf(`"Licenses": [{"Name": %q, "PkgName": "p%d", "Link": %q}]`, name, p.pkg, p.url())
}

func (p planted) snippet() string {
	if p.code == 0 {
		return ""
	}
	return fmt.Sprintf("code %d", p.code)
}

func trivyGarden(list []planted, tag int) string {
	return `{"SchemaVersion": 2, "ArtifactName": "nest", "Results": [` + trivyResults(list, tag) + `]}`
}

func trivyResults(list []planted, tag int) string {
	var results []string
	for _, p := range list {
		// Outside of a cluster, the workload is another file.
		target := fmt.Sprintf("file-%d-%d", p.place, p.workload)
		if p.place == 0 {
			target = fmt.Sprintf("%s (debian %d.%d)", image(p.workload, tag), 12+tag%2, tag)
		}
		results = append(results, fmt.Sprintf(`{"Target": %q, %s}`, target, p.trivy()))
	}
	return strings.Join(results, ", ")
}

func clusterGarden(list []planted, tag int) string {
	var resources []string
	for _, p := range list {
		workload := p.workload
		p.workload = 0 // the same image in two workloads
		resources = append(resources, fmt.Sprintf(`{"Namespace": "n%d", "Kind": "Pod", "Name": "web", "Results": [%s]}`,
			workload, trivyResults([]planted{p}, tag)))
	}
	return `{"ClusterName": "pond", "Resources": [` + strings.Join(resources, ", ") + `]}`
}

// vulnerability returns the present name of the finding.
func (p planted) vulnerability() string {
	name, _ := p.names()
	return name
}

func grypeGarden(list []planted, tag int) string {
	var matches []string
	for _, p := range list {
		name, alias := p.names()
		matches = append(matches, fmt.Sprintf(`{"vulnerability": {"id": %q, "dataSource": %q}, `+
			`"relatedVulnerabilities": [{"id": %q}], "artifact": {"name": "p", "purl": "pkg:deb/p%d@1?distro=debian-%d", `+
			`"type": "deb", "locations": [{"path": "/a/%d"}]}}`, name, p.url(), alias, p.pkg, tag, p.line))
	}
	return `{"matches": [` + strings.Join(matches, ", ") + `]}`
}

// gitlabGarden has vulnerabilities of images and findings in code.
func gitlabGarden(list []planted, tag int) string {
	var rows []string
	for n, p := range list {
		name, alias := p.names()
		location := fmt.Sprintf(`{"image": %q, "dependency": {"iid": %d, "package": {"name": "p%d"}, `+
			`"dependency_path": [%d]}}`,
			image(p.place, tag), p.mark+100*tag, p.pkg, tag)
		code := ""
		if p.kind > 0 {
			code = p.snippet()
			location = fmt.Sprintf(`{"file": "f%d-%d", "start_line": %d, "commit": {"sha": "%d"}}`,
				p.place, p.pkg, p.line+1, tag)
		}
		rows = append(rows, fmt.Sprintf(`{"id": "uuid-%d-%d", "name": "Denial of service", "category": "c%d", `+
			`"raw_source_code_extract": %q, "links": [{"url": %q}], "identifiers": [{"type": "any", "value": %q}, `+
			`{"type": "ghsa", "value": %q}, {"type": "cwe", "value": "79"}], "location": %s}`,
			tag, n, p.kind, code, p.url(), name, alias, location))
	}
	return `{"version": "15", "scan": {"type": "c0"}, "vulnerabilities": [` + strings.Join(rows, ", ") + `]}`
}
