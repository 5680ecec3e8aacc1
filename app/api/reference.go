package api

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"gatecrier/templates/page"
)

// maxDepth bounds the nesting of the fields of a body.
const maxDepth = 4

// reference returns the OpenAPI document as the page about the API shows it.
func (a *API) reference() []page.APIGroup {
	doc := a.huma.OpenAPI()
	groups := map[string]*page.APIGroup{}
	for _, tag := range doc.Tags {
		groups[tag.Name] = &page.APIGroup{Name: tag.Name, About: tag.Description}
	}
	for op := range operationsOf(doc) {
		g := groups[op.Tags[0]]
		g.Operations = append(g.Operations, describe(doc.Components, op))
	}
	list := make([]page.APIGroup, 0, len(groups))
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		g := groups[name]
		slices.SortFunc(g.Operations, func(a, b page.APIOperation) int {
			return cmp.Or(strings.Compare(a.Path, b.Path), methodOrder(a.Method)-methodOrder(b.Method))
		})
		list = append(list, *g)
	}
	return list
}

// methods are the methods of a path in the order in which the page lists them.
var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// methodOrder returns the place of a method on the page.
func methodOrder(method string) int { return slices.Index(methods, method) }

func describe(parts *huma.Components, op *huma.Operation) page.APIOperation {
	schemas := parts.Schemas
	d := page.APIOperation{
		ID: op.OperationID, Method: op.Method, Path: prefix + op.Path, Summary: op.Summary, About: op.Description,
	}
	if len(op.Servers) > 0 {
		d.Path = op.Servers[0].URL + op.Path
	}
	for _, p := range op.Parameters {
		d.Params = append(d.Params, page.APIField{
			Name:     p.Name,
			In:       p.In,
			Type:     typeIn(schemas, p.Schema),
			Required: p.Required,
			Doc:      cmp.Or(p.Description, docOf(p.Schema)),
		})
	}
	if op.RequestBody != nil {
		d.BodyDoc = op.RequestBody.Description
		if m := op.RequestBody.Content[mediaJSON]; m != nil {
			d.Body, d.BodyExample = fieldsOf(schemas, m.Schema, "", 0), indented(m.Example)
		}
	}
	var r *huma.Response
	if d.Status, r = success(op); r != nil && r.Content[mediaJSON] != nil {
		m := r.Content[mediaJSON]
		d.Answer, d.AnswerExample = fieldsOf(schemas, m.Schema, "", 0), indented(m.Example)
		for i := range d.Answer {
			d.Answer[i].Required = false // only a request has required fields
		}
	}
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		r := op.Responses[status]
		if r.Ref != "" {
			r = parts.Responses[strings.TrimPrefix(r.Ref, responsesPrefix)]
		}
		if status >= "400" {
			d.Errors = append(d.Errors, page.APIError{Status: status, Meaning: r.Description})
		}
	}
	return d
}

// fieldsOf lists the fields of an object. It names a field of an inner object a.b, and a field
// of the objects of an array a[].b.
func fieldsOf(schemas huma.Registry, s *huma.Schema, prefix string, depth int) []page.APIField {
	s = resolved(schemas, s)
	if s == nil || depth > maxDepth {
		return nil
	}
	var list []page.APIField
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		p := s.Properties[name]
		list = append(list, page.APIField{
			Name:     prefix + name,
			Type:     typeIn(schemas, p),
			Required: slices.Contains(s.Required, name),
			Doc:      docOf(p),
		})
		inner, path := resolved(schemas, p), prefix+name+"."
		if inner != nil && inner.Type == huma.TypeArray {
			inner, path = inner.Items, prefix+name+"[]."
		}
		list = append(list, fieldsOf(schemas, inner, path, depth+1)...)
	}
	return list
}

// indented returns an example as a page shows it.
func indented(example any) string {
	if example == nil {
		return ""
	}
	text, _ := json.MarshalIndent(example, "", "  ") //nolint:errcheck,errchkjson // the document has it too
	return string(text)
}

func resolved(schemas huma.Registry, s *huma.Schema) *huma.Schema {
	if s != nil && s.Ref != "" {
		return schemas.SchemaFromRef(s.Ref)
	}
	return s
}

func docOf(s *huma.Schema) string {
	if s == nil {
		return ""
	}
	return s.Description
}

// typeIn returns the name of a type, or the values of an enum.
func typeIn(schemas huma.Registry, s *huma.Schema) string {
	s = resolved(schemas, s)
	switch {
	case s == nil:
		return ""
	case len(s.Enum) > 0:
		return strings.Join(words(s.Enum), ", ")
	case s.Type == huma.TypeArray:
		if inner := typeIn(schemas, s.Items); inner != "" {
			return "list of " + inner
		}
	case s.Format == "date-time":
		return "time"
	}
	return s.Type
}

func words(values []any) []string {
	list := make([]string, 0, len(values))
	for _, v := range values {
		if text, ok := v.(string); ok {
			list = append(list, text)
		}
	}
	return list
}
