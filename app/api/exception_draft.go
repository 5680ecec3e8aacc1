package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"gatecrier/app/exception"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// draftBody is a reported exception. Texts that are too long are cut, and the sample is
// marked as truncated.
type draftBody struct {
	Class       string      `json:"class" doc:"The class of the root cause, such as ValueError"`
	Message     string      `json:"message"`
	Fingerprint oneOrMore   `json:"fingerprint,omitempty" doc:"Exceptions with the same fingerprint form a group: a text, or a list of texts; {{ default }} stands for the default grouping"`
	Product     productRef  `json:"product,omitempty" doc:"The product's name (a string) or ID (a number). Absent: no product, administrators only"`
	Function    string      `json:"function,omitempty" doc:"Where it was thrown. Default: the topmost frame of the program's own code"`
	Arguments   pairs       `json:"arguments,omitempty"`
	Frames      frameList   `json:"frames,omitempty" doc:"The stack frames, innermost first"`
	Chain       []draftLink `json:"chain,omitempty" maxItems:"50" doc:"The chain of exceptions, outermost first"`
	Release     string      `json:"release,omitempty"`
	Environment string      `json:"environment,omitempty"`
	Level       string      `json:"level,omitempty"`
	User        string      `json:"user,omitempty" doc:"The user that it happened to"`
	Tags        pairs       `json:"tags,omitempty"`
}

type draftLink struct {
	Class   string    `json:"class"`
	Message string    `json:"message,omitempty"`
	Frames  frameList `json:"frames,omitempty"`
}

// draftError is an error of a field that decodes itself.
type draftError struct{ field, text string }

func (e *draftError) Error() string { return e.field + ": " + e.text }

// check returns the errors of an exception that could be decoded. i is its place in a list.
func (d draftBody) check(i int, many bool) error {
	var fieldErrs fault.Fields
	if strings.TrimSpace(d.Class) == "" {
		fieldErrs.Add(at(i, many, "class"), "Required")
	}
	if len(d.Chain) > 50 {
		fieldErrs.Add(at(i, many, "chain"), "At most 50")
	}
	return fieldErrs.Err()
}

func (d draftBody) report(productID int64) exception.Report {
	r := exception.Report{
		Kind:        models.ExceptionReported,
		ProductID:   productID,
		Class:       strings.TrimSpace(d.Class),
		Message:     d.Message,
		Function:    d.Function,
		Frames:      d.Frames,
		Fingerprint: d.Fingerprint,
		Arguments:   d.Arguments,
		Release:     d.Release,
		Environment: d.Environment,
		Level:       d.Level,
		User:        d.User,
		Tags:        d.Tags,
	}
	for _, l := range d.Chain {
		r.Chain = append(r.Chain, exception.Cause{Class: l.Class, Message: l.Message, Frames: l.Frames})
	}
	return r
}

// productRef names a product by its id or its name.
type productRef struct {
	id   int64
	name string
}

// UnmarshalJSON accepts a number or a text.
func (p *productRef) UnmarshalJSON(raw []byte) error {
	*p = productRef{}
	switch raw[0] {
	case 'n':
		return nil
	case '"':
		if err := json.Unmarshal(raw, &p.name); err != nil || p.name == "" {
			return &draftError{"product", "Enter a name or an ID"}
		}
		return nil
	}
	if err := json.Unmarshal(raw, &p.id); err != nil || p.id < 1 {
		return &draftError{"product", "Enter a name or an ID"}
	}
	return nil
}

// Schema returns the schema of an integer or a string.
func (productRef) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{OneOf: []*huma.Schema{{Type: "integer"}, {Type: "string"}}}
}

// oneOrMore are at most maxWords texts.
type oneOrMore []string

const maxWords = 20

// UnmarshalJSON accepts a list of texts, or one text.
func (o *oneOrMore) UnmarshalJSON(raw []byte) error {
	var list []string
	var one string
	err := json.Unmarshal(raw, &one)
	if list = []string{one}; err != nil || raw[0] == 'n' {
		list, err = nil, json.Unmarshal(raw, &list)
	}
	if err != nil || len(list) > maxWords {
		return &draftError{"fingerprint", fmt.Sprintf("Enter a text, or a list of at most %d texts", maxWords)}
	}
	*o = list
	return nil
}

// Schema returns the schema of a string or an array of strings.
func (oneOrMore) Schema(huma.Registry) *huma.Schema {
	text := &huma.Schema{Type: "string"}
	return &huma.Schema{OneOf: []*huma.Schema{text, {Type: "array", Items: text}}}
}

// pairs are names with values of any type, which are kept as texts.
type pairs map[string]string

const maxPairs = 100

// UnmarshalJSON accepts an object, and keeps at most maxPairs of its fields.
func (p *pairs) UnmarshalJSON(raw []byte) error {
	var in map[string]json.RawMessage
	if err := json.Unmarshal(raw, &in); err != nil {
		return &json.UnmarshalTypeError{Value: "that", Type: typeOf[map[string]string]()}
	}
	*p = make(pairs, min(len(in), maxPairs))
	for name, value := range in {
		if len(*p) == maxPairs {
			break
		}
		var text string
		if json.Unmarshal(value, &text) != nil || value[0] == 'n' {
			text = string(value)
		}
		(*p)[name] = text
	}
	return nil
}

// Schema returns the schema of an object with any fields.
func (pairs) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: "object", AdditionalProperties: true}
}

// frameList are at most maxFrames calls.
type frameList []exception.Frame

const maxFrames = 250

// UnmarshalJSON reads the calls one by one, so that a list that is too long takes no memory.
func (f *frameList) UnmarshalJSON(raw []byte) error {
	*f = nil
	if raw[0] == 'n' {
		return nil
	}
	in := json.NewDecoder(bytes.NewReader(raw))
	in.DisallowUnknownFields()
	if t, err := in.Token(); err != nil || t != json.Delim('[') {
		return &draftError{"frames", "Must be a list"}
	}
	for in.More() {
		var one exception.Frame
		if err := in.Decode(&one); err != nil {
			return &draftError{"frames", "Each frame must be {function, module, file, line, in_app}"}
		}
		if *f = append(*f, one); len(*f) > maxFrames {
			return &draftError{"frames", fmt.Sprintf("At most %d", maxFrames)}
		}
	}
	return nil
}

// Schema returns the schema of a list of calls.
func (frameList) Schema(r huma.Registry) *huma.Schema {
	return &huma.Schema{Type: "array", Items: huma.SchemaFromType(r, typeOf[exception.Frame]())}
}
