package admin

import (
	"errors"

	"gatecrier/app/fault"
)

// fieldErrors are an error's messages by field; nil where it is not about
// fields.
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

// textOf is an error's text for the user.
func textOf(err error) string {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.Text
	}
	return ""
}

// formErrors are what is wrong with a form: by field, or, where somebody or
// something else is in the way, as a whole.
func formErrors(err error) map[string]string {
	if fault.Is(err, fault.Conflict) || fault.Is(err, fault.TooMany) {
		return map[string]string{"": textOf(err)}
	}
	return fieldErrors(err)
}

// firstText is what is wrong, for a page without the field that it is about.
func firstText(err error) string {
	for _, f := range fault.FieldsOf(err) {
		return f.Message
	}
	return textOf(err)
}

// isFormError reports whether err is shown on the form again: a field is invalid, or something has
// changed meanwhile.
func isFormError(err error) bool {
	return fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict)
}
