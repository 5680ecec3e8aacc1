package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"gatecrier/app/fault"
	"gatecrier/app/ingest"
	"gatecrier/app/web"
	"gatecrier/models"
)

// importBody is the answer to a report or to counts.
type importBody struct {
	Format       string        `json:"format"`
	Branch       string        `json:"branch"`
	Observations *tallyBody    `json:"observations,omitempty" doc:"Absent for bare counts"`
	Counts       models.Counts `json:"counts" doc:"The branch's active observations, over all its sources"`
	Gate         struct {
		Before models.GateState `json:"before" enum:"none,passed,failed"`
		After  models.GateState `json:"after" enum:"none,passed,failed"`
		Why    string           `json:"why"`
	} `json:"gate"`
	Warnings []string `json:"warnings,omitempty" doc:"What was done otherwise than usual, and why; absent if nothing was"`
	FailingBody
}

type tallyBody struct {
	New      int `json:"new"`
	Updated  int `json:"updated" doc:"Seen again, changed or not"`
	Reopened int `json:"reopened"`
	Resolved int `json:"resolved"`
}

func importOf(r ingest.Result) importBody {
	b := importBody{Format: r.Format, Branch: r.Branch, Counts: r.Counts, Warnings: r.Warnings}
	if r.Format != models.FormatCounts {
		b.Observations = &tallyBody{
			New:      r.Tally.New,
			Updated:  r.Tally.Updated,
			Reopened: r.Tally.Reopened,
			Resolved: r.Tally.Resolved,
		}
	}
	b.Gate.Before, b.Gate.After, b.Gate.Why = r.Gate.Before, r.Gate.After, r.Gate.Why
	return b
}

// retryImport is the Retry-After of a report that another import of its source keeps out, in
// seconds.
const retryImport = "5"

// reports adds the route that takes reports. It is a plain gin handler because a report is
// read as it arrives; the OpenAPI document describes it nevertheless.
func (a *API) reports(group *gin.RouterGroup) {
	group.POST("/products/:id/reports", a.upload)
	op := onPost("/products/{id}/reports", "upload-report", http.StatusCreated)
	op.Summary = "Import a scanner report"
	text := &huma.Schema{Type: "string"}
	op.Parameters = []*huma.Param{
		{Name: "id", In: "path", Required: true, Schema: &huma.Schema{Type: "integer"}},
		{Name: "branch", In: "query", Schema: text, Description: "Absent: the default branch"},
		{Name: "scanner", In: "query", Schema: text, Description: "Absent: the tool's name in the report"},
		{Name: "source", In: "query", Schema: text, Description: "Tells several reports of one scanner apart"},
		{
			Name:        "Idempotency-Key",
			In:          "header",
			Schema:      text,
			Description: "A repeat within 24 hours gets the first answer; the same key with another report is a conflict",
		},
		{Name: "Content-Encoding", In: "header", Schema: text, Description: "gzip, or absent; others are a 415"},
		{
			Name:        "default",
			In:          "query",
			Schema:      &huma.Schema{Type: "boolean"},
			Description: "Name the default branch, while it is still empty",
		},
		{
			Name:   "format",
			In:     "query",
			Schema: &huma.Schema{Type: "string", Enum: []any{"auto", ingest.FormatGeneric}},
			Description: "generic: Gatecrier's own list of findings, see docs/api.md. All other formats are recognized by " +
				"their content",
		},
		{
			Name:   "clean",
			In:     "query",
			Schema: &huma.Schema{Type: "boolean"},
			Description: "The scan ran and found nothing: accept a SARIF run without results, and a CycloneDX file " +
				"without vulnerabilities. A report with findings is imported as usual",
		},
	}
	body := map[string]*huma.MediaType{
		"application/json": {Schema: &huma.Schema{Type: "object"}},
		"multipart/form-data": {Schema: &huma.Schema{
			Type:       "object",
			Required:   []string{"file"},
			Properties: map[string]*huma.Schema{"file": {Type: "string", Format: "binary"}},
		}},
	}
	op.RequestBody = &huma.RequestBody{
		Description: "The report, raw or as the multipart field file: UTF-8, UTF-16 with a byte order mark, or either " +
			"of them packed with gzip (recognized by content). The size limit applies to the unpacked report too",
		Required: true,
		Content:  body,
	}
	schemas := a.huma.OpenAPI().Components.Schemas
	op.Responses = map[string]*huma.Response{"201": {
		Description: "What the import did; also where the gate fails. A report whose scan did not run is refused (422)",
		Content: map[string]*huma.MediaType{
			"application/json": {Schema: huma.SchemaFromType(schemas, typeOf[importBody]())},
		},
	}}
	a.huma.OpenAPI().AddOperation(&op)
}

// atWorkBody is the progress of a large import.
type atWorkBody struct {
	Branch  string `json:"branch"`
	Scanner string `json:"scanner"`
	Source  string `json:"source"`
	Done    int64  `json:"rows_done"`
	Total   int64  `json:"rows_total"`
}

// imports adds the operation that lists the large imports in progress.
func (a *API) imports() {
	register(a, onGet("/products/{id}/imports", "list-imports"),
		"How far large imports at work are",
		func(ctx context.Context, in *IDPath) (*list[atWorkBody], error) {
			out := &list[atWorkBody]{}
			out.Body.Items = []atWorkBody{}
			found, err := a.Ingest.ImportsInProgress(ctx, actorOf(ctx), in.ID)
			for _, w := range found {
				out.Body.Items = append(out.Body.Items, atWorkBody(w))
			}
			return out, err
		})
}

func (a *API) upload(c *gin.Context) {
	dest, err := destinationOf(c)
	if err != nil {
		a.fail(c, err)
		return
	}
	if err := a.limitBody(c); err != nil {
		a.fail(c, err)
		return
	}
	body, err := reportBody(c.Request)
	if err != nil {
		a.fail(c, err)
		return
	}
	if err := a.importOnce(c, dest, body); err != nil {
		a.fail(c, err)
	}
}

// importOnce imports a report, or repeats the stored answer to the same request.
func (a *API) importOnce(c *gin.Context, dest ingest.Destination, body io.Reader) error {
	actor, _ := web.ActorOf(c.Request.Context())
	o, err := a.onceOf(c, http.StatusCreated)
	if err != nil {
		return err
	}
	if o != nil {
		if err := a.Ingest.May(c.Request.Context(), actor, dest.ProductID); err != nil {
			return err
		}
		o.complete = func(ctx context.Context, answer string) (string, error) {
			return a.completeStored(ctx, dest.ProductID, answer)
		}
		if done, err := o.replay(c, body); done || err != nil {
			return err
		}
		body, dest.Once = o.reading(body), o.keep
	}
	result, err := a.Ingest.Upload(c.Request.Context(), actor, dest, body)
	if o != nil && fault.Is(err, fault.Conflict) { // the same request at the same time
		if done, replayErr := o.replay(c, strings.NewReader("")); done {
			return replayErr
		}
	}
	if fault.Is(err, fault.Conflict) {
		c.Header("Retry-After", retryImport)
	}
	if err != nil {
		return err
	}
	c.JSON(http.StatusCreated, a.withFailing(c.Request.Context(), dest.ProductID, importOf(result)))
	return nil
}

func destinationOf(c *gin.Context) (ingest.Destination, error) {
	id, err := web.ID(c, "id", "product")
	if err != nil {
		return ingest.Destination{}, err
	}
	dest := ingest.Destination{
		ProductID: id,
		Branch:    c.Query("branch"),
		Scanner:   c.Query("scanner"),
		Source:    c.Query("source"),
		Format:    c.Query("format"),
	}
	if dest.AsDefault, err = queryFlag(c, "default"); err != nil {
		return dest, err
	}
	dest.Clean, err = queryFlag(c, "clean")
	return dest, err
}

// queryFlag returns a query parameter that is true or false, false if it is absent.
func queryFlag(c *gin.Context, name string) (bool, error) {
	switch c.Query(name) {
	case "true", "1":
		return true, nil
	case "", "false", "0":
		return false, nil
	}
	return false, fault.BadField(name, "true or false")
}

// reportBody returns the request's body, or its multipart field file.
func reportBody(r *http.Request) (io.Reader, error) {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		return r.Body, nil
	}
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, fault.Wrap(fault.Malformed, "The multipart body cannot be read", err)
	}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return nil, fault.BadField("file", "Send the report in the field file")
		}
		if err != nil {
			return nil, unreadableParts(err)
		}
		if part.FormName() == "file" {
			return part, nil
		}
	}
}
