package models

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"gatecrier/app/scrub"
)

// Details is what a report knows of an observation beyond its main texts. The zero value is
// nothing.
type Details struct {
	Aliases    []string `json:"aliases,omitempty"`     // other IDs of the vulnerability: CVE, GHSA, OSV ...
	Score      float64  `json:"cvss_score,omitempty"`  // of CVSS, 0 to 10
	Vector     string   `json:"cvss_vector,omitempty"` // of CVSS, such as CVSS:3.1/AV:N/...
	EPSS       float64  `json:"epss,omitempty"`        // the probability that it is exploited, 0 to 1
	Percentile float64  `json:"epss_percentile,omitempty"`
	CWEs       []string `json:"cwes,omitempty"` // such as CWE-79
	References []string `json:"references,omitempty"`
	PURL       string   `json:"purl,omitempty"`      // of the component
	Locations  []string `json:"locations,omitempty"` // others than the first
	Rule       string   `json:"rule,omitempty"`      // the rule's name or ID, where the title has another
	Kind       string   `json:"kind,omitempty"`      // license, secret ...; "" = as the title says
	Markdown   bool     `json:"markdown,omitempty"`  // the description is markdown
}

// EncodedDetails is a Details as JSON, "" for the zero value. Equal details have equal texts.
type EncodedDetails string

// The longest stored lists and texts of details.
const (
	maxDetailsList = 20
	maxDetailsText = 300 // bytes
	maxDetailsID   = 100
	maxDetails     = 40_000
)

// Encode returns the details as JSON of at most 40,000 bytes. It cuts long lists and leaves out
// texts that are too long.
func (d Details) Encode() EncodedDetails {
	d.Aliases, d.CWEs = cutList(d.Aliases, maxDetailsID), cutList(d.CWEs, maxDetailsID)
	d.References = cutList(scrubLinks(d.References), maxDetailsText)
	d.Locations = cutList(scrubLinks(d.Locations), maxDetailsText)
	for _, text := range []*string{&d.Vector, &d.PURL, &d.Rule, &d.Kind} {
		*text = cutText(*text, maxDetailsText)
	}
	text := marshalDetails(d)
	if len(text) > maxDetails { // escaped characters
		d.References, d.Locations = nil, nil
		text = marshalDetails(d)
	}
	return text
}

// scrubLinks returns a list with the secrets of its URLs hidden: user names with passwords, and parameters. The
// list itself stays as it is.
func scrubLinks(list []string) []string {
	for i, text := range list {
		if !strings.Contains(text, "://") {
			continue
		}
		if hidden := scrub.Text(text); hidden != text {
			list = slices.Clone(list)
			list[i] = hidden
		}
	}
	return list
}

func marshalDetails(d Details) EncodedDetails {
	text, err := json.Marshal(d)
	if err != nil || string(text) == "{}" { // a number that is no JSON
		return ""
	}
	return EncodedDetails(text)
}

// Decode returns the details, the zero value if e is none.
func (e EncodedDetails) Decode() Details {
	var d Details
	if e == "" {
		return d
	}
	if err := json.Unmarshal([]byte(e), &d); err != nil {
		return Details{}
	}
	return d
}

// cutList returns the texts of a list that are not empty nor longer than limit bytes, each once.
func cutList(list []string, limit int) []string {
	var kept []string
	seen := map[string]bool{}
	for _, text := range list {
		text = cutText(text, limit)
		if text == "" || seen[text] || len(kept) == maxDetailsList {
			continue
		}
		seen[text] = true
		kept = append(kept, text)
	}
	return kept
}

// cutText returns a text without NUL, which PostgreSQL does not store, and "" for one that is
// longer than limit bytes.
func cutText(text string, limit int) string {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\x00", ""))
	if len(text) > limit {
		return ""
	}
	return text
}

// WeaknessID returns the identifier of a weakness, such as CWE-79, from a text like it, in any
// case, or from its number alone; ok is false for any other text.
func WeaknessID(text string) (id string, ok bool) {
	text = strings.TrimSpace(text)
	if prefix := "CWE-"; len(text) > len(prefix) && strings.EqualFold(text[:len(prefix)], prefix) {
		text = text[len(prefix):]
	}
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil || n == 0 {
		return "", false
	}
	return "CWE-" + strconv.FormatUint(n, 10), true
}
