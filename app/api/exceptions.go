package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"gatecrier/app/authz"
	"gatecrier/app/exception"
	"gatecrier/app/fault"
	"gatecrier/app/web"
	"gatecrier/models"
)

const (
	// maxExceptions bounds the exceptions of one request.
	maxExceptions = 1000
	// maxProducts bounds the products that they belong to.
	maxProducts = 100
)

// ReportedBody is the result of a report.
type ReportedBody struct {
	Group      int64 `json:"group" doc:"The group that it belongs to"`
	Notified   bool  `json:"notified" doc:"Whether this report sent a notification"`
	Suppressed int64 `json:"suppressed" doc:"Occurrences since the last notification, including this one"`
}

// reportedItem is the result, or the error, of one of several reports.
type reportedItem struct {
	*ReportedBody
	Error *web.Problem `json:"error,omitempty"`
}

// exceptions adds the route that takes reports. It is a plain gin handler because the body is
// one exception or a list; the OpenAPI document describes it nevertheless.
func (a *API) exceptions(group *gin.RouterGroup) {
	group.POST("/exceptions", a.reportExceptions)
	op := onPost("/exceptions", "report-exception", http.StatusAccepted)
	op.Summary = "Report exceptions of another program"
	op.Parameters = []*huma.Param{
		{
			Name:        "Idempotency-Key",
			In:          "header",
			Schema:      &huma.Schema{Type: "string"},
			Description: "A repeat within 24 hours returns the first response; another body is a conflict (409)",
		},
	}
	schemas := a.huma.OpenAPI().Components.Schemas
	op.RequestBody = &huma.RequestBody{
		Description: "One exception, or a list of at most 1000, at most 4 MiB; the response to a list is " +
			"{\"results\": [...]}, each with what came of it or its error. " +
			"All are checked before any is stored",
		Required: true,
		Content: map[string]*huma.MediaType{
			"application/json": {Schema: huma.SchemaFromType(schemas, typeOf[draftBody]())},
		},
	}
	op.Responses = map[string]*huma.Response{"202": {
		Description: "The exception is counted, and its notification, if any, is stored",
		Content: map[string]*huma.MediaType{
			"application/json": {Schema: huma.SchemaFromType(schemas, typeOf[ReportedBody]())},
		},
	}}
	a.huma.OpenAPI().AddOperation(&op)
}

func (a *API) reportExceptions(c *gin.Context) {
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, web.MaxExceptions))
	if err == nil {
		err = a.reportOnce(c, body)
	}
	if err != nil {
		a.fail(c, err)
	}
}

// reportOnce takes reports, or repeats the stored answer to the same request.
func (a *API) reportOnce(c *gin.Context, body []byte) error {
	if err := knownQuery(c); err != nil {
		return err
	}
	ctx := c.Request.Context()
	drafts, many, err := draftsOf(body)
	if err != nil {
		return err
	}
	reports, err := a.reportsOf(ctx, drafts, many)
	if err != nil {
		return err
	}
	o, err := a.onceOf(c, http.StatusAccepted)
	if err != nil {
		return err
	}
	if o != nil {
		end, err := o.begin()
		if err != nil {
			return err
		}
		defer end()
		o.hash.Write(body)
		if done, err := o.replay(c, func() error { return nil }); done || err != nil {
			return err
		}
	}
	answer, err := a.take(ctx, reports, many)
	if err != nil {
		return err
	}
	if o != nil {
		if err := a.Store.Write(ctx, func(tx *models.Tx) error { return o.save(tx, answer) }); err != nil {
			return err
		}
	}
	c.JSON(http.StatusAccepted, answer)
	return nil
}

// take reports checked exceptions. Of several, each has a result of its own.
func (a *API) take(ctx context.Context, reports []exception.Report, many bool) (any, error) {
	results := make([]reportedItem, len(reports))
	for i, r := range reports {
		result, err := a.Exceptions.Report(ctx, r)
		switch {
		case err != nil && (!many || ctx.Err() != nil):
			return nil, err
		case err != nil:
			results[i].Error = web.ToProblem(ctx, a.Log, err)
		default:
			results[i].ReportedBody = &ReportedBody{
				Group:      result.Group,
				Notified:   result.Notified,
				Suppressed: result.Suppressed,
			}
		}
	}
	if !many {
		return results[0], nil
	}
	return gin.H{"results": results}, nil
}

// reportsOf turns drafts into reports. It checks the right to report into each product.
func (a *API) reportsOf(ctx context.Context, drafts []draftBody, many bool) ([]exception.Report, error) {
	actor, known := actorOf(ctx), map[productRef]int64{}
	reports := make([]exception.Report, len(drafts))
	for i, d := range drafts {
		id, there := known[d.Product]
		if !there {
			var err error
			if id, err = a.reportInto(ctx, actor, d.Product); err != nil {
				return nil, err
			}
			if known[d.Product] = id; len(known) > maxProducts {
				text := fmt.Sprintf("Send exceptions of at most %d products at once", maxProducts)
				return nil, fault.BadField(at(i, many, "product"), text)
			}
		}
		reports[i] = d.report(id)
	}
	return reports, nil
}

// reportInto finds the product of an exception. Only administrators report exceptions without
// a product.
func (a *API) reportInto(ctx context.Context, actor authz.Actor, ref productRef) (int64, error) {
	switch {
	case ref.id != 0:
		return ref.id, authz.Require(ctx, a.Store, actor, authz.Import, ref.id)
	case ref.name != "":
		id, _, err := a.Products.ForImport(ctx, actor, ref.name)
		return id, err
	case !actor.Administrator():
		return 0, fault.New(fault.Forbidden, "Name the product: only administrators can report exceptions without one")
	}
	return 0, nil
}

// draftsOf decodes one exception or a list of them; many reports which.
func draftsOf(body []byte) (drafts []draftBody, many bool, err error) {
	in := json.NewDecoder(bytes.NewReader(body))
	in.DisallowUnknownFields()
	many = strings.HasPrefix(strings.TrimLeft(string(body[:min(len(body), 100)]), " \t\r\n"), "[")
	if many {
		drafts, err = draftList(in)
	} else {
		drafts = make([]draftBody, 1)
		err = drafts[0].decode(in, 0, false)
	}
	if err != nil {
		return nil, many, err
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return nil, many, fault.New(fault.Malformed, "The body has more data after the JSON value")
	}
	if len(drafts) == 0 {
		return nil, many, fault.BadField("body", "Send an exception, or a list of exceptions")
	}
	return drafts, many, nil
}

// draftList decodes a list of exceptions.
func draftList(in *json.Decoder) ([]draftBody, error) {
	if _, err := in.Token(); err != nil { // [
		return nil, badDraft(err, "body")
	}
	var drafts []draftBody
	for in.More() {
		if len(drafts) == maxExceptions {
			return nil, fault.BadField("body", fmt.Sprintf("Send at most %d exceptions at once", maxExceptions))
		}
		var d draftBody
		if err := d.decode(in, len(drafts), true); err != nil {
			return nil, err
		}
		drafts = append(drafts, d)
	}
	if _, err := in.Token(); err != nil { // ]
		return nil, badDraft(err, "body")
	}
	return drafts, nil
}

// decode reads and checks an exception, the ith of the request.
func (d *draftBody) decode(in *json.Decoder, i int, many bool) error {
	if err := in.Decode(d); err != nil {
		return badDraft(err, at(i, many, ""))
	}
	return d.check(i, many)
}

// at returns the name of a field of one of several exceptions: "[3].class".
func at(i int, many bool, name string) string {
	switch {
	case !many:
		return name
	case name == "":
		return fmt.Sprintf("[%d]", i)
	}
	return fmt.Sprintf("[%d].%s", i, name)
}

// mustBe says which JSON value a type needs.
func mustBe(t reflect.Type) string {
	texts := map[reflect.Kind]string{
		reflect.String: "Must be a string",
		reflect.Bool:   "Must be true or false",
		reflect.Slice:  "Must be a list",
		reflect.Map:    "Must be an object",
		reflect.Struct: "Must be an object",
	}
	if text, ok := texts[t.Kind()]; ok {
		return text
	}
	return "Must be a number"
}

// badDraft turns a decoding error into an error of the field that it is about.
func badDraft(err error, where string) error {
	field := func(name string) string { return strings.Trim(where+"."+name, ".") }
	var kind *json.UnmarshalTypeError
	var fieldErr *draftError
	switch {
	case errors.As(err, &fieldErr):
		return fault.BadField(field(fieldErr.field), fieldErr.text)
	case errors.As(err, &kind) && kind.Field == "":
		return fault.BadField(field(""), "Must be an object")
	case errors.As(err, &kind):
		return fault.BadField(field(kind.Field), mustBe(kind.Type))
	}
	if name, ok := strings.CutPrefix(err.Error(), `json: unknown field "`); ok {
		return fault.BadField(field(strings.TrimSuffix(name, `"`)), "This field does not exist")
	}
	return fault.Wrap(fault.Malformed, "The body is not valid JSON", err)
}
