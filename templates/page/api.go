package page

import (
	"net/url"
	"strings"

	"github.com/a-h/templ"

	"gatecrier/templates/layout"
)

// APIView is the reference of the REST interface.
type APIView struct {
	Frame   layout.View
	BaseURL string
	Groups  []APIGroup
	Group   APIGroup // that is shown, without a name for the start
}

// APIGroup is the operations on one kind of thing.
type APIGroup struct {
	Name       string // "products"
	About      string
	Operations []APIOperation
}

// APIOperation is a method of a path.
type APIOperation struct {
	ID      string // "list-products"
	Method  string // "GET"
	Path    string // with its parameters in braces
	Summary string
	About   string
	Params  []APIField
	Body    []APIField // of a JSON body
	BodyDoc string     // of another body
	Status  string     // of success: "200"
	Answer  []APIField
	Errors  []APIError // by their status

	BodyExample, AnswerExample string // indented JSON, "" for none
}

// APIError is a response of an operation to a request that it refuses.
type APIError struct {
	Status  string // "409"
	Meaning string
}

// APIField is a parameter, or a field of a body by its path: "gate.state",
// "items[].id".
type APIField struct {
	Name     string
	In       string // of a parameter: path, query, header
	Type     string
	Required bool
	Doc      string
}

// Title returns the group's name as a heading.
func (g APIGroup) Title() string { return strings.ToUpper(g.Name[:1]) + g.Name[1:] }

// pageURL returns the page of the group.
func (g APIGroup) pageURL() templ.SafeURL {
	return templ.SafeURL("/api?group=" + url.QueryEscape(g.Name))
}

// curl returns a command that calls an operation.
func (o APIOperation) curl(baseURL string) string {
	line := "curl -H \"Authorization: Bearer $TOKEN\""
	if o.Method != "GET" {
		line += " -X " + o.Method
	}
	switch {
	case strings.HasSuffix(o.Path, "/reports"):
		line += " --data-binary @report.json"
	case len(o.Body) > 0:
		line += " -H \"Content-Type: application/json\" -d @body.json"
	}
	return line + " \"" + baseURL + o.Path + "\""
}
