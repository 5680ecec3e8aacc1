package api

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"
)

var (
	//go:embed openapi/operations.json
	operationsFile []byte
	//go:embed openapi/tags.json
	tagsFile []byte
)

// operationNote is what the OpenAPI document says of an operation beside what its types say.
type operationNote struct {
	About    string `json:"about"`
	Conflict string `json:"conflict"` // when it answers 409, "" for never
	Request  any    `json:"request"`  // an example of its body
}

// decoded decodes an embedded file. The tests of the document fail if one is broken.
func decoded[T any](file []byte) T {
	var v T
	if err := json.Unmarshal(file, &v); err != nil {
		panic(fmt.Sprintf("decode an embedded file of the OpenAPI document: %v", err))
	}
	return v
}

const mediaJSON = "application/json"

// completeDocument adds to the OpenAPI document what huma does not derive from types: descriptions,
// examples and errors.
func (a *API) completeDocument() {
	doc := a.huma.OpenAPI()
	doc.Info.Description = "JSON over HTTP. Each request has a bearer token, which acts for its user or for one product."
	doc.Info.License = &huma.License{Name: "Apache 2.0", Identifier: "Apache-2.0"}
	doc.Info.Contact = &huma.Contact{Name: "The administrator of this installation"}
	tags := decoded[map[string]string](tagsFile)
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		doc.Tags = append(doc.Tags, &huma.Tag{Name: name, Description: tags[name]})
	}
	doc.Components.SecuritySchemes["token"].Description = "A token of a user or of a product: `gct_...`"
	problems := a.addProblems(doc)
	notes := decoded[map[string]operationNote](operationsFile)
	samples := newSamples(doc.Components.Schemas)
	for op := range operationsOf(doc) {
		note := notes[op.OperationID]
		op.Description = joined(note.About, op.Description)
		for _, p := range op.Parameters {
			describeParam(p)
		}
		addRequestExample(op, note.Request)
		samples.addTo(op)
		problems.addTo(op, note.Conflict)
	}
}

// operationsOf yields all operations of a document.
func operationsOf(doc *huma.OpenAPI) func(yield func(*huma.Operation) bool) {
	return func(yield func(*huma.Operation) bool) {
		for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
			item := doc.Paths[path]
			for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
				if op != nil && !yield(op) {
					return
				}
			}
		}
	}
}

func joined(first, second string) string {
	if second == "" {
		return first
	}
	return first + " " + second
}

// paramNotes are the descriptions of parameters whose types have none.
var paramNotes = map[string]string{
	"active":        "Only users that are active, or that are not",
	"administrator": "Only administrators, or all others",
	"archived":      "Only archived ones, or those that are not",
	"connection":    "Only of this connection",
	"kind":          "Only of this kind",
	"limit":         "How many items at most",
	"list":          "Which of the two lists",
	"muted":         "Only muted ones, or those that are not",
	"product":       "Only of this product",
	"resend":        "Only those of this run",
	"severity":      "Only with this severity",
	"since":         "Only from this time on",
	"state":         "Only in this state",
	"unread":        "Only unread ones, or those that are read",
	"until":         "Only before this time",

	"user_id":                "The id of the user",
	"token_id":               "The id of the token",
	"product_id":             "The id of the product",
	"authorization_group_id": "The id of the authorization group",
	"name":                   "The name in the list",
	"id":                     "The ID of the resource before it in the path",
}

func describeParam(p *huma.Param) {
	if p.Description == "" {
		p.Description = paramNotes[p.Name]
	}
}

func addRequestExample(op *huma.Operation, example any) {
	if op.RequestBody == nil || example == nil {
		return
	}
	if m := op.RequestBody.Content[mediaJSON]; m != nil {
		m.Example = example
	}
}

// success returns the response of an operation to a request without errors.
func success(op *huma.Operation) (status string, r *huma.Response) {
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		if status < "300" {
			return status, op.Responses[status]
		}
	}
	return http.StatusText(http.StatusOK), nil
}
