package product

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"gatecrier/app/connection"
	"gatecrier/app/fault"
	"gatecrier/app/visible"
	"gatecrier/models"
)

// Draft describes a product that an actor wants to create.
type Draft struct {
	Name, Description, DefaultBranch string
	GateMode                         models.GateMode
	Thresholds                       models.Thresholds
	Counting                         models.Counting
	HoldSeconds, StaleAfter          *int64 // nil: the settings decide
	Targets                          connection.FieldsChange
	GroupID                          int64        // 0 for none
	Unread                           fault.Fields // of a form: fields with texts that are no values
}

func (d *Draft) trim() {
	d.Name = visible.Name(d.Name)
	d.Description = strings.TrimSpace(d.Description)
	d.DefaultBranch = strings.TrimSpace(d.DefaultBranch)
	if d.DefaultBranch == "" {
		d.DefaultBranch = DefaultBranch
	}
	if d.GateMode == "" {
		d.GateMode = models.GateStandard
	}
}

// check returns the errors of all fields, also of those that a form could not read.
func (d Draft) check() error {
	fieldErrs := slices.Clone(d.Unread)
	for _, f := range []struct {
		name, value string
		min, max    int
	}{
		{"name", d.Name, 1, 255},
		{"description", d.Description, 0, 2000},
		{"default_branch", d.DefaultBranch, 1, 255},
	} {
		if reason := checkText(f.value, f.min, f.max, f.name == "description"); reason != "" {
			fieldErrs.Add(f.name, reason)
		}
	}
	if !d.GateMode.Valid() {
		fieldErrs.Add("gate_mode", "Choose standard, disabled or own")
	}
	for _, s := range models.Severities() {
		if t := d.Thresholds.Of(s); t != nil && (*t < 0 || *t > models.MaxThreshold) {
			fieldErrs.Add("thresholds."+s.String(), "Enter a number from 0 to "+strconv.Itoa(models.MaxThreshold))
		}
	}
	d.checkTimes(&fieldErrs)
	return fieldErrs.Err()
}

// checkText returns the reason why a text is not allowed, "" if it is. The lengths are in
// characters; with lines it can have several lines.
func checkText(text string, minLength, maxLength int, lines bool) string {
	control := func(r rune) bool {
		return unicode.IsControl(r) && (!lines || r != '\n' && r != '\r' && r != '\t')
	}
	switch n := utf8.RuneCountInString(text); {
	case n < minLength || n > maxLength:
		return strconv.Itoa(minLength) + " to " + strconv.Itoa(maxLength) + " characters"
	case !utf8.ValidString(text) || strings.ContainsFunc(text, control):
		return "No control characters"
	case !lines:
		return visible.Hidden(text)
	}
	return ""
}
