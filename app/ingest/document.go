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

// maxDepth is how deep lists and objects may lie in each other, as deep as
// encoding/json allows.
const maxDepth = 10_000

// document is a report on its way through the decoder. A text that is no JSON
// is an error of its methods; a value of another type than expected is noted
// in blame and passed over, since the document may turn out to be of a format
// that does not look at it.
type document struct {
	dec   *json.Decoder
	path  []step
	depth int
	blame *problem // of the format that reads; nil: types do not matter
}

// step is a key of an object, or where key is empty a place in a list.
type step struct {
	key   string
	index int
}

// problem is the first value of an unexpected type that a format has met.
type problem struct{ err error }

// wrongType says where a value has another type than expected, and which.
type wrongType struct{ text string }

// Error tells the place first.
func (e *wrongType) Error() string { return e.text }

var errTooDeep = errors.New("lists and objects lie too deep in each other")

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

// either reads an object or a list, where both may be.
func (d *document) either(member func(key string) error, element func() error) error {
	t, err := d.dec.Token()
	if err != nil || t == nil {
		return err
	}
	switch {
	case t == json.Delim('{') && member != nil:
		return d.members(member)
	case t == json.Delim('[') && element != nil:
		return d.elements(element)
	}
	want := "an object"
	if member == nil {
		want = "a list"
	}
	d.wrong("", want, kindOf(t))
	return d.skipRest(t)
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

// decode reads a value as a whole. It is not ok, without an error, where its
// type is another.
func (d *document) decode(v any) (ok bool, err error) {
	err = d.dec.Decode(v)
	if d.mismatch(err) {
		return false, nil
	}
	return err == nil, err
}

// unmarshal is decode for a value whose text has been read.
func (d *document) unmarshal(text json.RawMessage, v any) bool {
	err := json.Unmarshal(text, v)
	return err == nil || !d.mismatch(err)
}

// inside is the document one key further in, for the places of errors.
func (d *document) inside(key string) *document {
	inner := *d
	inner.path = append(slices.Clone(d.path), step{key: key})
	return &inner
}

// mismatch notes an error that is one of a type.
func (d *document) mismatch(err error) bool {
	var m *json.UnmarshalTypeError
	if !errors.As(err, &m) {
		return false
	}
	d.wrong(m.Field, wordOf(m.Type), foundWord(m.Value))
	return true
}

// word reads any value, and returns it if it is a text.
func (d *document) word() (string, error) {
	t, err := d.dec.Token()
	if err != nil {
		return "", err
	}
	if s, ok := t.(string); ok {
		return s, nil
	}
	return "", d.skipRest(t)
}

// skip reads past one value without keeping it.
func (d *document) skip() error {
	_, err := d.word()
	return err
}

// skipRest reads past the rest of a value that starts with a token.
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

// wrong notes a value of another type.
func (d *document) wrong(field, want, got string) {
	if d.blame == nil || d.blame.err != nil {
		return
	}
	place := d.place()
	if field != "" {
		place += "." + field
	}
	d.blame.err = &wrongType{d.at(strings.TrimPrefix(place, ".")) + fmt.Sprintf("expected %s, found %s", want, got)}
}

// at tells a place for the start of a message.
func (d *document) at(place string) string {
	where := fmt.Sprintf("at byte %d: ", d.dec.InputOffset())
	if place != "" {
		where = "in " + place + ", " + where
	}
	return where
}

// place is where the document is read, such as runs[0].results[12].
func (d *document) place() string {
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

// shorten leaves out the middle of a very long place.
func shorten(place string) string {
	if len(place) <= 400 {
		return place
	}
	return strings.ToValidUTF8(place[:200], "") + " … " + strings.ToValidUTF8(place[len(place)-190:], "")
}

func kindOf(t json.Token) string {
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

func wordOf(t reflect.Type) string {
	switch t.Kind() { //nolint:exhaustive // the rest is numbers
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

// foundWord puts what encoding/json says of a value in our words.
func foundWord(value string) string {
	words := map[string]string{
		"string": "a text", "bool": "true or false", "object": "an object", "array": "a list", "number": "a number",
	}
	if word, ok := words[value]; ok {
		return word
	}
	return "the " + value
}
