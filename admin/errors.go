package admin

import (
	"errors"

	"gatecrier/app/fault"
)

// fieldErrors returns an error's messages by field, or nil if it is not about fields.
func fieldErrors(err error) map[string]string {
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Invalid {
		return nil
	}
	messages := map[string]string{}
	for _, field := range f.Fields {
		messages[field.Name] = field.Message
	}
	return messages
}

// textOf returns an error's text for the user.
func textOf(err error) string {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.Text
	}
	return ""
}

// formErrors returns the errors of a form by field. A conflict or a limit is about the form as a
// whole, under "".
func formErrors(err error) map[string]string {
	if fault.Is(err, fault.Conflict) || fault.Is(err, fault.TooMany) {
		return map[string]string{"": textOf(err)}
	}
	return fieldErrors(err)
}

// firstText returns the first message of an error, for a page without the field that it is about.
func firstText(err error) string {
	for _, f := range fault.FieldsOf(err) {
		return f.Message
	}
	return textOf(err)
}

// isFormError reports whether the form shows err again: a field is invalid, or something has
// changed meanwhile.
func isFormError(err error) bool {
	return fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict)
}
