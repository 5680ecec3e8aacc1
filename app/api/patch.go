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

// UnmarshalJSON is called only where the field was sent.
func (p *patch[T]) UnmarshalJSON(text []byte) error {
	p.Sent = true
	if string(text) == "null" {
		p.Null = true
		return nil
	}
	return json.Unmarshal(text, &p.Value)
}

// Schema is the value's, or null.
func (patch[T]) Schema(r huma.Registry) *huma.Schema {
	s := r.Schema(reflect.TypeFor[T](), true, "")
	if s.Ref != "" {
		return s
	}
	nullable := *s
	nullable.Nullable = true
	return &nullable
}

// pointer is nil where the field is to stay; null gives the zero value.
func (p patch[T]) pointer() *T {
	if !p.Sent {
		return nil
	}
	return &p.Value
}
