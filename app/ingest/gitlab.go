package ingest

import "strings"

// gitlab reads GitLab's security reports: of dependencies, containers, code, secrets and
// running applications. CycloneDX has a list of the same name.
type gitlab struct {
	doc                *document
	typeErrs           typeErrors
	hasVersion         bool
	hasVulnerabilities bool // it has the list, perhaps an empty one
	scan               gitlabScan
	foreignAt          string                 // the place of a vulnerability that is none of GitLab's; "" = none
	scanner            string                 // of the first finding, in old reports
	solutions          bool                   // a vulnerability of a package has a solution
	image, imageName   string                 // of the last finding; without tag and digest
	unfinished         chunks[compactFinding] // without a category of their own, read before the scan
	findings           *Findings
}

// gitlabScan is what a report says of its scan.
type gitlabScan struct {
	given    bool
	tool     string
	kind     string // the category of its findings, such as sast
	endedAt  string
	statusAt string // the place of a status other than success; "" = none
	fatalAt  string // the place of a fatal message; "" = none
}

// failedAt returns the place that says that the scan failed, "" if it did not.
func (s gitlabScan) failedAt() string { return first(s.statusAt, s.fatalAt) }

func newGitLab(d *document, t *texts) *gitlab { return &gitlab{doc: d, findings: newFindings(t)} }

func (g *gitlab) typeErrors() *typeErrors { return &g.typeErrs }

// empty reports whether the report has no findings.
func (g *gitlab) empty() bool { return g.findings.Len() == 0 && g.unfinished.n == 0 }

// recognized reports whether the document has a scan, or findings that are all GitLab's: its
// other keys are common.
func (g *gitlab) recognized() bool {
	marked := g.scan.given || g.foreignAt == "" && (!g.empty() || g.typeErrs.first != nil)
	return g.hasVersion && g.hasVulnerabilities && marked
}

func (g *gitlab) check(bool) error {
	if g.typeErrs.first != nil {
		return g.typeErrs.first
	}
	if at := g.scan.failedAt(); at != "" && g.empty() {
		return &refusal{at, "the scan failed and found nothing. Repeat it, and send its report"}
	}
	return nil
}

func (g *gitlab) report() Report {
	g.unfinished.drain(func(c *compactFinding) { g.finish(*c, g.scan.kind) })
	if !g.solutions { // its tool writes none
		for i := range g.findings.Len() {
			g.findings.list.at(i).state &^= stateUnfixed
		}
	}
	r := Report{
		Tool: first(g.scan.tool, g.scanner), Findings: g.findings,
		Subject: clean(g.scan.kind, maxTitle), MadeAt: timeOf(g.scan.endedAt),
	}
	if at := g.scan.failedAt(); at != "" {
		r.Partial, r.Warnings = true, []string{brokeOff(at)}
	}
	return r
}

func (g *gitlab) member(key string) func() error {
	if key == "scan" {
		return g.readScan
	}
	return nil
}

// readScan reads the tool's name, the category of the findings, and whether the scan failed. It
// accepts any type: a scan without a status has not failed, one with another than success has.
func (g *gitlab) readScan() error {
	g.doc.typeErrs = nil
	return g.doc.object(func(key string) (err error) {
		g.scan.given = true
		switch key {
		case "scanner":
			return g.doc.object(g.scannerName)
		case "type":
			g.scan.kind, err = g.doc.textOrEmpty()
		case "end_time":
			g.scan.endedAt, err = g.doc.textOrEmpty()
		case "status":
			err = g.status()
		case "messages":
			err = g.doc.either(func(string) error { return g.doc.skip() }, g.message)
		default:
			err = g.doc.skip()
		}
		return err
	})
}

func (g *gitlab) status() error {
	t, err := g.doc.dec.Token()
	if err != nil || t == nil {
		return err
	}
	if text, _ := t.(string); !strings.EqualFold(strings.TrimSpace(text), "success") {
		g.scan.statusAt = g.doc.location()
	}
	return g.doc.skipRest(t)
}

// message reads a message of the scan. A fatal one says that the scan failed.
func (g *gitlab) message() error {
	return g.doc.either(func(key string) error {
		if key != "level" {
			return g.doc.skip()
		}
		level, err := g.doc.textOrEmpty()
		if strings.EqualFold(strings.TrimSpace(level), "fatal") {
			g.scan.fatalAt = first(g.scan.fatalAt, g.doc.location())
		}
		return err
	}, g.doc.skip)
}

func (g *gitlab) scannerName(key string) (err error) {
	if key != "name" {
		return g.doc.skip()
	}
	g.scan.tool, err = g.doc.textOrEmpty()
	return err
}

// finish completes a finding with its category, and adds it.
func (g *gitlab) finish(c compactFinding, category string) {
	c.identity = digestOf(category, string(c.identity[:]))
	c.stable = digestOf(category, string(c.stable[:])).short()
	g.findings.addCompact(c)
}
