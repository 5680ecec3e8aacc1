package admin

import (
	"cmp"
	"strings"

	"gatecrier/app/audit"
	"gatecrier/models"
)

// fieldWords writes the names of other fields as words.
var fieldWords = strings.NewReplacer("_", " ", ".", " ")

// fieldNames has the names of those fields of products, groups, members and tokens that need an explanation.
var fieldNames = map[string]string{
	"gate_mode":       "security gate",
	"only_fixable":    "only observations with a fix count",
	"kev_as_critical": "known exploited count as critical",
	"hold_seconds":    "hold time (seconds)",
	"stale_after":     "stale after (seconds)",
	"ends_in":         "last characters",
	"hint":            "last characters",
	"manager":         "manages the group",
	"member":          "is a member",
	"of":              "scope",
	"ended_by":        "ended early by",
}

// auditName names a field of a change: a setting has the label of its page.
func (a *Admin) auditName(r models.Audit, name string) string {
	if r.Kind == string(audit.Settings) {
		for _, s := range a.Settings.Sections() {
			if f, ok := s.Field(name); ok && s.Name == r.Name {
				return f.Label
			}
		}
	}
	return cmp.Or(fieldNames[name], fieldWords.Replace(name))
}

// auditValue writes the value of a field for users.
func auditValue(text string) string {
	switch text {
	case "true":
		return "yes"
	case "false":
		return "no"
	}
	return text
}
