package app

import (
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"gatecrier/models"
	"gatecrier/templates/page"
)

// ready answers 200 if the program can do its work, else 503 with the part that cannot. For the
// database it adds the state.
func (a *App) ready(c *gin.Context) {
	ctx := c.Request.Context()
	err := a.Store.Check(ctx)
	if state := models.StateOf(err); state != models.Available {
		a.log.Warn("not ready", "part", "database", "error", err)
		c.Header("Retry-After", strconv.Itoa(int(state.RetryAfter()/time.Second)))
		c.String(http.StatusServiceUnavailable, "database: "+state.String()+"\n"+state.Sentence()+"\n")
		return
	}
	if pending, pendingErr := a.Store.Pending(ctx); pendingErr != nil || pending {
		a.log.Warn("not ready", "part", "migrations", "error", pendingErr)
		c.String(http.StatusServiceUnavailable, "migrations\n")
		return
	}
	if err != nil {
		a.log.Warn("not ready", "part", "database", "error", err)
		c.String(http.StatusServiceUnavailable, "database\n")
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
