package page

import (
	"strings"
	"time"

	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

// SourceRow is a source of reports, with what its last report adds.
type SourceRow struct {
	ID         int64
	Scanner    string
	Name       string // "" = unnamed
	Branch     string
	Format     string
	Subject    string // what the last report is of; "" = not known
	Reference  string // its tag or digest; "" = none
	LastReport time.Time
	Counts     ui.Counts
	Stale      bool // older than the time after which the product is stale
	Manual     bool // users enter its observations
}

// showsFormat reports whether the format says more than the scanner.
func (s SourceRow) showsFormat() bool { return !strings.EqualFold(s.Format, s.Scanner) }

// reference returns the tag, or the beginning of the digest.
func (s SourceRow) reference() string {
	const beginning = 12
	algorithm, hash, digest := strings.Cut(s.Reference, ":")
	if !digest || len(hash) <= beginning {
		return s.Reference
	}
	return algorithm + ":" + hash[:beginning] + "…"
}

// title returns the source for users of screen readers.
func (s SourceRow) title() string {
	if s.Name == "" {
		return s.Scanner
	}
	return s.Scanner + " (" + s.Name + ")"
}

func sourcePath(product, source int64, action string) string {
	return productPath(product) + "/sources/" + id(source) + "/" + action
}

// SourceRenameView is the form for another name of a source. It posts name to Action.
type SourceRenameView struct {
	Frame   layout.View
	Crumbs  []ui.Crumb
	Title   string
	Action  string
	Cancel  string
	Name    string
	Error   string   // of the name
	Problem string   // why it was not done; "" = nothing
	Effects []string // what a new name means, a sentence each
}
