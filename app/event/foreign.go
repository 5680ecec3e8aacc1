package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"gatecrier/models"
)

// Limits of the data of an event of a type that is not defined here.
const (
	MaxForeignData  = 250 << 10 // bytes of JSON
	MaxForeignDepth = 20        // objects and lists within each other
)

// Bounds of the texts of a foreign event in a notice, in characters.
const (
	maxForeignMessage = 500
	maxForeignKey     = 100
	maxForeignURL     = 500 // bytes
)

// Foreign is the payload of an event of a type that is not defined here, version 1: the event comes
// from another program. Its notice is made from the fields of its data that have a known name.
type Foreign struct {
	typ  Type
	data json.RawMessage // an object
}

// NewForeign returns the payload of an event from another program. It returns an error unless data
// is a JSON object within the limits.
func NewForeign(t Type, data []byte) (Foreign, error) {
	if len(data) > MaxForeignData {
		return Foreign{}, fmt.Errorf("data: %d bytes, at most %d are allowed", len(data), MaxForeignData)
	}
	if err := checkForeign(data); err != nil {
		return Foreign{}, fmt.Errorf("data: %w", err)
	}
	return Foreign{typ: t, data: bytes.Clone(data)}, nil
}

// checkForeign returns an error unless data is one JSON object that is not too deep.
func checkForeign(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	for depth, first := 0, true; first || depth > 0; first = false {
		token, err := dec.Token()
		if err != nil {
			return fmt.Errorf("read JSON: %w", err)
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if first && token != json.Delim('{') {
			return errors.New("not a JSON object")
		}
		if depth > MaxForeignDepth {
			return fmt.Errorf("more than %d levels", MaxForeignDepth)
		}
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("text after the JSON object")
	}
	return nil
}

// Kind returns the type that the event came with, version 1.
func (f Foreign) Kind() (Type, int) { return f.typ, 1 }

// MarshalJSON returns the data as it came.
func (f Foreign) MarshalJSON() ([]byte, error) {
	if f.data == nil {
		return []byte("{}"), nil
	}
	return f.data, nil
}

func (f Foreign) notice() Notice {
	fields := f.fields()
	name := truncate(textOf(fields, string(f.typ), "title", "name"), maxTitleName+maxTitleClass)
	n := Notice{
		Name:     name,
		Title:    name,
		Message:  truncate(textOf(fields, "", "message", "description"), maxForeignMessage),
		Tone:     TonePlain,
		Key:      f.key(fields),
		Severity: severityOf(fields),
	}
	if n.Severity != nil && *n.Severity <= models.High {
		n.Tone = ToneBad
	}
	if n.Message == "" {
		n.Message = urgencyText(fields)
	}
	if link := textOf(fields, "", "url"); isWebURL(link) {
		n.Items = []Item{{Text: "Open where it happened", URL: link}}
	}
	return n
}

// fields returns the fields of the data, numbers as json.Number.
func (f Foreign) fields() map[string]any {
	fields := map[string]any{}
	dec := json.NewDecoder(bytes.NewReader(f.data))
	dec.UseNumber()
	if err := dec.Decode(&fields); err != nil {
		return nil
	}
	return fields
}

// key returns the subject of the event, the same in all events about it: "alert/AL123", or "" if the
// data names none.
func (f Foreign) key(fields map[string]any) string {
	subject := textOf(fields, "", "uuid", "id", "short_id")
	if subject == "" {
		return ""
	}
	family, _, _ := strings.Cut(string(f.typ), ".")
	return truncate(family+"/"+subject, maxForeignKey)
}

// textOf returns the first of the fields that has a text, in one line, or other.
func textOf(fields map[string]any, other string, names ...string) string {
	for _, name := range names {
		var text string
		switch v := fields[name].(type) {
		case string:
			text = v
		case json.Number:
			text = v.String()
		}
		text = strings.Join(strings.FieldsFunc(text, func(r rune) bool {
			return unicode.IsSpace(r) || unicode.IsControl(r)
		}), " ")
		if text != "" {
			return text
		}
	}
	return other
}

// severityOf returns the severity that the data names, or that its urgency from 0 to 100 means; nil
// for none. An urgency is never critical.
func severityOf(fields map[string]any) *models.Severity {
	if s, ok := models.SeverityByName(textOf(fields, "", "severity")); ok {
		return &s
	}
	urgency, ok := urgencyOf(fields)
	if !ok {
		return nil
	}
	s := models.Low
	switch {
	case urgency >= 75:
		s = models.High
	case urgency >= 50:
		s = models.Medium
	}
	return &s
}

func urgencyOf(fields map[string]any) (float64, bool) {
	number, ok := fields["urgency"].(json.Number)
	if !ok {
		return 0, false
	}
	urgency, err := number.Float64()
	return urgency, err == nil
}

// urgencyText returns the urgency and the status as a text: "urgency 80, Pending".
func urgencyText(fields map[string]any) string {
	var parts []string
	if urgency, ok := urgencyOf(fields); ok {
		parts = append(parts, "urgency "+strconv.FormatFloat(urgency, 'g', -1, 64))
	}
	if status := textOf(fields, "", "status"); status != "" {
		parts = append(parts, status)
	}
	return truncate(strings.Join(parts, ", "), maxForeignMessage)
}

func isWebURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && len(text) <= maxForeignURL && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}
