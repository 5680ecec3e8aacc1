package visible

import (
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Name returns a name that a user entered as it is stored: in Unicode's composed form (NFC), without space
// around it. Two names that look the same because they differ only in their form become one.
//
// Names that reports and repositories identify things by (branches, scanners, sources) are not for it: Git
// and file systems have names that differ only in their form.
func Name(text string) string { return strings.TrimSpace(norm.NFC.String(text)) }

// Forms returns the forms in which a name can be stored, the best match first: as it is, composed as Name does
// it, and decomposed, as versions without Name stored it.
func Forms(name string) []string {
	forms := []string{name}
	for _, form := range []norm.Form{norm.NFC, norm.NFD} {
		if other := form.String(name); !slices.Contains(forms, other) {
			forms = append(forms, other)
		}
	}
	return forms
}
