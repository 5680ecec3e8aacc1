package web

import (
	"strconv"

	"github.com/gin-gonic/gin"

	"gatecrier/app/fault"
)

// ID reads an id from the path. What is no id does not exist.
func ID(c *gin.Context, param, what string) (int64, error) {
	id, err := strconv.ParseInt(c.Param(param), 10, 64)
	if err != nil || id < 1 {
		return 0, fault.NewNotFound(what)
	}
	return id, nil
}
