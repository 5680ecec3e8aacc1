package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"gatecrier/app/fault"
	"gatecrier/app/ingest"
	"gatecrier/app/vex"
	"gatecrier/app/web"
	"gatecrier/models"
)

// vexBody is what a VEX document says of an observation.
type vexBody struct {
	Document      int64         `json:"document_id"`
	Name          string        `json:"document,omitempty" doc:"The ID that its author gave the document; absent in lists"`
	Status        models.Status `json:"status"`
	Justification string        `json:"justification" doc:"The label, with its explanation"`
}

func vexOf(o models.Observation) *vexBody {
	if o.VEX.Status == "" {
		return nil
	}
	return &vexBody{
		Document: o.VEX.DocumentID, Name: o.VEX.Document, Status: o.VEX.Status, Justification: o.VEX.Justification,
	}
}

// VEXDocumentBody is a VEX document.
type VEXDocumentBody struct {
	ID       int64  `json:"id" doc:"The ID for DELETE /vex/{id}"`
	Product  int64  `json:"product_id"`
	Branch   string `json:"branch" doc:"Empty: all branches"`
	Format   string `json:"format" enum:"openvex,csaf"`
	Document struct {
		ID        string    `json:"id" doc:"The author's ID; for CSAF, prefixed with the publisher's namespace"`
		Author    string    `json:"author"`
		Version   string    `json:"version"`
		Timestamp time.Time `json:"timestamp"`
	} `json:"document"`
	Statements int64 `json:"statements"`
}

func vexDocumentOf(v models.VEXDocument) VEXDocumentBody {
	b := VEXDocumentBody{ID: v.ID, Product: v.ProductID, Branch: v.Branch, Format: v.Format, Statements: v.Statements}
	b.Document.ID, b.Document.Author, b.Document.Version = v.Document, v.Author, v.Version
	b.Document.Timestamp = v.MadeAt
	return b
}

// listedVEXBody is a VEX document in a list.
type listedVEXBody struct {
	VEXDocumentBody
	Observations int64     `json:"observations" doc:"How many observations have a status from it"`
	UploadedAt   time.Time `json:"uploaded_at"`
	UploadedBy   string    `json:"uploaded_by"`
}

func listedVEXOf(v models.VEXDocument) listedVEXBody {
	return listedVEXBody{
		VEXDocumentBody: vexDocumentOf(v), Observations: v.Applied, UploadedAt: v.UploadedAt, UploadedBy: v.UploadedBy,
	}
}

// VEXChangeBody is what a VEX document has changed.
type VEXChangeBody struct {
	VEXDocumentBody
	Observations struct {
		Changed   int `json:"changed" doc:"Observations whose status changed"`
		Unchanged int `json:"unchanged" doc:"Observations that the document is about, and whose status did not change"`
		NotFound  int `json:"not_found" doc:"Statements that are about no observation"`
	} `json:"observations"`
}

func vexChangeOf(r vex.Result) VEXChangeBody {
	b := VEXChangeBody{VEXDocumentBody: vexDocumentOf(r.Document)}
	b.Observations.Changed, b.Observations.Unchanged, b.Observations.NotFound = r.Changed, r.Unchanged, r.NotFound
	return b
}

// vexAnswer is the answer to a VEX document.
type vexAnswer struct {
	VEXChangeBody
	Gate struct {
		Branch string           `json:"branch" doc:"The branch of the document, else the default branch"`
		Before models.GateState `json:"before" enum:"none,passed,failed"`
		After  models.GateState `json:"after" enum:"none,passed,failed"`
		Why    string           `json:"why"`
		Counts models.Counts    `json:"counts"`
	} `json:"gate"`
	Warnings []string `json:"warnings,omitempty"`
}

// vex adds the operations of VEX documents.
func (a *API) vex(group *gin.RouterGroup) {
	group.POST("/products/:id/vex", a.uploadVEX)
	op := onPost("/products/{id}/vex", "upload-vex", http.StatusCreated)
	op.Summary = "Assess observations by a VEX document"
	op.Parameters = []*huma.Param{
		{Name: "id", In: "path", Required: true, Schema: &huma.Schema{Type: "integer"}},
		{Name: "branch", In: "query", Schema: &huma.Schema{Type: "string"}, Description: "Absent: all branches"},
	}
	op.RequestBody = &huma.RequestBody{
		Description: "OpenVEX or CSAF as JSON, raw or as the multipart field file. It replaces the earlier version of the " +
			"document, which has the same ID",
		Required: true,
		Content: map[string]*huma.MediaType{
			"application/json": {Schema: &huma.Schema{Type: "object"}},
			"multipart/form-data": {Schema: &huma.Schema{
				Type:       "object",
				Required:   []string{"file"},
				Properties: map[string]*huma.Schema{"file": {Type: "string", Format: "binary"}},
			}},
		},
	}
	op.Responses = map[string]*huma.Response{"201": {
		Headers:     locationHeader(),
		Description: "The changes made by the document",
		Content: map[string]*huma.MediaType{
			"application/json": {Schema: huma.SchemaFromType(a.huma.OpenAPI().Components.Schemas, typeOf[vexAnswer]())},
		},
	}}
	a.huma.OpenAPI().AddOperation(&op)
	register(a, onGet("/products/{id}/vex", "list-vex"), "List the VEX documents of a product, the last uploaded first",
		func(ctx context.Context, in *IDPath) (*list[listedVEXBody], error) {
			out := &list[listedVEXBody]{}
			out.Body.Items = []listedVEXBody{}
			found, err := a.Observations.VEXDocuments(ctx, actorOf(ctx), in.ID)
			for _, v := range found {
				out.Body.Items = append(out.Body.Items, listedVEXOf(v))
			}
			return out, err
		})
	register(a, onDelete("/vex/{id}", "delete-vex"),
		"Delete a VEX document. Its observations get their status from other documents or from their reports again",
		func(ctx context.Context, in *IDPath) (*struct{}, error) {
			_, err := a.Observations.DeleteVEX(ctx, actorOf(ctx), in.ID)
			return nil, err
		})
}

func (a *API) uploadVEX(c *gin.Context) {
	answer, err := a.applyVEX(c)
	if err != nil {
		if fault.Is(err, fault.Conflict) {
			c.Header("Retry-After", retryImport)
		}
		a.fail(c, err)
		return
	}
	c.Header("Location", prefix+pathTo("/vex", answer.ID))
	c.JSON(http.StatusCreated, answer)
}

func (a *API) applyVEX(c *gin.Context) (vexAnswer, error) {
	id, err := web.ID(c, "id", "product")
	if err != nil {
		return vexAnswer{}, err
	}
	if err := knownQuery(c, "branch"); err != nil {
		return vexAnswer{}, err
	}
	if err := a.limitBody(c); err != nil {
		return vexAnswer{}, err
	}
	files, err := reportFiles(c.Request)
	if err != nil {
		return vexAnswer{}, err
	}
	file, err := files()
	if errors.Is(err, io.EOF) {
		err = fault.BadField(fileField, "Send the document in the field file")
	}
	if err != nil {
		return vexAnswer{}, err
	}
	actor, _ := web.ActorOf(c.Request.Context())
	dest := ingest.Destination{ProductID: id, Branch: c.Query("branch")}
	result, err := a.Ingest.UploadVEX(c.Request.Context(), actor, dest, file.Body)
	if err != nil {
		return vexAnswer{}, err
	}
	b := vexAnswer{VEXChangeBody: vexChangeOf(*result.VEX), Warnings: result.Warnings}
	b.Gate.Branch, b.Gate.Counts = result.Branch, result.Counts
	b.Gate.Before, b.Gate.After, b.Gate.Why = result.Gate.Before, result.Gate.After, result.Gate.Why
	return b, nil
}
