package ingest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// maxDepth is the deepest nesting of lists and objects, that of encoding/json.
const maxDepth = 10_000

// document reads a report through the decoder. Its methods return an error for a text that
// is not JSON. They note a value of an unexpected type in typeErrs and skip it, since the
// document can turn out to have a format that does not use the value.
type document struct {
	dec   *json.Decoder
	path  []step
	depth int
	// typeErrs are those of the format that reads; the detector sets them before it calls one.
	// A reader that accepts any type sets nil.
	typeErrs *typeErrors
}

// step is a key of an object, or an index of a list if key is empty.
type step struct {
	key   string
	index int
}

// typeErrors is the first value of an unexpected type that a format has read.
type typeErrors struct{ first error }

// typeError is a value of an unexpected type.
type typeError struct{ text string }

// Error returns the location, the expected and the actual type.
func (e *typeError) Error() string { return e.text }

var errTooDeep = errors.New("lists and objects are nested too deeply")

func newDocument(r io.Reader) *document {
	dec := json.NewDecoder(r)
	dec.UseNumber()
	return &document{dec: dec}
}

// object calls member for each key of an object, which must read the value.
func (d *document) object(member func(key string) error) error {
	return d.either(member, nil)
}

// array calls element for each element of a list, which must read it.
func (d *document) array(element func() error) error {
	return d.either(nil, element)
}

// either reads an object or a list, whichever comes.
func (d *document) either(member func(key string) error, element func() error) error {
	_, err := d.given(member, element)
	return err
}

// given is either, and reports whether the value is not null.
func (d *document) given(member func(key string) error, element func() error) (bool, error) {
	t, err := d.dec.Token()
	if err != nil || t == nil {
		return false, err
	}
	switch {
	case t == json.Delim('{') && member != nil:
		return true, d.members(member)
	case t == json.Delim('[') && element != nil:
		return true, d.elements(element)
	}
	want := "an object"
	if member == nil {
		want = "a list"
	}
	d.noteTypeError("", want, tokenTypeName(t))
	return true, d.skipRest(t)
}

// members reads an object whose start has been read.
func (d *document) members(member func(key string) error) error {
	if err := d.enter(); err != nil {
		return err
	}
	at := len(d.path)
	for d.dec.More() {
		t, err := d.dec.Token()
		if err != nil {
			return err
		}
		key, ok := t.(string)
		if !ok {
			return errors.New("expected a key")
		}
		d.path = append(d.path[:at], step{key: key})
		if err := member(key); err != nil {
			return err
		}
	}
	return d.leave(at)
}

// elements reads a list whose start has been read.
func (d *document) elements(element func() error) error {
	if err := d.enter(); err != nil {
		return err
	}
	at := len(d.path)
	for i := 0; d.dec.More(); i++ {
		d.path = append(d.path[:at], step{index: i})
		if err := element(); err != nil {
			return err
		}
	}
	return d.leave(at)
}

func (d *document) enter() error {
	if d.depth++; d.depth > maxDepth {
		return errTooDeep
	}
	return nil
}

func (d *document) leave(at int) error {
	if _, err := d.dec.Token(); err != nil {
		return err
	}
	d.depth--
	d.path = d.path[:at]
	return nil
}

// decodeStrict reads a whole value into v. It notes a value of another type, which is not ok
// but has no error: the reader goes on with the next value.
func (d *document) decodeStrict(v any) (ok bool, err error) {
	err = d.dec.Decode(v)
	if d.noteIfTypeError(err) {
		return false, nil
	}
	return err == nil, err
}

// unmarshalStrict is decodeStrict for the text of a value.
func (d *document) unmarshalStrict(raw json.RawMessage, v any) bool {
	err := json.Unmarshal(raw, v)
	return err == nil || !d.noteIfTypeError(err)
}

// inside returns the document one key deeper, for the locations of errors.
func (d *document) inside(key string) *document {
	inner := *d
	inner.path = append(slices.Clone(d.path), step{key: key})
	return &inner
}

// noteIfTypeError notes err if it is about a type, and reports whether it is.
func (d *document) noteIfTypeError(err error) bool {
	var m *json.UnmarshalTypeError
	if !errors.As(err, &m) {
		return false
	}
	d.noteTypeError(m.Field, typeName(m.Type), jsonTypeName(m.Value))
	return true
}

// textOrEmpty reads a value of any type, and returns it if it is a text, else "".
func (d *document) textOrEmpty() (string, error) {
	t, err := d.dec.Token()
	if err != nil {
		return "", err
	}
	if s, ok := t.(string); ok {
		return s, nil
	}
	return "", d.skipRest(t)
}

// isGiven reads a value of any type, and reports whether it is neither null nor an empty text.
func (d *document) isGiven() (bool, error) {
	t, err := d.dec.Token()
	if err != nil {
		return false, err
	}
	return t != nil && t != "", d.skipRest(t)
}

// skip skips one value.
func (d *document) skip() error {
	_, err := d.textOrEmpty()
	return err
}

// skipRest skips the rest of a value that starts with a token.
func (d *document) skipRest(t json.Token) error {
	for depth := 0; ; {
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
		if d.depth+depth > maxDepth {
			return errTooDeep
		}
		var err error
		if t, err = d.dec.Token(); err != nil {
			return err
		}
	}
}

// noteTypeError notes a value of another type, unless the format has one already.
func (d *document) noteTypeError(field, want, got string) {
	if d.typeErrs == nil || d.typeErrs.first != nil {
		return
	}
	location := d.location()
	if field != "" {
		location += "." + field
	}
	prefix := d.locationPrefix(strings.TrimPrefix(location, "."))
	d.typeErrs.first = &typeError{prefix + fmt.Sprintf("expected %s, found %s", want, got)}
}

// locationPrefix returns a location as the start of a message. Its byte is the end of what
// the decoder has read: of the whole value that decodeStrict read, else of the last token.
func (d *document) locationPrefix(location string) string {
	where := fmt.Sprintf("at byte %d: ", d.dec.InputOffset())
	if location != "" {
		where = "in " + location + ", " + where
	}
	return where
}

// location returns the path of the value that is read, such as runs[0].results[12].
func (d *document) location() string {
	var b strings.Builder
	for _, s := range d.path {
		if s.key == "" {
			b.WriteString("[" + strconv.Itoa(s.index) + "]")
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(s.key)
	}
	return shorten(b.String())
}

// shorten cuts the middle out of a very long path.
func shorten(path string) string {
	if len(path) <= 400 {
		return path
	}
	return strings.ToValidUTF8(path[:200], "") + " … " + strings.ToValidUTF8(path[len(path)-190:], "")
}

func tokenTypeName(t json.Token) string {
	switch t := t.(type) {
	case string:
		return "a text"
	case bool:
		return "true or false"
	case json.Delim:
		if t == '{' {
			return "an object"
		}
		return "a list"
	}
	return "a number"
}

func typeName(t reflect.Type) string {
	switch t.Kind() { //nolint:exhaustive // all other kinds are numbers
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Slice:
		return "a list"
	}
	return "a number"
}

// jsonTypeName returns the user text of a type name of encoding/json.
func jsonTypeName(value string) string {
	words := map[string]string{
		"string": "a text", "bool": "true or false", "object": "an object", "array": "a list", "number": "a number",
	}
	if word, ok := words[value]; ok {
		return word
	}
	return "the " + value
}
