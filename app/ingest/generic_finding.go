package ingest

import (
	"slices"
	"strings"

	"gatecrier/models"
)

// genericFinding is a finding as docs/api.md describes it.
type genericFinding struct {
	Title        string
	IDs          []string
	Severity     string
	Description  string // markdown
	Component    string
	PURL         string
	Location     string
	Fix          string
	FixAvailable *bool
	URL          string
	References   []string
	CWEs         []string
	Score        float64
	Vector       string
	EPSS         float64
	KEV          bool
	Fingerprint  string
}

// genericKeys are the keys of a finding.
var genericKeys = []string{
	"title", "ids", "severity", "description", "component", "purl", "location", "fix", "fix_available", "url",
	"references", "cwes", "cvss_score", "cvss_vector", "epss", "kev", "fingerprint",
}

// value returns where the value of one of genericKeys is kept.
func (v *genericFinding) value(key string) any {
	return []any{
		&v.Title, &v.IDs, &v.Severity, &v.Description, &v.Component, &v.PURL, &v.Location, &v.Fix, &v.FixAvailable, &v.URL,
		&v.References, &v.CWEs, &v.Score, &v.Vector, &v.EPSS, &v.KEV, &v.Fingerprint,
	}[slices.Index(genericKeys, key)]
}

// keySet are the keys of an object that have been read, one bit for each.
type keySet uint32

// check refuses a key that is not one of those that the object can have, and one that is given twice.
func (s *keySet) check(key string, keys []string, d *document, of string) error {
	n := slices.Index(keys, key)
	if n < 0 {
		why := "the key is unknown. " + of + " has " + strings.Join(keys[:len(keys)-1], ", ") + " and " + keys[len(keys)-1]
		if n := slices.IndexFunc(keys, func(k string) bool { return strings.EqualFold(k, key) }); n >= 0 {
			why = "the key is unknown: write " + keys[n]
		}
		return &refusal{d.location(), why}
	}
	if *s&(1<<n) != 0 {
		return &refusal{d.location(), "the key is given twice. Give it once, since it is not known which value counts"}
	}
	*s |= 1 << n
	return nil
}

// check refuses a finding whose values say nothing, or contradict each other.
func (v *genericFinding) check(place string) error {
	title, _ := v.names()
	switch {
	case severityOf(v.Severity) == models.Unknown && !strings.EqualFold(strings.TrimSpace(v.Severity), "unknown"):
		return &refusal{place + ".severity", "the severity must be critical, high, medium, low, none or unknown"}
	case title == "":
		return &refusal{place + ".title", "a finding needs a title, or ids"}
	case v.Score < 0 || v.Score > 10:
		return &refusal{place + ".cvss_score", "the score is from 0 to 10"}
	case v.EPSS < 0 || v.EPSS > 1:
		return &refusal{place + ".epss", "the probability is from 0 to 1"}
	case v.saysUnfixed() && strings.TrimSpace(v.Fix) != "":
		return &refusal{
			place + ".fix_available", "the finding has a fix, and says that there is none. Remove fix_available or fix",
		}
	}
	return nil
}

func (v *genericFinding) saysUnfixed() bool { return v.FixAvailable != nil && !*v.FixAvailable }

// ofPackage reports whether the finding is of a package. Others, such as code or a secret, need no
// fixed version.
func (v *genericFinding) ofPackage() bool { return strings.TrimSpace(v.Component+v.PURL) != "" }

func (v *genericFinding) unfixed() bool { return v.saysUnfixed() && v.ofPackage() }

// names returns the title, else the CVE, else the first ID; and the IDs that are not the title.
func (v *genericFinding) names() (title string, aliases []string) {
	title = strings.TrimSpace(v.Title)
	for _, id := range v.IDs {
		if title == "" && strings.HasPrefix(strings.ToUpper(id), "CVE-") {
			title = id
		}
	}
	if title == "" && len(v.IDs) > 0 {
		title = v.IDs[0]
	}
	for _, id := range v.IDs {
		if id != title {
			aliases = append(aliases, id)
		}
	}
	return title, aliases
}

// isVulnerability reports whether an ID names a vulnerability: one of a known database or, of a
// package, any that is not of a weakness. Elsewhere, other IDs can be those of rules.
func (v *genericFinding) isVulnerability() bool {
	return slices.ContainsFunc(v.IDs, func(id string) bool {
		id = strings.TrimSpace(id)
		return vulnerabilityID.MatchString(id) || v.ofPackage() && id != "" && !sharedID.MatchString(id)
	})
}

func (v *genericFinding) identity() digest {
	name := strings.Join(v.IDs, "\x00")
	place, mark := filePlace(v.Location)
	return digestOf(
		first(name, v.Title), first(v.PURL, v.Component), place+mark, v.Fingerprint, v.Title, v.Description,
	)
}

// matchKey comes from the names, the component and the place without a line, or from the fingerprint.
// What has no vulnerability's ID can have a description that distinguishes it from others of its name.
func (v *genericFinding) matchKey() matchKey {
	title, _ := v.names()
	component := packageURL(first(v.PURL, v.Component))
	place, mark := filePlace(v.Location)
	parts := []string{title, component, place}
	vulnerability := v.isVulnerability()
	if !vulnerability && v.Description != "" {
		line, _, _ := strings.Cut(strings.TrimPrefix(mark, ":"), ":")
		parts = append(parts, withoutPlaces(v.Description, lineIn(":"+line)))
	}
	key := matchKey{stable: digestOf(parts...).short()}
	if v.Fingerprint != "" {
		key.print = digestOf("print", title, v.Fingerprint).short()
	}
	if vulnerability && component != "" {
		key.component = digestOf("component", component, place).short()
	}
	return key
}
