package api

import (
	_ "embed"
	"maps"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

//go:embed openapi/samples.json
var samplesFile []byte

// maxSample bounds the nesting of examples.
const maxSample = 9

// sampleTime is the time in examples.
const sampleTime = "2031-05-06T07:08:09Z"

// samples makes examples of answers from their schemas. The values of fields come from a file: for
// each name those that can be meant, of which the first that fits the schema is taken.
type samples struct {
	schemas huma.Registry
	values  map[string][]any
}

func newSamples(schemas huma.Registry) samples {
	return samples{schemas, decoded[map[string][]any](samplesFile)}
}

// addTo adds an example to the answer of an operation.
func (s samples) addTo(op *huma.Operation) {
	_, r := success(op)
	if r == nil || r.Content[mediaJSON] == nil {
		return
	}
	m := r.Content[mediaJSON]
	if m.Schema != nil && m.Example == nil {
		m.Example = s.of("", "", m.Schema, 0)
	}
}

// of returns an example of a schema. name is that of the field, owner that of the schema which has
// it.
func (s samples) of(owner, name string, schema *huma.Schema, depth int) any {
	own := schema.Ref[strings.LastIndex(schema.Ref, "/")+1:]
	schema = resolved(s.schemas, schema)
	if len(schema.OneOf) > 0 {
		return s.of(owner, name, schema.OneOf[0], depth)
	}
	for _, v := range slices.Concat(s.values[owner+"."+name], s.values[name]) {
		if s.fits(schema, v) {
			return v
		}
	}
	switch {
	case len(schema.Enum) > 0:
		return schema.Enum[0]
	case schema.Format == "date-time":
		return sampleTime
	}
	switch schema.Type {
	case huma.TypeObject:
		return s.object(own, schema, depth)
	case huma.TypeArray:
		if depth > maxSample {
			return []any{}
		}
		return []any{s.of(owner, name, schema.Items, depth+1)}
	case huma.TypeInteger, huma.TypeNumber:
		return 1
	case huma.TypeBoolean:
		return false
	}
	return ""
}

func (s samples) object(own string, schema *huma.Schema, depth int) any {
	example := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		if depth <= maxSample {
			example[name] = s.of(own, name, schema.Properties[name], depth+1)
		}
	}
	return example
}

// fits reports whether a schema accepts a value.
func (s samples) fits(schema *huma.Schema, v any) bool {
	var result huma.ValidateResult
	huma.Validate(s.schemas, schema, huma.NewPathBuffer(nil, 0), huma.ModeReadFromServer, v, &result)
	return len(result.Errors) == 0
}
