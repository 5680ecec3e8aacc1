package ingest

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/visible"
	"gatecrier/models"
)

// maxName is the longest name of a branch, a scanner or a source, in characters.
const maxName = 255

// Destination is where a report belongs. An import replaces the previous one of the same
// product, branch and source: scanner and source name.
type Destination struct {
	ProductID int64
	Branch    string // "" = the default branch
	Scanner   string // "" = the tool's name in the report
	Source    string // "" = what the report is of
	AsDefault bool   // make Branch the default branch; possible until that has its first report
	Format    string // FormatGeneric, or "" or "auto" for what the report's content shows
	// Clean says that the scan ran and found nothing, where the report does not say so itself.
	Clean bool
	// Once, if set, is called with the results in the transaction of an import of reports. Its
	// error undoes the import.
	Once func(tx *models.Tx, results []Result) error
}

// authorize trims and checks the names of a destination, after the right to import into
// its product.
func (s *Service) authorize(ctx context.Context, actor authz.Actor, dest *Destination) error {
	if err := s.May(ctx, actor, dest.ProductID); err != nil {
		return err
	}
	var fieldErrs fault.Fields
	dest.Branch = strings.TrimSpace(dest.Branch)
	dest.Scanner = strings.TrimSpace(dest.Scanner)
	dest.Source = strings.TrimSpace(dest.Source)
	names := []struct{ field, value string }{
		{"branch", dest.Branch}, {"scanner", dest.Scanner}, {"source", dest.Source},
	}
	for _, n := range names {
		if why := checkName(n.value); why != "" {
			fieldErrs.Add(n.field, why)
		}
	}
	if isManual(dest.Scanner) {
		fieldErrs.Add("scanner", "“manual” is for observations that users enter")
	}
	if !slices.Contains([]string{"", "auto", FormatGeneric}, dest.Format) {
		fieldErrs.Add("format", "Leave it out, or send auto or generic: other formats are recognized by their content")
	}
	if dest.AsDefault && dest.Branch == "" {
		fieldErrs.Add("branch", "Name the branch that is to be the default")
	}
	return fieldErrs.Err()
}

// isManual reports whether a scanner has the name of the one of observations that users enter.
func isManual(scanner string) bool { return strings.EqualFold(scanner, models.ManualScanner) }

// checkName returns what is wrong with a name, "" for nothing.
func checkName(name string) string {
	switch {
	case !utf8.ValidString(name):
		return "Must be UTF-8"
	case utf8.RuneCountInString(name) > maxName:
		return "At most 255 characters"
	}
	return visible.Problem(name)
}
