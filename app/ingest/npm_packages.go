package ingest

import (
	"slices"
	"strings"

	"gatecrier/models"
)

// npmAffected is a package that is affected by others.
type npmAffected struct {
	name    string
	via     []string // these, "" for what is no name
	finding compactFinding
}

// finding returns the finding of a package without an advisory, and its identity.
func (p *npmPackage) finding() (digest, Finding) {
	fix, unfixed := p.fix()
	f := Finding{
		Title:       p.Name + " is vulnerable",
		Description: "The report has no advisory of this package, or of one that it depends on.",
		Component:   strings.TrimSpace(p.Name + " " + p.Range.v), Fix: fix, Unfixed: unfixed,
		Severity: severityOf(p.Severity.v), Status: models.StatusOpen,
		Match: matchKey{
			stable: digestOf("affected", p.Name).short(), component: digestOf("package", p.Name).short(),
		},
	}
	d := models.Details{}
	if len(p.Nodes) > 0 {
		f.Location, d.Locations = p.Nodes[0], p.Nodes[1:]
	}
	f.Details = d.Encode()
	return digestOf(append([]string{"affected", p.Name}, p.Nodes...)...), f
}

// explain adds a finding for each package that no advisory of the report explains: it names no
// package, one that is not there, or only such ones.
func (n *npmAudit) explain() {
	there, users := map[string]bool{}, map[string][]string{}
	for name := range n.explained {
		there[name] = true
	}
	for _, a := range n.affected {
		there[a.name] = true
		for _, name := range a.via {
			users[name] = append(users[name], a.name)
		}
	}
	var next []string
	for name := range n.explained {
		next = append(next, name)
	}
	reached := map[string]bool{}
	for len(next) > 0 {
		name := next[len(next)-1]
		next = next[:len(next)-1]
		if !reached[name] {
			reached[name] = true
			next = append(next, users[name]...)
		}
	}
	for _, a := range n.affected {
		missing := slices.ContainsFunc(a.via, func(name string) bool { return !there[name] })
		if missing || !reached[a.name] {
			n.findings.addCompact(a.finding)
		}
	}
	n.affected = nil
}

// counts reads how many vulnerabilities npm counts. It accepts any type.
func (n *npmAudit) counts() error {
	place := n.doc.location()
	return n.doc.either(func(string) error {
		text, err := n.doc.scalar()
		if countIn(text) > 0 {
			n.countedAt = place
		}
		return err
	}, n.doc.skip)
}
