package ingest

import (
	"strconv"
	"strings"

	"gatecrier/models"
)

// rating is a CVSS rating of a vulnerability.
type rating struct {
	version float64 // of CVSS, such as 3.1
	score   float64 // 0 to 10
	vector  string
}

// ratingOf returns the rating with a score, which the vector gives if s is none. The vector also
// gives the version if that is 0.
func ratingOf(version float64, s score, vector string) rating {
	r := rating{version: version, vector: strings.TrimSpace(vector)}
	if s.given && s.value <= 10 {
		r.score = s.value
	}
	if r.score == 0 && r.vector != "" {
		r.score, _ = cvssScore(r.vector)
	}
	if r.version == 0 {
		r.version = vectorVersion(r.vector)
	}
	return r
}

// vectorVersion returns the version of CVSS that a vector starts with, 2 if with none.
func vectorVersion(vector string) float64 {
	prefix, _, _ := strings.Cut(vector, "/")
	if name, number, _ := strings.Cut(prefix, ":"); strings.EqualFold(name, "CVSS") {
		if version, err := strconv.ParseFloat(number, 64); err == nil {
			return version
		}
	}
	return 2
}

// given reports whether the rating has a score or a vector.
func (r rating) given() bool { return r.score > 0 || r.vector != "" }

// highestRating returns the rating with the highest score, the first of equal ones.
func highestRating(list ...rating) (best rating) {
	for _, r := range list {
		if r.given() && (!best.given() || r.score > best.score) {
			best = r
		}
	}
	return best
}

// newestRating returns the highest rating of the newest version of CVSS.
func newestRating(list []rating) (best rating) {
	for _, r := range list {
		newer := r.version > best.version || r.version == best.version && r.score > best.score
		if r.given() && (!best.given() || newer) {
			best = r
		}
	}
	return best
}

// addTo adds the rating to the details of a finding.
func (r rating) addTo(d *models.Details) { d.Score, d.Vector = r.score, r.vector }
