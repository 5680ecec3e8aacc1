package app

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/templates/page"
)

// ready answers 200 if the program can do its work, else 503 with the part that cannot.
func (a *App) ready(c *gin.Context) {
	ctx := c.Request.Context()
	if err := a.Store.Ping(ctx); err != nil {
		a.log.Warn("not ready", "part", "database", "error", err)
		c.String(http.StatusServiceUnavailable, "database\n")
		return
	}
	if pending, err := a.Store.Pending(ctx); err != nil || pending {
		a.log.Warn("not ready", "part", "migrations", "error", err)
		c.String(http.StatusServiceUnavailable, "migrations\n")
		return
	}
	if loop := a.loops.Down(); loop != "" {
		c.String(http.StatusServiceUnavailable, loop+"\n")
		return
	}
	c.String(http.StatusOK, "ready\n")
}

// loopRows returns the state of each loop.
func (a *App) loopRows() []page.LoopRow {
	states := a.loops.States()
	rows := make([]page.LoopRow, len(states))
	for i, s := range states {
		rows[i] = page.LoopRow(s)
	}
	return rows
}
