package observation

import (
	"fmt"
	"slices"
	"strings"

	"gatecrier/app/fault"
	"gatecrier/models"
)

const (
	maxNamed      = 3           // changes that a conflict names
	maxShown      = 80          // characters of a value that a conflict shows
	changedPrefix = "Changed: " // begins the comment of an edit in the history
)

// requireVersion returns a conflict if an observation has another version than the user saw, nil
// for any. The conflict names who has changed what since, with the current values.
func requireVersion(tx *models.Tx, o models.Observation, version *int64) error {
	if version == nil || *version == o.Version {
		return nil
	}
	changes, err := tx.Assessments(tx.Context(), o.ID, 0, 100) // newest first
	if err != nil {
		return err
	}
	changes = slices.DeleteFunc(changes, func(c models.Assessment) bool { return c.ID <= *version || c.Action.ByReport() })
	text := "This observation has another version"
	if len(changes) > 0 {
		text = "In the meantime, " + describeChanges(changes)
	}
	return &fault.Error{
		Kind:     fault.Conflict,
		Text:     text,
		Fields:   changedFields(changes, draftOf(o)),
		Outdated: true,
	}
}

// describeChanges describes changes, the oldest first: "ann changed title; bob assessed it".
func describeChanges(newestFirst []models.Assessment) string {
	var parts []string
	for _, c := range slices.Backward(newestFirst) {
		parts = append(parts, describeChange(c))
	}
	if more := len(parts) - maxNamed; more > 0 {
		parts = append(parts[:maxNamed], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(parts, "; ")
}

func describeChange(c models.Assessment) string {
	switch fields := editedFields(c); {
	case c.Action == models.ActionExpire:
		return "its waiver ended"
	case c.Action == models.ActionReopen:
		return "its original was resolved or deleted"
	case c.Action == models.ActionVEX:
		return "a VEX document assessed it"
	case c.Action == models.ActionMove:
		return "it moved in its report"
	case len(fields) > 0:
		return c.Actor + " changed " + strings.Join(fields, ", ")
	case c.Action == models.ActionClear:
		return c.Actor + " removed an assessment"
	case c.Action == models.ActionAssess && c.Status != c.WasStatus:
		return c.Actor + " assessed it as " + strings.ReplaceAll(string(c.Status), "_", " ")
	case c.Action == models.ActionAssess:
		return c.Actor + " assessed it"
	}
	return c.Actor + " changed it"
}

// changedFields returns the fields of changes, each with its author and its value in d.
func changedFields(newestFirst []models.Assessment, d Draft) fault.Fields {
	author := map[string]string{}
	for _, c := range slices.Backward(newestFirst) {
		for _, name := range editedFields(c) {
			author[name] = c.Actor
		}
		if c.Severity != c.WasSeverity {
			author["severity"] = c.Actor
		}
	}
	var list fault.Fields
	for _, f := range d.values() {
		if by, ok := author[f.name]; ok {
			list.Add(f.name, changedTo(by, f.value))
		}
	}
	return list
}

// changedTo says who has changed a field, and to what.
func changedTo(by, value string) string {
	if value == "" {
		return by + " cleared this"
	}
	if short := []rune(value); len(short) > maxShown {
		value = string(short[:maxShown]) + "…"
	}
	return by + " changed this to “" + value + "”"
}

// fieldValue is a field of a draft.
type fieldValue struct{ name, value string }

// values returns the fields of a draft that can be edited.
func (d Draft) values() []fieldValue {
	return []fieldValue{
		{"title", d.Title},
		{"severity", d.Severity.String()},
		{"component", d.Component},
		{"location", d.Location},
		{"fix", d.Fix},
		{"url", d.URL},
		{"description", d.Description},
	}
}

// changesOf returns the comment of an edit: the fields that it changes, "" for none.
func (d Draft) changesOf(was Draft) string {
	before := was.values()
	var names []string
	for i, f := range d.values() {
		if f != before[i] {
			names = append(names, f.name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return changedPrefix + strings.Join(names, ", ")
}

// editedFields returns the fields that an edit has changed.
func editedFields(c models.Assessment) []string {
	names, ok := strings.CutPrefix(c.Comment, changedPrefix)
	if c.Action != models.ActionEdit || !ok {
		return nil
	}
	return strings.Split(names, ", ")
}
