package vex

import (
	"fmt"
	"slices"
	"strings"

	"gatecrier/models"
)

// Matcher finds what the statements of a product's documents say of its observations. A nil Matcher
// has no statements.
type Matcher struct {
	product string
	rules   map[string][]*Rule // by vulnerability in upper case
}

// Rule is a statement of a document.
type Rule struct {
	Statement
	ID       int64
	Document int64
	branch   int64 // 0 = all
	products []product
	names    map[string]bool // in upper case
}

// Place is where an observation is.
type Place struct {
	Branch    int64
	Source    string // the name of its source, which can be what was scanned
	Subject   string // what was scanned, "" = not known
	Reference string // the tag or digest of the scanned artifact, "" = not known
	// Digests are those of the image that was scanned; nil = not known, but for the reference.
	Digests []string
}

// PlaceOf returns the place of the observations of a source of a branch.
func PlaceOf(branch int64, source string, facts models.SourceFacts) Place {
	return Place{
		Branch: branch, Source: strings.TrimSuffix(source, imageMark), Subject: strings.TrimSuffix(facts.Subject, imageMark),
		Reference: facts.Reference(), Digests: facts.Digests,
	}
}

// imageMark follows the name of an image in the subjects of Trivy's reports.
const imageMark = " (container image)"

// Thing is what a matcher knows of an observation.
type Thing struct {
	Title     string
	Component string // name and version
	Details   models.EncodedDetails
}

// NewMatcher returns a matcher of the statements of a product, nil for none.
func NewMatcher(product string, rows []models.VEXStatement) (*Matcher, error) {
	if len(rows) == 0 {
		return nil, nil //nolint:nilnil // a nil *Matcher works
	}
	m := &Matcher{product: product, rules: map[string][]*Rule{}}
	for _, row := range rows {
		s, err := statementOf(row)
		if err != nil {
			return nil, fmt.Errorf("decode VEX statement %d: %w", row.ID, err)
		}
		r := &Rule{Statement: s, ID: row.ID, Document: row.DocumentID, branch: row.BranchID, names: map[string]bool{}}
		for _, p := range s.Products {
			r.products = append(r.products, parseProduct(p))
		}
		for _, name := range s.Vulnerability {
			if name = upper(name); name != "" && !r.names[name] {
				r.names[name] = true
				m.rules[name] = append(m.rules[name], r)
			}
		}
	}
	return m, nil
}

func upper(name string) string { return strings.ToUpper(strings.TrimSpace(name)) }

// Match returns what the statements say of an observation: of those about it, the latest counts. Of
// several at the same time it is one that leaves the observation active. about is called, if it is
// not nil, with each statement about the observation.
func (m *Matcher) Match(place Place, o Thing, about func(r *Rule)) models.VEX {
	if m == nil {
		return models.VEX{}
	}
	var best *Rule
	m.each(place, o, func(r *Rule) {
		if about != nil {
			about(r)
		}
		if best == nil || r.beats(best) {
			best = r
		}
	})
	if best == nil {
		return models.VEX{}
	}
	return models.VEX{Status: best.Status, Justification: best.Reason(), DocumentID: best.Document}
}

// beats reports whether a statement counts rather than another one about the same observation.
func (r *Rule) beats(other *Rule) bool {
	switch {
	case !r.At.Equal(other.At):
		return r.At.After(other.At)
	case r.Status.Active() != other.Status.Active():
		return r.Status.Active()
	}
	return r.ID > other.ID
}

// aliasesMark begins details that have aliases.
const aliasesMark = `{"aliases":`

// each calls fn with each statement about an observation, once.
func (m *Matcher) each(place Place, o Thing, fn func(r *Rule)) {
	title := upper(o.Title)
	if len(m.rules[title]) == 0 && !strings.HasPrefix(string(o.Details), aliasesMark) {
		return
	}
	details := o.Details.Decode()
	names := []string{title}
	rules := slices.Clip(m.rules[title])
	for _, alias := range details.Aliases {
		if alias = upper(alias); !slices.Contains(names, alias) {
			names = append(names, alias)
			rules = append(rules, m.rules[alias]...)
		}
	}
	if len(rules) == 0 {
		return
	}
	found := parseFound(o.Component, details.PURL)
	seen := map[*Rule]bool{}
	for _, r := range rules {
		if seen[r] {
			continue
		}
		seen[r] = true
		if (r.branch == 0 || r.branch == place.Branch) && r.isAbout(names) && r.covers(m.product, place, found) {
			fn(r)
		}
	}
}

// isAbout reports whether a statement is about the vulnerability of an observation, whose names
// share one with it. An advisory with several CVEs is another vulnerability than one of them.
func (r *Rule) isAbout(names []string) bool {
	if names[0] == upper(r.Vulnerability[0]) {
		return true
	}
	for _, name := range names {
		if strings.HasPrefix(name, "CVE-") && !r.names[name] {
			return false
		}
	}
	return true
}

// covers reports whether one of the statement's products is the component of an observation, or has
// it as a part.
func (r *Rule) covers(productName string, place Place, found found) bool {
	for i := range r.products {
		p := &r.products[i]
		if !p.isOfArchitecture(found) || !p.allows(place) {
			continue
		}
		if len(p.parts) == 0 {
			if p.isComponent(found) || p.isWhole(productName, place) {
				return true
			}
			continue
		}
		whole := p.isWhole(productName, place)
		for j := range p.parts {
			part := &p.parts[j]
			if (whole || p.isSystem() && part.isExactPackage()) && part.isOfArchitecture(found) && part.isComponent(found) {
				return true
			}
		}
	}
	return false
}
