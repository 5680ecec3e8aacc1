package ingest

import (
	"strings"

	cvss20 "github.com/pandatix/go-cvss/20"
	cvss30 "github.com/pandatix/go-cvss/30"
	cvss31 "github.com/pandatix/go-cvss/31"
	cvss40 "github.com/pandatix/go-cvss/40"
)

// cvssScore returns the score of a CVSS vector: the base score of versions 2, 3.0 and 3.1, the score
// of version 4.0. The metrics can come in any order, and the prefix can lack. ok is false if the
// text is no vector.
func cvssScore(vector string) (score float64, ok bool) {
	vector = strings.Trim(strings.TrimSpace(vector), "()/")
	version := ""
	if prefix, rest, cut := strings.Cut(vector, "/"); cut && len(prefix) > 5 && strings.EqualFold(prefix[:5], "CVSS:") {
		version, vector = prefix[5:], rest
	}
	m := metricsOf(vector)
	if version == "" {
		version = m.version()
	}
	switch version {
	case "2.0", "2":
		if v, err := cvss20.ParseVector(m.vector("", "AV", "AC", "Au", "C", "I", "A")); err == nil {
			return v.BaseScore(), true
		}
	case "3.0", "3":
		if v, err := cvss30.ParseVector(m.vector("CVSS:3.0/", baseMetrics3...)); err == nil {
			return v.BaseScore(), true
		}
	case "3.1":
		if v, err := cvss31.ParseVector(m.vector("CVSS:3.1/", baseMetrics3...)); err == nil {
			return v.BaseScore(), true
		}
	case "4.0", "4":
		if v, err := cvss40.ParseVector(m.vector("CVSS:4.0/", metrics4...)); err == nil {
			return v.Score(), true
		}
	}
	return 0, false
}

var (
	baseMetrics3 = []string{"AV", "AC", "PR", "UI", "S", "C", "I", "A"}

	metrics4 = []string{
		"AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA", "E", "CR", "IR", "AR",
		"MAV", "MAC", "MAT", "MPR", "MUI", "MVC", "MVI", "MVA", "MSC", "MSI", "MSA",
	}
)

// metrics are the values of a vector by the names of their metrics, both in upper case.
type metrics map[string]string

// metricsOf returns the metrics of a vector, none if one is given twice.
func metricsOf(vector string) metrics {
	m := metrics{}
	for _, part := range strings.Split(vector, "/") {
		name, value, _ := strings.Cut(part, ":")
		name = strings.ToUpper(name)
		if _, twice := m[name]; twice || len(m) == 64 {
			return nil
		}
		m[name] = value
	}
	return m
}

// version returns the version whose metrics these are, without a prefix that names it.
func (m metrics) version() string {
	switch {
	case m["VC"] != "":
		return "4.0"
	case m["PR"] != "":
		return "3.1"
	case m["AU"] != "":
		return "2.0"
	}
	return ""
}

// vector returns the vector of those metrics that are given, in their order.
func (m metrics) vector(prefix string, names ...string) string {
	var parts []string
	for _, name := range names {
		if value, ok := m[strings.ToUpper(name)]; ok {
			parts = append(parts, name+":"+strings.ToUpper(value))
		}
	}
	return prefix + strings.Join(parts, "/")
}
