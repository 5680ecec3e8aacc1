package api

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"gatecrier/app/fault"
)

// invalidFields is the detail of each 422, as fault.BadField has it.
const invalidFields = "Some fields are invalid"

// The beginnings of huma's messages that are completed with the name of the field.
const (
	unknownField = "unknown field"
	missingField = "requires "
)

// useTexts replaces the messages of huma's validation. Those that begin with "must" are completed
// with the name of the field.
func useTexts() {
	validation.MsgUnexpectedProperty = unknownField
	validation.MsgExpectedRequiredProperty = missingField + "%s"
	validation.MsgExpectedRFC3339DateTime = "must be a time such as 2031-05-06T07:08:09Z"
	validation.MsgExpectedBoolean = "must be true or false"
	validation.MsgExpectedNumber = "must be a number"
	validation.MsgExpectedInteger = "must be a whole number"
	validation.MsgExpectedString = "must be a text"
	validation.MsgExpectedArray = "must be a list"
	validation.MsgExpectedObject = "must be an object"
	validation.MsgExpectedOneOf = "must be one of %s"
	validation.MsgExpectedMinimumNumber = "must be at least %v"
	validation.MsgExpectedMaximumNumber = "must be at most %v"
	validation.MsgExpectedMinLength = "must have at least %d characters"
	validation.MsgExpectedMaxLength = "must have at most %d characters"
	validation.MsgExpectedMinItems = "must have at least %d items"
	validation.MsgExpectedMaxItems = "must have at most %d items"
}

// parsed are the messages of huma's parser of parameters.
var parsed = map[string]string{
	"invalid integer":        "must be a whole number",
	"invalid float":          "must be a number",
	"invalid floating value": "must be a number",
	"invalid boolean":        "must be true or false",
}

// wrongType finds the field in the message of a value that does not fit its type.
var wrongType = regexp.MustCompile(`Go struct field [^ .]*\.([^ ]+) of type`)

// fieldOf turns an error of huma into one of a field. It quotes no value: values can be secrets.
func fieldOf(status int, err error) fault.Field {
	d, ok := err.(huma.ErrorDetailer)
	if !ok {
		return bodyField(status, err.Error())
	}
	detail := d.ErrorDetail()
	name, message := fieldName(detail.Location), detail.Message
	if text, ok := parsed[message]; ok {
		message = text
	}
	missing, isMissing := strings.CutPrefix(message, missingField)
	switch {
	case isMissing:
		name = strings.TrimPrefix(strings.TrimPrefix(name, "body")+"."+missing, ".")
		message = name + " is required"
	case message == unknownField:
		message = fmt.Sprintf("%s %q", unknownField, name)
	case strings.HasPrefix(message, "required "): // a parameter
		message = name + " is required"
	case strings.HasPrefix(message, "invalid date/time"):
		message = name + " " + validation.MsgExpectedRFC3339DateTime
	case name == "body" && strings.HasPrefix(message, "must "):
		message = "The body " + message
	case strings.HasPrefix(message, "must "):
		message = name + " " + message
	default:
		return bodyField(status, message)
	}
	return fault.Field{Name: name, Message: message}
}

// bodyField returns the error of a body that cannot be decoded. The decoder's message can quote it.
func bodyField(status int, message string) fault.Field {
	found := wrongType.FindStringSubmatch(message)
	switch {
	case found != nil:
		return fault.Field{Name: found[1], Message: found[1] + " has a value of another type"}
	case status == http.StatusUnsupportedMediaType:
		return fault.Field{Name: "body", Message: "Send the body as application/json"}
	case status == http.StatusBadRequest:
		return fault.Field{Name: "body", Message: "The body must be valid JSON"}
	}
	return fault.Field{Name: "body", Message: "The body has a value of another type"}
}

// detailOf returns the sentence of a problem that huma begins.
func detailOf(status int, message string) string {
	switch {
	case status == http.StatusUnprocessableEntity:
		return invalidFields
	case status == http.StatusRequestEntityTooLarge:
		return "The body is too large: send at most 1 MiB"
	case status == http.StatusRequestTimeout:
		return "The body did not arrive in time"
	case status == http.StatusUnsupportedMediaType:
		return "The body has a media type that is not read"
	case message == "request body is required":
		return "The body is missing: send one as application/json"
	case message == "validation failed":
		return "The body cannot be read"
	}
	return message
}
