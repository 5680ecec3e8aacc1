package web

import (
	"strconv"

	"github.com/gin-gonic/gin"

	"gatecrier/app/fault"
)

// ID returns an id of the path. It returns a NotFound error about what if the text is not an id.
func ID(c *gin.Context, param, what string) (int64, error) {
	id, err := strconv.ParseInt(c.Param(param), 10, 64)
	if err != nil || id < 1 {
		return 0, fault.NewNotFound(what)
	}
	return id, nil
}
