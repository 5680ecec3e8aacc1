package api

import (
	"cmp"
	"context"
	"net/http"
	"strconv"

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
	Scanner      string        `json:"scanner" doc:"Of the source that the report replaced"`
	Source       string        `json:"source" doc:"Its name; without the parameter source what the report is of"`
	Observations *tallyBody    `json:"observations,omitempty" doc:"Absent for bare counts"`
	Counts       models.Counts `json:"counts" doc:"The branch's active observations, over all its sources"`
	Gate         importGate    `json:"gate"`
	Warnings     []string      `json:"warnings,omitempty" doc:"What was done otherwise than usual, and why; absent if nothing was"`
	FailingBody
}

// importGate is a branch's gate before and after an import.
type importGate struct {
	Before models.GateState `json:"before" enum:"none,passed,failed"`
	After  models.GateState `json:"after" enum:"none,passed,failed"`
	Why    string           `json:"why"`
}

type tallyBody struct {
	New      int `json:"new"`
	Updated  int `json:"updated" doc:"Seen again, changed or not"`
	Reopened int `json:"reopened"`
	Resolved int `json:"resolved"`
}

func tallyOf(t ingest.Tally) tallyBody {
	return tallyBody{New: t.New, Updated: t.Updated, Reopened: t.Reopened, Resolved: t.Resolved}
}

func importOf(r ingest.Result) importBody {
	b := importBody{
		Format: r.Format, Branch: r.Branch, Scanner: r.Scanner, Source: r.Source, Counts: r.Counts, Warnings: r.Warnings,
		Gate: importGate{Before: r.Gate.Before, After: r.Gate.After, Why: r.Gate.Why},
	}
	if r.Format != models.FormatCounts {
		tally := tallyOf(r.Tally)
		b.Observations = &tally
	}
	return b
}

// importsBody is the answer to several reports in one request.
type importsBody struct {
	Branch string        `json:"branch"`
	Counts models.Counts `json:"counts" doc:"The branch's active observations, over all its sources, after all files"`
	Gate   importGate    `json:"gate" doc:"Evaluated once, after all files"`
	Files  []fileBody    `json:"files" doc:"In the order of the request"`
	FailingBody
}

// fileBody is what the import of one of several files did.
type fileBody struct {
	File         string    `json:"file" doc:"Its position and name: file 2 (b.json)"`
	Format       string    `json:"format"`
	Scanner      string    `json:"scanner"`
	Source       string    `json:"source"`
	Observations tallyBody `json:"observations"`
	Warnings     []string  `json:"warnings,omitempty"`
}

// answerOf returns the answer to an import: an importBody for one report, an importsBody for more.
func answerOf(results []ingest.Result) any {
	one := importOf(results[0])
	if len(results) == 1 {
		return one
	}
	b := importsBody{Branch: one.Branch, Counts: one.Counts, Gate: one.Gate}
	for i, r := range results {
		b.Files = append(b.Files, fileBody{
			File: cmp.Or(r.File, "file "+strconv.Itoa(i+1)), Format: r.Format, Scanner: r.Scanner, Source: r.Source, Observations: tallyOf(r.Tally),
			Warnings: r.Warnings,
		})
	}
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
		{
			Name:   "source",
			In:     "query",
			Schema: text,
			Description: "Tells several reports of one scanner apart; a report replaces the last one of its scanner and source. " +
				"Absent: what the report is of, such as an image without its tag. For one file only",
		},
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
			Properties: map[string]*huma.Schema{fileField: {Type: "string", Format: "binary"}},
			AdditionalProperties: &huma.Schema{
				Type: "string", Format: "binary", Description: "A file whose source has the name of the field",
			},
		}},
	}
	op.RequestBody = &huma.RequestBody{
		Description: "The report, raw or as the multipart field file: UTF-8, UTF-16 with a byte order mark, or either " +
			"of them packed with gzip (recognized by content). The size limit applies to the unpacked report too. A form can " +
			"have up to 100 files: each is imported, or none is. A field other than file is the name of its file's source",
		Required: true,
		Content:  body,
	}
	schemas := a.huma.OpenAPI().Components.Schemas
	op.Responses = map[string]*huma.Response{"201": {
		Description: "What the import did; also where the gate fails. A report whose scan did not run is refused (422)",
		Content: map[string]*huma.MediaType{
			"application/json": {Schema: &huma.Schema{OneOf: []*huma.Schema{
				schemas.Schema(typeOf[importBody](), true, ""), schemas.Schema(typeOf[importsBody](), true, ""),
			}}},
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
	files, err := reportFiles(c.Request)
	if err != nil {
		a.fail(c, err)
		return
	}
	if err := a.importOnce(c, dest, files); err != nil {
		a.fail(c, err)
	}
}

// importOnce imports reports, or repeats the stored answer to the same request.
func (a *API) importOnce(c *gin.Context, dest ingest.Destination, files nextFile) error {
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
		files, dest.Once = o.reading(files), o.keep
		if done, err := o.replay(c, func() error { return readAll(files) }); done || err != nil {
			return err
		}
	}
	results, err := a.Ingest.UploadFiles(c.Request.Context(), actor, dest, files)
	if o != nil && fault.Is(err, fault.Conflict) { // the same request at the same time
		if done, replayErr := o.replay(c, func() error { return nil }); done {
			return replayErr
		}
	}
	if fault.Is(err, fault.Conflict) {
		c.Header("Retry-After", retryImport)
	}
	if err != nil {
		return err
	}
	c.JSON(http.StatusCreated, a.answerWithFailing(c.Request.Context(), dest.ProductID, answerOf(results)))
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
