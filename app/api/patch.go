package api

import (
	"encoding/json"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

// patch is a field of a JSON merge patch (RFC 7396): absent, null or a value.
type patch[T any] struct {
	Sent  bool
	Null  bool
	Value T
}

// UnmarshalJSON notes that the field was sent, and decodes its value.
func (p *patch[T]) UnmarshalJSON(text []byte) error {
	p.Sent = true
	if string(text) == "null" {
		p.Null = true
		return nil
	}
	return json.Unmarshal(text, &p.Value)
}

// Schema returns the schema of the value, which can be null.
func (patch[T]) Schema(r huma.Registry) *huma.Schema {
	s := r.Schema(reflect.TypeFor[T](), true, "")
	if s.Ref != "" {
		return s
	}
	nullable := *s
	nullable.Nullable = true
	return &nullable
}

// pointer returns nil if the field was not sent. For null it points to the zero value.
func (p patch[T]) pointer() *T {
	if !p.Sent {
		return nil
	}
	return &p.Value
}
