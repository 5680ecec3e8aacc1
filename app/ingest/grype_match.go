package ingest

import (
	"slices"
	"strconv"
	"strings"

	"gatecrier/models"
)

type grypeMatch struct {
	Vulnerability *grypeVulnerability `json:"vulnerability"`
	Related       []grypeRecord       `json:"relatedVulnerabilities"`
	Artifact      *grypeArtifact      `json:"artifact"`
}

// grypeRecord is what a database says of a vulnerability.
type grypeRecord struct {
	ID          loose[string]       `json:"id"`
	Description string              `json:"description"`
	URLs        loose[[]string]     `json:"urls"`
	CVSS        loose[[]grypeCVSS]  `json:"cvss"`
	EPSS        loose[[]grypeEPSS]  `json:"epss"`
	CWEs        loose[[]grypeCWE]   `json:"cwes"`
	Exploited   loose[[]struct{}]   `json:"knownExploited"` // entries of CISA's catalog
	CVSSv2      loose[grypeMetrics] `json:"cvssV2"`         // before Grype 0.10, like the next one
	CVSSv3      loose[grypeMetrics] `json:"cvssV3"`
}

type grypeVulnerability struct {
	grypeRecord
	ID         string        `json:"id"`
	Severity   string        `json:"severity"`
	DataSource string        `json:"dataSource"`
	Links      []string      `json:"links"`          // before Grype 0.10, like the next one
	FixedIn    loose[string] `json:"fixedInVersion"` // also of versions that have no fix
	Fix        struct {
		Versions []string      `json:"versions"`
		State    loose[string] `json:"state"`
	} `json:"fix"`
}

type grypeCVSS struct {
	Version string       `json:"version"`
	Vector  string       `json:"vector"`
	Metrics grypeMetrics `json:"metrics"`
}

type grypeMetrics struct {
	BaseScore score  `json:"baseScore"`
	Vector    string `json:"vector"` // before Grype 0.10
}

type grypeEPSS struct {
	EPSS       float64 `json:"epss"`
	Percentile float64 `json:"percentile"`
}

type grypeCWE struct {
	CWE string `json:"cwe"`
}

type grypeArtifact struct {
	Name      string `json:"name"`
	Version   string `json:"version"`
	Type      string `json:"type"`
	PURL      string `json:"purl"`
	Locations []struct {
		Path string `json:"path"`
	} `json:"locations"`
}

// match reads one match: a vulnerability in an artifact.
func (g *grype) match() error {
	var m grypeMatch
	if ok, err := g.doc.decodeStrict(&m); err != nil || !ok {
		return err
	}
	v, a := m.Vulnerability, m.Artifact
	if v == nil || a == nil {
		g.foreignAt = first(g.foreignAt, g.doc.location())
		return nil
	}
	f := Finding{
		Title: first(v.ID, v.Description, a.Name, "Vulnerability"), Description: v.Description,
		Component: a.Name + " " + a.Version, Fix: v.fix(), URL: v.DataSource,
		Unfixed:  v.fix() == "" && !strings.EqualFold(v.Fix.State.v, "fixed"),
		Severity: severityOf(v.Severity), Status: models.StatusOpen,
	}
	if len(a.Locations) > 0 {
		f.Location = a.Locations[0].Path
	}
	if f.Description == "" && len(m.Related) > 0 {
		f.Description = m.Related[0].Description
	}
	if f.URL == "" && len(v.Links) > 0 {
		f.URL = v.Links[0]
	}
	details, exploited := m.details()
	f.Details, f.KEV = details.Encode(), exploited
	component := a.component()
	f.Match = matchKey{stable: digestOf("grype", v.ID, string(component[:])).short(), component: component.short()}
	g.findings.add(a.identity(v.ID), f)
	return nil
}

// fix returns the versions that fix the vulnerability.
func (v *grypeVulnerability) fix() string {
	return first(strings.Join(v.Fix.Versions, ", "), v.FixedIn.v)
}

// identity returns the identity of a vulnerability in the artifact.
func (a *grypeArtifact) identity(vulnerability string) digest {
	parts := []string{vulnerability, first(a.PURL, a.Name+"\x00"+a.Version), a.Type}
	return digestOf(append(parts, a.paths()...)...)
}

// paths returns where the artifact is, each path once and in order.
func (a *grypeArtifact) paths() []string {
	var paths []string
	for _, l := range a.Locations {
		paths = append(paths, l.Path)
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// component returns the hash of the artifact wherever it is.
func (a *grypeArtifact) component() digest {
	if a.PURL == "" {
		return digestOf(a.Type, a.Name, a.Version)
	}
	return digestOf(a.Type, packageURL(a.PURL))
}

// details returns what the databases say of the vulnerability, and whether it is known to be
// exploited. The database of the match comes first.
func (m *grypeMatch) details() (d models.Details, exploited bool) {
	records := append([]grypeRecord{m.Vulnerability.grypeRecord}, m.Related...)
	var related, weaknesses []string
	for _, r := range m.Related {
		related = append(related, r.ID.v)
	}
	d.Aliases, d.PURL = aliasesOf(m.Vulnerability.ID, related), m.Artifact.PURL
	for _, r := range records {
		exploited = exploited || len(r.Exploited.v) > 0
		d.References = append(d.References, r.URLs.v...)
		for _, cwe := range r.CWEs.v {
			weaknesses = append(weaknesses, cwe.CWE)
		}
		for _, e := range r.EPSS.v {
			if e.EPSS > d.EPSS && e.EPSS <= 1 && e.Percentile >= 0 && e.Percentile <= 1 {
				d.EPSS, d.Percentile = e.EPSS, e.Percentile
			}
		}
		if d.Score == 0 && d.Vector == "" {
			r.rating().addTo(&d)
		}
	}
	d.CWEs = cweNames(weaknesses)
	for i, l := range m.Artifact.Locations {
		if i > 0 {
			d.Locations = append(d.Locations, l.Path)
		}
	}
	return d, exploited
}

// rating returns the highest rating of the newest version of CVSS.
func (r *grypeRecord) rating() rating {
	list := []rating{
		ratingOf(2, r.CVSSv2.v.BaseScore, r.CVSSv2.v.Vector),
		ratingOf(3, r.CVSSv3.v.BaseScore, r.CVSSv3.v.Vector),
	}
	for _, c := range r.CVSS.v {
		version, err := strconv.ParseFloat(c.Version, 64)
		if err != nil {
			version = 0
		}
		list = append(list, ratingOf(version, c.Metrics.BaseScore, c.Vector))
	}
	return newestRating(list)
}
