package api

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"gatecrier/app/fault"
	"gatecrier/app/web"
)

// problemNote is a problem that many operations answer.
type problemNote struct {
	status int
	name   string // of the component
	about  string
	detail string // of the example
	field  fault.Field
}

var problemNotes = []problemNote{
	{
		status: http.StatusBadRequest, name: "BadRequest",
		about:  "The request cannot be read: the body is missing or no JSON, or a text is no valid UTF-8",
		detail: "The body cannot be read", field: fault.Field{Name: "body", Message: "The body must be valid JSON"},
	},
	{
		status: http.StatusUnauthorized, name: "Unauthorized",
		about:  "The token is missing, invalid, expired or revoked",
		detail: "Send a token: Authorization: Bearer gct_...",
	},
	{
		status: http.StatusForbidden, name: "Forbidden",
		about:  "Your role does not allow it, or the user of the token must change the password first",
		detail: "Only administrators can do this",
	},
	{
		status: http.StatusNotFound, name: "NotFound",
		about:  "It does not exist, or you cannot see it",
		detail: "There is no such product",
	},
	{
		status: http.StatusPreconditionFailed, name: "PreconditionFailed",
		about:  "If-Match names another version than the current one",
		detail: "Another user changed this product in the meantime" + readAgain,
	},
	{
		status: http.StatusRequestEntityTooLarge, name: "TooLarge",
		about:  "The body is too large",
		detail: "The body is too large: send at most 1 MiB",
	},
	{
		status: http.StatusUnsupportedMediaType, name: "UnsupportedMediaType",
		about:  "The body has a media type or an encoding that is not read",
		detail: "The body has a media type that is not read",
		field:  fault.Field{Name: "body", Message: "Send the body as application/json"},
	},
	{
		status: http.StatusUnprocessableEntity, name: "Invalid",
		about:  "Some fields or parameters are unknown or have an invalid value: `errors` names each",
		detail: invalidFields, field: fault.Field{Name: "limit", Message: "limit must be at most 100"},
	},
	{
		status: http.StatusTooManyRequests, name: "TooManyRequests",
		about:  "Too many requests with a wrong token came from this address: wait as long as Retry-After says",
		detail: "Too many attempts: wait a minute",
	},
	{
		status: http.StatusServiceUnavailable, name: "Unavailable",
		about:  "The database cannot be reached: send the request again after the time of Retry-After",
		detail: "The database cannot be reached; send the request again later",
	},
}

const responsesPrefix = "#/components/responses/"

// problems are the errors that operations answer, as components of the document.
type problems struct {
	schema *huma.Schema
	names  map[int]string
}

func (a *API) addProblems(doc *huma.OpenAPI) problems {
	p := problems{doc.Components.Schemas.Schema(typeOf[web.Problem](), true, ""), map[int]string{}}
	doc.Components.Responses = map[string]*huma.Response{}
	for _, n := range problemNotes {
		r := p.response(n.status, n.about, n.detail)
		if n.field.Name != "" {
			example, _ := r.Content[web.MediaProblem].Example.(map[string]any)
			example["errors"] = []any{map[string]any{"name": n.field.Name, "message": n.field.Message}}
		}
		if n.status == http.StatusTooManyRequests || n.status == http.StatusServiceUnavailable {
			r.Headers = map[string]*huma.Header{"Retry-After": {
				Description: "Seconds until the next try", Schema: &huma.Schema{Type: huma.TypeInteger},
			}}
		}
		doc.Components.Responses[n.name], p.names[n.status] = r, n.name
	}
	return p
}

// response returns a response with a problem.
func (p problems) response(status int, about, detail string) *huma.Response {
	example := map[string]any{"title": http.StatusText(status), "status": status, "detail": detail}
	return &huma.Response{
		Description: about,
		Content:     map[string]*huma.MediaType{web.MediaProblem: {Schema: p.schema, Example: example}},
	}
}

// addTo adds to an operation the errors that it can answer, in place of huma's default.
func (p problems) addTo(op *huma.Operation, conflict string) {
	delete(op.Responses, "default")
	if len(op.Security) > 0 { // another key than a token: its operation describes its errors
		return
	}
	for _, status := range problemsOf(op) {
		op.Responses[strconv.Itoa(status)] = &huma.Response{Ref: responsesPrefix + p.names[status]}
	}
	if conflict != "" {
		const example = "Another user changed this product in the meantime" + readAgain
		op.Responses["409"] = p.response(http.StatusConflict, conflict, example)
	}
	if hasParam(op, "If-None-Match") {
		op.Responses["304"] = &huma.Response{Description: "If-None-Match has the current ETag: there is no body"}
	}
}

// problemsOf returns the statuses of the shared errors that an operation can answer.
func problemsOf(op *huma.Operation) []int {
	list := []int{
		http.StatusUnauthorized, http.StatusForbidden, http.StatusUnprocessableEntity,
		http.StatusTooManyRequests, http.StatusServiceUnavailable,
	}
	if len(op.Parameters) > 0 || op.RequestBody != nil {
		list = append(list, http.StatusBadRequest)
	}
	if strings.Contains(op.Path, "{") {
		list = append(list, http.StatusNotFound)
	}
	if op.RequestBody != nil {
		list = append(list, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	if hasParam(op, "If-Match") {
		list = append(list, http.StatusPreconditionFailed)
	}
	return list
}

func hasParam(op *huma.Operation, name string) bool {
	for _, p := range op.Parameters {
		if p.Name == name {
			return true
		}
	}
	return false
}
