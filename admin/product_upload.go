package admin

import (
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/ingest"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

// productUploadRoutes adds the upload of a report.
func (a *Admin) productUploadRoutes(r router) {
	r.get("/products/:id/upload", a.upload)
	r.get("/products/:id/upload/progress", a.uploadProgress)
	r.post("/products/:id/upload", a.uploadReport)
}

// formRoom is the size in bytes that a form can have beside the report itself.
const formRoom = 1 << 20

func (a *Admin) upload(c *gin.Context) error {
	row, err := a.importableProduct(c)
	if err != nil {
		return err
	}
	return a.uploadPage(c, http.StatusOK, row, page.UploadView{})
}

// importableProduct returns the product of the path, if the actor can view it and import into it.
func (a *Admin) importableProduct(c *gin.Context) (models.ProductRow, error) {
	row, err := a.productOf(c)
	if err != nil {
		return row, err
	}
	return row, authz.Require(c.Request.Context(), a.Store, actorOf(c), authz.Import, row.ID)
}

// uploadProgress answers with the progress of the product's largest import. A script of the upload
// form asks for it.
func (a *Admin) uploadProgress(c *gin.Context) error {
	id, err := web.ID(c, "id", "product")
	if err != nil {
		return err
	}
	list, err := a.Ingest.ImportsInProgress(c.Request.Context(), actorOf(c), id)
	if err != nil {
		return err
	}
	var far struct {
		Done  int64 `json:"done"`
		Total int64 `json:"total"`
	}
	for _, w := range list {
		if w.Total > far.Total {
			far.Done, far.Total = w.Done, w.Total
		}
	}
	c.JSON(http.StatusOK, far)
	return nil
}

func (a *Admin) uploadPage(c *gin.Context, status int, row models.ProductRow, v page.UploadView) error {
	v.Frame = a.frame(c, "Upload a report to "+row.Name, layout.NavProducts)
	v.ID, v.Product, v.Default, v.BaseURL = row.ID, row.Name, row.Default.Name, a.BaseURL()
	return render(c, status, page.Upload(v))
}

// uploadReport imports a report by the same use case as the API.
func (a *Admin) uploadReport(c *gin.Context) error {
	row, err := a.importableProduct(c)
	if err != nil {
		return err
	}
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, a.Settings.Reports().MaxBytes+formRoom)
	result, v, err := a.importForm(c, row.ID)
	if errs := uploadErrors(err); errs != nil {
		v.Errors = errs
		return a.uploadPage(c, web.StatusOf(err), row, v)
	}
	if err != nil {
		return err
	}
	v.Result = &page.ImportResult{
		Format:    result.Format,
		Scanner:   result.Scanner,
		Source:    result.Source,
		Branch:    result.Branch,
		New:       result.Tally.New,
		Updated:   result.Tally.Updated,
		Reopened:  result.Tally.Reopened,
		Resolved:  result.Tally.Resolved,
		Counts:    uiCounts(result.Counts),
		Before:    string(result.Gate.Before),
		After:     string(result.Gate.After),
		Why:       result.Gate.Why,
		Evaluated: result.Branch == row.Default.Name,
		Warnings:  result.Warnings,
	}
	if r := result.VEX; r != nil {
		v.Result.VEX = &page.VEXResult{
			Document: r.Document.Document, Statements: r.Document.Statements, Changed: r.Changed, Unchanged: r.Unchanged,
			NotFound: r.NotFound,
		}
	}
	return a.uploadPage(c, http.StatusOK, row, v)
}

func (a *Admin) importForm(c *gin.Context, id int64) (ingest.Result, page.UploadView, error) {
	header, err := c.FormFile("file")
	v := page.UploadView{
		Branch: c.PostForm("branch"), Scanner: c.PostForm("scanner"), Source: c.PostForm("source"),
		Clean: c.PostForm("clean") == "on",
	}
	if errors.Is(err, http.ErrMissingFile) {
		return ingest.Result{}, v, fault.BadField("file", "Choose a report")
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return ingest.Result{}, v, a.tooLarge(err)
	}
	if err != nil {
		return ingest.Result{}, v, fault.Wrap(fault.Malformed, "The form cannot be read", err)
	}
	if header.Size > a.Settings.Reports().MaxBytes {
		return ingest.Result{}, v, a.tooLarge(nil)
	}
	file, err := header.Open()
	if err != nil {
		return ingest.Result{}, v, err
	}
	dest := ingest.Destination{
		ProductID: id, Branch: v.Branch, Scanner: v.Scanner, Source: v.Source, Clean: v.Clean,
	}
	result, err := a.Ingest.Upload(c.Request.Context(), actorOf(c), dest, file)
	return result, v, errors.Join(err, file.Close())
}

func (a *Admin) tooLarge(cause error) error {
	return ingest.TooLarge(a.Settings.Reports().MaxBytes, cause)
}

// uploadErrors returns the errors beside the form's fields. What the use case calls report is the
// field file there.
func uploadErrors(err error) map[string]string {
	var f *fault.Error
	if fault.Is(err, fault.TooLarge) && errors.As(err, &f) {
		return map[string]string{"file": f.Text}
	}
	errs := fieldErrors(err)
	if message, ok := errs["report"]; ok {
		errs["file"] = message
	}
	return errs
}
