package api

import (
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"gatecrier/app/fault"
)

// requireKnownQuery refuses a request with a query parameter that its operation does not have: a
// misspelled filter would answer with a list that is not filtered.
func (a *API) requireKnownQuery(ctx huma.Context, next func(huma.Context)) {
	var names []string
	for _, p := range ctx.Operation().Parameters {
		if p.In == "query" {
			names = append(names, p.Name)
		}
	}
	c := humagin.Unwrap(ctx)
	if err := knownQuery(c, names...); err != nil {
		a.fail(c, err)
		return
	}
	next(ctx)
}

// knownQuery returns a field error for each query parameter of another name.
func knownQuery(c *gin.Context, names ...string) error {
	known := "The query can have " + strings.Join(names, ", ")
	if len(names) == 0 {
		known = "This operation has no query parameters"
	}
	var fieldErrs fault.Fields
	for name := range c.Request.URL.Query() {
		if !slices.Contains(names, name) {
			fieldErrs.Add(name, "Unknown parameter. "+known)
		}
	}
	slices.SortFunc(fieldErrs, func(a, b fault.Field) int { return strings.Compare(a.Name, b.Name) })
	return fieldErrs.Err()
}
