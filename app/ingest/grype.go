package ingest

import (
	"encoding/json"
	"strings"
)

// grype reads Anchore Grype's JSON (grype -o json). Its list of matches marks it, whose
// elements have a vulnerability and an artifact. Other tools have a list of that name too.
type grype struct {
	doc        *document
	typeErrs   typeErrors
	hasMatches bool   // it has the list, perhaps an empty one
	foreignAt  string // the place of a match that is none of Grype's; "" = none
	foreignKey bool   // a top-level key is none of Grype's
	tool       string
	madeAt     string
	source     grypeSource
	failedAt   string // the place that says that the database could not be used; "" = it could
	findings   *Findings
}

func newGrype(d *document, t *texts) *grype { return &grype{doc: d, findings: newFindings(t)} }

func (g *grype) typeErrors() *typeErrors { return &g.typeErrs }

// check refuses a scan without a database of vulnerabilities: it finds nothing.
func (g *grype) check(bool) error {
	if g.typeErrs.first != nil {
		return g.typeErrs.first
	}
	if g.failedAt != "" && g.findings.Len() == 0 {
		return &refusal{g.failedAt, "the database of vulnerabilities could not be used, and nothing was found. " +
			"Update it with grype db update, and repeat the scan"}
	}
	return nil
}

func (g *grype) report() Report {
	r := Report{Tool: g.tool, Findings: g.findings, MadeAt: timeOf(g.madeAt)}
	r.Subject, r.Reference = g.source.subject()
	r.Digests = g.source.digests
	if g.failedAt != "" {
		r.Partial, r.Warnings = true, []string{brokeOff(g.failedAt)}
	}
	return r
}

// recognized reports whether all matches are Grype's. An empty list has no such mark: the
// name of the tool decides, else the other keys.
func (g *grype) recognized() bool {
	switch {
	case !g.hasMatches || g.foreignAt != "":
		return false
	case g.findings.Len() > 0 || g.typeErrs.first != nil:
		return true
	case g.tool != "":
		return strings.Contains(strings.ToLower(g.tool), "grype")
	}
	return !g.foreignKey
}

// note notes a top-level key.
func (g *grype) note(key string) {
	switch key {
	case "matches", "ignoredMatches", "alertsByPackage", "source", "distro", "descriptor":
	default:
		g.foreignKey = true
	}
}

func (g *grype) member(key string) func() error {
	switch key {
	case "matches":
		return g.matches
	case "source":
		return g.readSource
	case "descriptor":
		return g.descriptor
	}
	return nil
}

// descriptor reads the tool's name and the time. No finding depends on it, so that any type is
// accepted.
func (g *grype) descriptor() error {
	g.doc.typeErrs = nil
	return g.doc.object(func(key string) (err error) {
		switch key {
		case "name":
			g.tool, err = g.doc.textOrEmpty()
		case "timestamp":
			g.madeAt, err = g.doc.textOrEmpty()
		case "db":
			err = g.doc.object(g.database)
		default:
			err = g.doc.skip()
		}
		return err
	})
}

// database reads the state of the database of vulnerabilities: of Grype since 0.88 in a status of its
// own, before beside the rest.
func (g *grype) database(key string) error {
	switch key {
	case "error":
		given, err := g.doc.isGiven()
		if given {
			g.failedAt = first(g.failedAt, g.doc.location())
		}
		return err
	case "valid":
		t, err := g.doc.dec.Token()
		if err != nil {
			return err
		}
		if t == false {
			g.failedAt = first(g.failedAt, g.doc.location())
		}
		return g.doc.skipRest(t)
	case "status":
		return g.status()
	}
	return g.doc.skip()
}

func (g *grype) status() error {
	t, err := g.doc.dec.Token()
	if err != nil {
		return err
	}
	if t == json.Delim('{') {
		return g.doc.members(func(key string) error {
			if key == "status" {
				return g.doc.skip()
			}
			return g.database(key)
		})
	}
	if text, ok := t.(string); ok && text != "" && !strings.EqualFold(text, "valid") {
		g.failedAt = first(g.failedAt, g.doc.location())
	}
	return g.doc.skipRest(t)
}

// grypeSource is what was scanned.
type grypeSource struct {
	kind, target string
	digests      []string
}

// subject returns the image without its tag and digest, or the directory.
func (s grypeSource) subject() (subject, reference string) {
	if s.kind == "unknown" {
		return "", ""
	}
	return subjectOf(s.target)
}

// readSource reads what was scanned, of any type.
func (g *grype) readSource() error {
	g.doc.typeErrs = nil
	return g.doc.object(func(key string) (err error) {
		switch key {
		case "type":
			g.source.kind, err = g.doc.textOrEmpty()
		case "target":
			g.source.target, err = g.readTarget()
		default:
			err = g.doc.skip()
		}
		return err
	})
}

// readTarget reads the target of a source: a text, or an object of an image with what the user has
// asked for.
func (g *grype) readTarget() (string, error) {
	var name, path string
	t, err := g.doc.dec.Token()
	if err != nil {
		return "", err
	}
	switch t {
	case json.Delim('{'):
		err = g.doc.members(func(key string) (err error) {
			switch key {
			case "userInput":
				name, err = g.doc.textOrEmpty()
			case "name", "path":
				path, err = g.doc.textOrEmpty()
			case "repoDigests", "manifestDigest":
				err = g.doc.digestsInto(&g.source.digests)
			default:
				err = g.doc.skip()
			}
			return err
		})
	case json.Delim('['):
		err = g.doc.skipRest(t)
	default:
		name, _ = t.(string)
	}
	return clean(first(name, path), maxLocation), err
}

func (g *grype) matches() error {
	given, err := g.doc.given(nil, g.match)
	g.hasMatches = g.hasMatches || given
	return err
}
