package ingest

import (
	"slices"
	"strings"

	"gatecrier/models"
)

// osv reads OSV-Scanner's JSON (osv-scanner --format json): results, one of a lockfile or an
// image each, with packages and their vulnerabilities. Vulnerabilities that are aliases of each
// other are one group there, and one finding here.
type osv struct {
	doc         *document
	typeErrs    typeErrors
	hasResults  bool // it has the list, perhaps an empty one
	hasConfig   bool // a top-level key that only OSV-Scanner writes
	hasPackages bool // a result has a list of packages
	findings    *Findings
	paths       []string // of the results
	unfinished  chunks[osvFinding]
}

// osvFinding is a finding whose identity, match key and location lack the path of its result.
type osvFinding struct {
	compactFinding
	component shortDigest
	result    int
}

func newOSV(d *document, t *texts) *osv { return &osv{doc: d, findings: newFindings(t)} }

func (o *osv) typeErrors() *typeErrors { return &o.typeErrs }
func (o *osv) check(bool) error        { return o.typeErrs.first }

func (o *osv) report() Report {
	root := commonDirectory(o.paths)
	o.unfinished.drain(func(r *osvFinding) { o.finish(r, strings.TrimPrefix(o.paths[r.result], root)) })
	return Report{Tool: "OSV-Scanner", Findings: o.findings}
}

// recognized reports whether a result has packages. A clean scan has none: a key that only
// OSV-Scanner writes marks it.
func (o *osv) recognized() bool { return o.hasPackages || o.hasResults && o.hasConfig }

func (o *osv) member(key string) func() error {
	if key == "experimental_config" {
		o.hasConfig = true
	}
	return nil
}

// startResult begins a result of the list "results", which several formats have.
func (o *osv) startResult() { o.paths = append(o.paths, "") }

// source reads where a result comes from.
func (o *osv) source() error {
	var v struct {
		Path string `json:"path"`
	}
	_, err := o.doc.decodeStrict(&v)
	o.paths[len(o.paths)-1] = strings.ReplaceAll(v.Path, `\`, "/")
	return err
}

type osvPackage struct {
	Package struct {
		Name      string `json:"name"`
		Version   string `json:"version"`
		Ecosystem string `json:"ecosystem"`
		Commit    string `json:"commit"`
	} `json:"package"`
	Vulnerabilities []osvRecord `json:"vulnerabilities"`
	Groups          []struct {
		IDs         []string `json:"ids"`
		Aliases     []string `json:"aliases"`
		MaxSeverity score    `json:"max_severity"`
	} `json:"groups"`
	LicenseViolations []string `json:"license_violations"`
}

// osvRecord is a vulnerability in the OSV format, version 1 (ossf.github.io/osv-schema).
type osvRecord struct {
	ID       string   `json:"id"`
	Aliases  []string `json:"aliases"`
	Summary  string   `json:"summary"`
	Details  string   `json:"details"`
	Severity []struct {
		Score string `json:"score"`
	} `json:"severity"`
	Affected []struct {
		Package struct {
			Name string `json:"name"`
			PURL string `json:"purl"`
		} `json:"package"`
		Ranges []struct {
			Events []struct {
				Fixed string `json:"fixed"`
			} `json:"events"`
		} `json:"ranges"`
		Severity          osvWord `json:"database_specific"`
		EcosystemSeverity osvWord `json:"ecosystem_specific"`
	} `json:"affected"`
	References []struct {
		Type string `json:"type"`
		URL  string `json:"url"`
	} `json:"references"`
	Database struct {
		osvWord
		CWEs []string `json:"cwe_ids"`
	} `json:"database_specific"`
}

// osvWord is a severity that a database adds in an object of its own. Any type is accepted.
type osvWord struct {
	Severity any `json:"severity"`
}

func (w osvWord) severity() models.Severity {
	word, _ := w.Severity.(string)
	return severityOf(word)
}

// packages reads the packages of a result.
func (o *osv) packages() error {
	o.hasPackages = true
	return o.doc.array(o.packageFindings)
}

// packageFindings reads a package with its vulnerabilities.
func (o *osv) packageFindings() error {
	var p osvPackage
	if ok, err := o.doc.decodeStrict(&p); err != nil || !ok {
		return err
	}
	done := map[string]bool{}
	for _, g := range p.Groups {
		var records []osvRecord
		for _, r := range p.Vulnerabilities {
			if slices.Contains(g.IDs, r.ID) {
				records, done[r.ID] = append(records, r), true
			}
		}
		for _, id := range g.IDs {
			if !done[id] { // the report has no record of it
				records, done[id] = append(records, osvRecord{ID: id}), true
			}
		}
		o.add(&p, records, g.Aliases, g.MaxSeverity)
	}
	for _, r := range p.Vulnerabilities {
		if !done[r.ID] || r.ID == "" {
			o.add(&p, []osvRecord{r}, nil, score{})
		}
	}
	for _, license := range p.LicenseViolations {
		o.license(&p, license)
	}
	return nil
}

// add adds the finding of a group of records about the same vulnerability.
func (o *osv) add(p *osvPackage, records []osvRecord, aliases []string, worst score) {
	if len(records) == 0 {
		return
	}
	names := slices.Clone(aliases)
	d := models.Details{Markdown: true}
	f := Finding{Component: strings.TrimSpace(p.Package.Name + " " + first(p.Package.Version, p.Package.Commit))}
	severity, fixes := models.Unknown, osvFixes{}
	for _, r := range records {
		names = append(append(names, r.ID), r.Aliases...)
		f.Description = first(f.Description, r.Details, r.Summary)
		severity = min(severity, r.severity(&d))
		fixes.add(p.Package.Name, &r)
		d.CWEs = append(d.CWEs, cweNames(r.Database.CWEs)...)
		for _, ref := range r.References {
			d.References = append(d.References, ref.URL)
			if f.URL == "" && ref.Type == "ADVISORY" {
				f.URL = ref.URL
			}
		}
		for _, a := range r.Affected {
			if a.Package.Name == p.Package.Name {
				d.PURL = first(d.PURL, a.Package.PURL)
			}
		}
	}
	if worst.given {
		severity, d.Score = worst.severity(), worst.value
	}
	f.Title, d.Aliases = osvName(records[0].ID, names)
	f.Fix, f.Unfixed = strings.Join(fixes.versions, ", "), fixes.known && len(fixes.versions) == 0
	f.Severity, f.Status, f.Details = severity, models.StatusOpen, d.Encode()
	component := digestOf("package", p.Package.Ecosystem, p.Package.Name)
	f.Match.stable = digestOf(f.Title, p.Package.Ecosystem, p.Package.Name, p.Package.Version).short()
	identity := digestOf("vulnerability", records[0].ID, p.Package.Ecosystem, p.Package.Name, p.Package.Version,
		p.Package.Commit)
	o.unfinished.add(osvFinding{o.findings.texts.compact(identity, f), component.short(), len(o.paths) - 1})
}

// osvName returns the CVE of a group, else its first ID, and the other names.
func osvName(id string, names []string) (title string, others []string) {
	title = id
	for _, name := range names {
		if strings.HasPrefix(name, "CVE-") {
			title = name
			break
		}
	}
	for _, name := range names {
		if name != title {
			others = append(others, name)
		}
	}
	slices.Sort(others)
	return title, slices.Compact(others)
}

// severity returns the severity of a record: of its vectors, else the word of its database. It
// notes the vector of the highest score.
func (r *osvRecord) severity(d *models.Details) models.Severity {
	worst := models.Unknown
	for _, s := range r.Severity {
		value, ok := cvssScore(s.Score)
		if !ok {
			continue
		}
		if d.Vector == "" || value > d.Score {
			d.Score, d.Vector = value, s.Score
		}
		worst = min(worst, score{value, true}.severity())
	}
	if worst != models.Unknown {
		return worst
	}
	worst = r.Database.severity()
	for _, a := range r.Affected {
		worst = min(worst, a.Severity.severity(), a.EcosystemSeverity.severity())
	}
	return worst
}

// osvFixes are the versions that fix a package.
type osvFixes struct {
	versions []string
	known    bool // a record says which versions of the package are affected
}

func (x *osvFixes) add(name string, r *osvRecord) {
	for _, a := range r.Affected {
		if a.Package.Name != name {
			continue
		}
		for _, ranges := range a.Ranges {
			x.known = true
			for _, e := range ranges.Events {
				if e.Fixed != "" && !slices.Contains(x.versions, e.Fixed) {
					x.versions = append(x.versions, e.Fixed)
				}
			}
		}
	}
}

// license adds a license that the policy of the scan does not allow.
func (o *osv) license(p *osvPackage, license string) {
	name := strings.TrimSpace(p.Package.Name + " " + p.Package.Version)
	f := Finding{
		Title: license, Description: "The license " + license + " is not allowed.", Component: name,
		Severity: models.Unknown, Status: models.StatusOpen, Details: models.Details{Kind: "license"}.Encode(),
		Match: matchKey{stable: digestOf("license", license, p.Package.Ecosystem, p.Package.Name).short()},
	}
	identity := digestOf("license", license, p.Package.Ecosystem, p.Package.Name, p.Package.Version)
	o.unfinished.add(osvFinding{o.findings.texts.compact(identity, f), shortDigest{}, len(o.paths) - 1})
}

// finish completes a finding with the path of its result, and adds it.
func (o *osv) finish(r *osvFinding, path string) {
	r.identity = digestOf(path, string(r.identity[:]))
	r.stable = digestOf(path, string(r.stable[:])).short()
	r.location = o.findings.texts.put(path, maxLocation)
	if r.component != (shortDigest{}) {
		e := o.findings.texts.extra(r.extra)
		e.match.component = digestOf(path, string(r.component[:])).short()
		r.extra = o.findings.texts.putExtra(e)
	}
	o.findings.addCompact(r.compactFinding)
}

// commonDirectory returns the directory that holds all paths, with a slash at its end: OSV-Scanner
// writes paths of the machine that ran the scan. It is "" for relative paths.
func commonDirectory(paths []string) string {
	common := ""
	for i, path := range paths {
		dir := path[:strings.LastIndexByte(path, '/')+1]
		if i == 0 {
			common = dir
		}
		for !strings.HasPrefix(dir, common) {
			common = common[:strings.LastIndexByte(strings.TrimSuffix(common, "/"), '/')+1]
		}
	}
	if len(paths) > 0 && isLocalPath(paths[0]) {
		return common
	}
	return ""
}
