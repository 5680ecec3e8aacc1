// Package fault has errors with an audience: a kind that decides the status of the answer, a text
// for the user, errors of single fields, and a cause for the log only.
package fault

import (
	"errors"
	"strings"
	"time"
)

// Kind is the kind of an error, by who can do something about it.
type Kind int

// The kinds. The zero value is Internal, so that an unclassified error is never shown to a user.
const (
	Internal        Kind = iota // the fault of the program: 500, the cause goes to the log
	Invalid                     // the input: 422, with its fields
	Malformed                   // the request itself: 400
	Unauthenticated             // no user is signed in: 401
	Forbidden                   // signed in, not allowed: 403
	NotFound                    // does not exist, or is not visible to the actor: 404
	BadMethod                   // the path exists, but not for this method: 405
	Conflict                    // another change was faster: 409
	Precondition                // If-Match names another version: 412
	TooLarge                    // over a size limit: 413
	Unsupported                 // the encoding of a body: 415
	TooMany                     // too many requests: 429
	Unavailable                 // a later try can work: 503
)

// Field is the error of one field of the input, by its name in the API.
type Field struct {
	Name    string `json:"name"`
	Message string `json:"message"`
}

// Error is an error with a kind and a text for the user.
type Error struct {
	Kind     Kind
	Text     string        // a sentence for the user, without a full stop
	Fields   []Field       // the errors of fields, with Invalid
	Cause    error         // for the log
	Wait     time.Duration // with TooMany: the time until the next try
	Outdated bool          // with Conflict: the caller expected another version
}

// Error returns the text, the fields and the cause, for the log.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Text)
	for _, f := range e.Fields {
		b.WriteString("; " + f.Name + ": " + f.Message)
	}
	if e.Cause != nil {
		b.WriteString(": " + e.Cause.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// New returns an error of a kind with a text for the user.
func New(kind Kind, text string) *Error { return &Error{Kind: kind, Text: text} }

// Wrap returns an error of a kind that keeps its cause for the log.
func Wrap(kind Kind, text string, cause error) *Error {
	return &Error{Kind: kind, Text: text, Cause: cause}
}

// NewNotFound returns the error for a thing ("product") that does not exist or that the caller
// cannot see.
func NewNotFound(what string) *Error { return New(NotFound, "There is no such "+what) }

// NewOutdated returns the Conflict error of a change that expects another version.
func NewOutdated(text string) *Error { return &Error{Kind: Conflict, Text: text, Outdated: true} }

// BadField returns an Invalid error of one field.
func BadField(name, message string) *Error {
	return &Error{Kind: Invalid, Text: "Some fields are invalid", Fields: []Field{{name, message}}}
}

// Fields collects the errors of several fields. Err is nil if it has none.
type Fields []Field

// Add adds the error of a field. The first error of a field counts.
func (f *Fields) Add(name, message string) {
	if !f.Has(name) {
		*f = append(*f, Field{name, message})
	}
}

// Err returns an Invalid error with all added fields, nil if there are none.
func (f Fields) Err() error {
	if len(f) == 0 {
		return nil
	}
	return &Error{Kind: Invalid, Text: "Some fields are invalid", Fields: f}
}

// FieldsOf returns the fields that an error is about.
func FieldsOf(err error) []Field {
	var e *Error
	if errors.As(err, &e) {
		return e.Fields
	}
	return nil
}

// KindOf returns the kind of the first Error in the chain, else Internal.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// Is reports whether err has a kind. A nil err has none.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }
