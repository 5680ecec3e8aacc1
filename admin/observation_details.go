package admin

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"gatecrier/app/markdown"
	"gatecrier/models"
	"gatecrier/templates/page"
)

// observationDetails returns what the report of an observation knows, as its page shows it.
func observationDetails(o models.Observation) page.ObservationDetails {
	d := o.Details.Decode()
	v := page.ObservationDetails{
		CVSS:       cvssVersion(d.Vector),
		Vector:     d.Vector,
		Aliases:    d.Aliases,
		PURL:       d.PURL,
		Locations:  d.Locations,
		References: d.References,
		Rule:       d.Rule,
		Kind:       d.Kind,
	}
	if strings.ContainsFunc(d.Rule, unicode.IsSpace) { // words, not an ID
		v.Name, v.Rule = d.Rule, ""
	}
	if d.Markdown {
		v.HTML, _ = markdown.HTML(o.Description)
	}
	if d.Score > 0 {
		v.Score = strconv.FormatFloat(d.Score, 'f', 1, 64)
	}
	if d.EPSS > 0 || d.Percentile > 0 {
		v.EPSS = percent(d.EPSS)
	}
	if d.Percentile > 0 {
		v.Percentile = percent(d.Percentile)
	}
	for _, id := range d.CWEs {
		w := page.Weakness{ID: id}
		if number, ok := strings.CutPrefix(id, "CWE-"); ok && isNumber(number) {
			w.URL = "https://cwe.mitre.org/data/definitions/" + number + ".html"
		}
		v.CWEs = append(v.CWEs, w)
	}
	return v
}

func isNumber(text string) bool {
	_, err := strconv.ParseUint(text, 10, 31)
	return err == nil
}

// cvssVersion returns the version of CVSS that a vector is of, "" for none. Vectors of version 2
// do not name it.
func cvssVersion(vector string) string {
	if rest, ok := strings.CutPrefix(vector, "CVSS:"); ok {
		version, _, _ := strings.Cut(rest, "/")
		return version
	}
	if strings.HasPrefix(strings.TrimPrefix(vector, "("), "AV:") {
		return "2.0"
	}
	return ""
}

// percent returns a share from 0 to 1 with what distinguishes small ones: "93.7%", "0.04%".
func percent(share float64) string {
	n := 100 * share
	switch {
	case n > 0 && n < 0.01:
		return "< 0.01%"
	case n > 0 && n < 1:
		return strconv.FormatFloat(n, 'f', 2, 64) + "%"
	}
	return strings.TrimSuffix(strconv.FormatFloat(n, 'f', 1, 64), ".0") + "%"
}

// descriptionLine returns the description as a single line of text.
func descriptionLine(o models.Observation) string {
	if o.Details.Decode().Markdown {
		return markdown.Text(o.Description)
	}
	return o.Description
}

// movedTo returns the place or name that an observation has now, after it has moved from another
// one. The move notes what was before, not whether that was the location, the component or the
// title: it is the one most like it. renamed says that it is the title; "" = nothing is like it.
func movedTo(o models.Observation) (to string, renamed bool) {
	if slices.Contains(o.Details.Decode().Aliases, o.MovedFrom) {
		return o.Title, true
	}
	best := 0
	for _, text := range []string{o.Location, o.Component, o.Title} {
		if n := alike(o.MovedFrom, text); n > best && 3*n >= len(o.MovedFrom) {
			best, to = n, text
		}
	}
	return to, best > 0 && to == o.Title
}

// alike returns how many bytes two texts that differ have in common at their ends.
func alike(a, b string) int {
	if a == b {
		return 0
	}
	n, most := 0, min(len(a), len(b))
	for n < most && a[n] == b[n] {
		n++
	}
	for at := 1; n < most && a[len(a)-at] == b[len(b)-at]; at++ {
		n++
	}
	return n
}

// withMove adds the last move of an observation to a page of its history, newest first. newer and
// older are whether other pages hold newer and older rows; below is the first older row.
func withMove(rows []page.SaidRow, move page.SaidRow, newer bool, below *models.Assessment) []page.SaidRow {
	if below != nil && move.At.Before(below.At) || newer && len(rows) > 0 && !move.At.Before(rows[0].At) {
		return rows
	}
	at := slices.IndexFunc(rows, func(r page.SaidRow) bool { return !r.At.After(move.At) })
	if at < 0 {
		at = len(rows)
	}
	return slices.Insert(rows, at, move)
}
