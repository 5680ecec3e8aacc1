package settings

import (
	"maps"
	"slices"
	"strings"

	"gatecrier/app/fault"
)

// forgetSecrets removes from next the stored secrets that would be sent to another server, unless
// patch enters them again. It returns the servers that they were stored for, by their names.
func (s Section) forgetSecrets(before, next, patch map[string]any) map[string]string {
	forgotten := map[string]string{}
	for _, f := range s.Fields {
		if _, entered := patch[f.Name]; entered || f.sentTo == nil || s.value(next, f.Name) == "" {
			continue
		}
		was := f.sentTo(s.lookup(before))
		if was != f.sentTo(s.lookup(next)) {
			forgotten[f.Name] = was
			delete(next, f.Name)
		}
	}
	return forgotten
}

// sayForgotten adds an error for each forgotten secret that is needed, in place of that of an empty
// field. It returns warnings about the others.
func (s Section) sayForgotten(
	forgotten map[string]string, next lookup, fieldErrs *fault.Fields,
) (warnings []string) {
	for _, name := range slices.Sorted(maps.Keys(forgotten)) {
		f, _ := s.Field(name)
		again := "Enter the " + strings.ToLower(f.Label) + " again: it was stored for " + forgotten[name]
		at := slices.IndexFunc(*fieldErrs, func(e fault.Field) bool { return e.Name == name })
		switch {
		case at >= 0:
			(*fieldErrs)[at].Message = again
		case f.needed != nil && f.needed(next):
			fieldErrs.Add(name, again)
		default:
			warnings = append(warnings, name+": deleted, because it was stored for "+forgotten[name])
		}
	}
	return warnings
}
