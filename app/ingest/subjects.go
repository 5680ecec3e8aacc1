package ingest

import (
	"slices"
	"strings"
)

// subjects are what a report is of, such as hosts, if it is of several.
type subjects struct{ names []string }

// maxSubjects bounds the names: the first ones in alphabetical order.
const maxSubjects = 20

// add adds a name, unless it is empty.
func (s *subjects) add(name string) {
	name = strings.TrimSpace(name)
	at, found := slices.BinarySearch(s.names, name)
	if name == "" || found || at == maxSubjects {
		return
	}
	s.names = slices.Insert(s.names, at, name)
	s.names = s.names[:min(len(s.names), maxSubjects)]
}

// text returns the names, in an order that does not depend on that of the report.
func (s *subjects) text() string { return strings.Join(s.names, ", ") }
