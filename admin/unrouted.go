package admin

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

const unroutedPath = "/admin/unrouted"

// unroutedRoutes adds the page of the events that could not be routed.
func (a *Admin) unroutedRoutes(r router) {
	r.get("/admin/unrouted", a.unrouted)
	r.post("/admin/unrouted/retry", a.unroutedRetryAll)
	r.post("/admin/unrouted/:id/retry", a.unroutedRetry)
}

// unrouted lists the events that could not be routed yet, oldest first.
func (a *Admin) unrouted(c *gin.Context) error {
	if err := checkListURL(c, forwardParams(idParam(afterField))...); err != nil {
		return err
	}
	p := forwardPageOf(c, idParam(afterField))
	p.in(unroutedPath)
	list, err := a.Unrouted.List(c.Request.Context(), actorOf(c), idOf(p.Key), p.size+1)
	if err != nil {
		return err
	}
	work, err := a.Unrouted.Tally(c.Request.Context(), actorOf(c))
	if err != nil {
		return err
	}
	v := page.UnroutedView{
		Frame:   a.frame(c, "Unrouted events", layout.NavHealth),
		Failed:  work.Failed,
		Waiting: work.Waiting,
	}
	list, v.Pager, err = cut(&p, list, "event", "events",
		func(u models.FailedWork) string { return formatInt(u.Event.ID) })
	if err != nil {
		return err
	}
	v.Rows = a.unroutedRows(c, list)
	return render(c, http.StatusOK, page.Unrouted(v))
}

// unroutedRetryAll routes all events that have failed again at once.
func (a *Admin) unroutedRetryAll(c *gin.Context) error {
	n, err := a.Unrouted.Retry(c.Request.Context(), actorOf(c), 0)
	if err != nil {
		return err
	}
	return a.redirect(c, "ok", plural(int(n), "event is", "events are")+" being retried", "", unroutedPath)
}

// unroutedRetry routes one event again at once.
func (a *Admin) unroutedRetry(c *gin.Context) error {
	id, err := web.ID(c, "id", "event")
	if err != nil {
		return err
	}
	switch _, err := a.Unrouted.Retry(c.Request.Context(), actorOf(c), id); {
	case fault.Is(err, fault.NotFound):
		return a.redirect(c, "wait", textOf(err), "No changes were made.", unroutedPath)
	case err != nil:
		return err
	}
	return a.redirect(c, "ok", "Event is being retried", "", unroutedPath)
}

// unroutedRows returns events that could not be routed, each with a link to its subject.
func (a *Admin) unroutedRows(c *gin.Context, list []models.FailedWork) []page.UnroutedRow {
	rows := make([]page.UnroutedRow, len(list))
	for i, w := range list {
		rows[i] = page.UnroutedRow{
			ID:    w.Event.ID,
			Type:  w.Event.Type,
			At:    a.inUserZone(c, w.Event.At),
			Next:  a.inUserZone(c, w.NextAt),
			Tries: w.Attempts,
			Error: w.Error,
		}
		switch event.Type(w.Event.Type) {
		case event.ExceptionRequest, event.ExceptionTask, event.ExceptionReported:
			rows[i].What, rows[i].Path = "Exception", exceptionPathOf(w.Event.Payload)
		default:
			if w.Event.ProductID != 0 {
				rows[i].What, rows[i].Path = w.Event.Product, productPath(w.Event.ProductID)
			}
		}
	}
	return rows
}

// exceptionPathOf returns the path of the exception that a payload is about, or of the list: the
// payload can be the part that could not be read.
func exceptionPathOf(payload []byte) string {
	var p struct {
		Group int64 `json:"group"`
	}
	if err := json.Unmarshal(payload, &p); err != nil || p.Group < 1 {
		return "/exceptions"
	}
	return "/exceptions/" + strconv.FormatInt(p.Group, 10)
}
