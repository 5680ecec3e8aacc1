package admin

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/ingest"
	"gatecrier/app/product"
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
	v.Formats = ingest.Formats()
	var err error
	if v.CanOwn, err = a.mayAt(c, authz.Own, product.InProduct(row.ID)); err != nil {
		return err
	}
	return render(c, status, page.Upload(v))
}

// uploadReport imports a report by the same use case as the API.
func (a *Admin) uploadReport(c *gin.Context) error {
	row, err := a.importableProduct(c)
	if err != nil {
		return err
	}
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, a.Settings.Reports().MaxBytes+formRoom)
	results, v, err := a.importForm(c, row.ID)
	if errs := uploadErrors(err); errs != nil {
		v.Errors = errs
		return a.uploadPage(c, web.StatusOf(err), row, v)
	}
	if err != nil {
		return err
	}
	for _, r := range results {
		v.Results = append(v.Results, importResult(r, row.Default.Name))
	}
	return a.uploadPage(c, http.StatusOK, row, v)
}

// importResult returns a result as the page shows it.
func importResult(r ingest.Result, defaultBranch string) page.ImportResult {
	v := page.ImportResult{
		File:      r.File,
		Format:    r.Format,
		Scanner:   r.Scanner,
		Source:    r.Source,
		Branch:    r.Branch,
		New:       r.Tally.New,
		Updated:   r.Tally.Updated,
		Reopened:  r.Tally.Reopened,
		Resolved:  r.Tally.Resolved,
		Counts:    uiCounts(r.Counts),
		Before:    string(r.Gate.Before),
		After:     string(r.Gate.After),
		Why:       r.Gate.Why,
		Evaluated: r.Branch == defaultBranch,
		Warnings:  r.Warnings,
	}
	if vex := r.VEX; vex != nil {
		v.VEX = &page.VEXResult{
			Document: vex.Document.Document, Statements: vex.Document.Statements, Changed: vex.Changed,
			Unchanged: vex.Unchanged, NotFound: vex.NotFound,
		}
	}
	return v
}

// importForm imports the files of the form: all of them, or none.
func (a *Admin) importForm(c *gin.Context, id int64) ([]ingest.Result, page.UploadView, error) {
	form, err := c.MultipartForm()
	v := page.UploadView{
		Branch: c.PostForm("branch"), Scanner: c.PostForm("scanner"), Source: c.PostForm("source"),
		Clean: c.PostForm("clean") == "on", Format: c.PostForm("format"),
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, v, a.tooLarge(err)
	}
	if err != nil {
		return nil, v, fault.Wrap(fault.Malformed, "The form could not be read. Reload the page and try again", err)
	}
	if len(form.File["file"]) == 0 {
		return nil, v, fault.BadField("file", "Choose a report")
	}
	files := formFiles{left: form.File["file"]}
	dest := ingest.Destination{
		ProductID: id, Branch: v.Branch, Scanner: v.Scanner, Source: v.Source, Clean: v.Clean, Format: v.Format,
	}
	results, err := a.Ingest.UploadFiles(c.Request.Context(), actorOf(c), dest, files.next)
	return results, v, errors.Join(err, files.close())
}

// formFiles opens the files of a form one after the other.
type formFiles struct {
	left []*multipart.FileHeader
	open multipart.File
}

// next closes the last file and returns the next one, until io.EOF.
func (f *formFiles) next() (ingest.File, error) {
	if err := f.close(); err != nil {
		return ingest.File{}, err
	}
	if len(f.left) == 0 {
		return ingest.File{}, io.EOF
	}
	header := f.left[0]
	f.left = f.left[1:]
	var err error
	f.open, err = header.Open()
	return ingest.File{Name: header.Filename, Body: f.open}, err
}

func (f *formFiles) close() error {
	if f.open == nil {
		return nil
	}
	err := f.open.Close()
	f.open = nil
	return err
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
