package api

import (
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"gatecrier/app/web"
)

// Fail answers an error outside the routes of the API: an unknown path, or a panic.
func Fail(c *gin.Context, log *slog.Logger, err error) {
	(&API{Services: Services{Log: log}}).fail(c, err)
}

// fail answers a request to a plain gin handler with an error.
func (a *API) fail(c *gin.Context, err error) {
	p := web.ToProblem(c.Request.Context(), a.Log, err)
	p.SetHeaders(c.Writer.Header())
	c.Header("Content-Type", p.ContentType(""))
	c.AbortWithStatusJSON(p.Status, p)
}

// useProblems makes huma answer its own errors with newProblem. huma keeps the function and its
// texts in globals, so they are set once per process.
var useProblems = sync.OnceFunc(func() {
	huma.NewError = newProblem
	useTexts()
})

// unreadableBody is huma's message for a body that ends too early, which it answers by 500.
const unreadableBody = "cannot read request body"

// newProblem returns the answer to a request that huma itself refuses. It leaves out the
// values of the request: they can be secrets.
func newProblem(status int, message string, errs ...error) huma.StatusError {
	if status == http.StatusInternalServerError && message == unreadableBody {
		status, message = http.StatusBadRequest, "The body could not be read completely"
	}
	p := &web.Problem{Title: http.StatusText(status), Status: status, Detail: detailOf(status, message)}
	for _, err := range errs {
		if err != nil {
			p.Errors = append(p.Errors, fieldOf(status, err))
		}
	}
	return p
}

// fieldName returns a location without the part of the request that it is in: "name" for
// "body.name".
func fieldName(location string) string {
	for _, part := range []string{"body.", "query.", "path.", "header."} {
		if rest, ok := strings.CutPrefix(location, part); ok {
			return rest
		}
	}
	return location
}
