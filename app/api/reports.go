package api

import (
	"context"
	"net/http"
	"net/url"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"gatecrier/app/fault"
	"gatecrier/app/ingest"
	"gatecrier/app/web"
)

// retryImport is the Retry-After of a report that another import of its source keeps out, in
// seconds.
const retryImport = "5"

// reports adds the route that takes reports. It is a plain gin handler because a report is
// read as it arrives; the OpenAPI document describes it nevertheless.
func (a *API) reports(group *gin.RouterGroup) {
	group.POST("/products/:id/reports", a.upload)
	op := onPost("/products/{id}/reports", "upload-report", http.StatusCreated)
	op.Summary = "Import a scanner report"
	op.Parameters, op.RequestBody = reportParameters(), reportRequest()
	schemas := a.huma.OpenAPI().Components.Schemas
	op.Responses = map[string]*huma.Response{"201": {
		Headers:     locationHeader(),
		Description: "The result of the import, even if the gate fails. A report whose scan did not run is refused (422)",
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
		"Get the progress of large imports",
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
			text, branch, err := a.completeStored(ctx, dest.ProductID, answer)
			c.Header("Location", observationsPath(dest.ProductID, branch))
			return text, err
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
	c.Header("Location", observationsPath(dest.ProductID, results[0].Branch))
	c.JSON(http.StatusCreated, a.answerWithFailing(c.Request.Context(), dest.ProductID, answerOf(results)))
	return nil
}

// observationsPath returns the path of what a report has imported.
func observationsPath(productID int64, branch string) string {
	return prefix + pathTo("/products", productID) + "/observations?" + url.Values{"branch": {branch}}.Encode()
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
	if err := knownQuery(c, "branch", "scanner", "source", "format", "default", "clean"); err != nil {
		return dest, err
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
	return false, fault.BadField(name, "Enter true or false")
}
