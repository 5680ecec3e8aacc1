package admin

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"gatecrier/app/event"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

// healthRoutes adds the health page.
func (a *Admin) healthRoutes(r router) {
	r.get("/admin/health", a.health)
	r.get("/admin/health/now", a.healthNow)
	r.post("/admin/health/mail", a.mailResume)
}

func (a *Admin) health(c *gin.Context) error {
	v, err := a.healthView(c)
	if err != nil {
		return err
	}
	v.Frame = a.frame(c, "Health", layout.NavHealth)
	return render(c, http.StatusOK, page.Health(v))
}

// healthNow renders the part of the page that reloads itself.
func (a *Admin) healthNow(c *gin.Context) error {
	v, err := a.healthView(c)
	if err != nil {
		return err
	}
	v.Frame = layout.View{Version: a.Version, Now: a.inUserZone(c, a.Store.Now())}
	return render(c, http.StatusOK, page.HealthNow(v))
}

func (a *Admin) healthView(c *gin.Context) (page.HealthView, error) {
	o, err := a.Connections.Overall(c.Request.Context(), actorOf(c))
	if err != nil {
		return page.HealthView{}, err
	}
	parked, err := a.parkedEvents(c)
	if err != nil {
		return page.HealthView{}, err
	}
	mail := a.Settings.Mail()
	return page.HealthView{
		Parked:  parked,
		Rows:    a.connectionRows(c, o.Connections),
		More:    o.More,
		Mail:    a.connectionRow(c, o.Mail),
		MailSet: mail.Host != "" && mail.From != "",
		Waiting: o.Outbox.Waiting,
		Sending: o.Outbox.Sending,
		Oldest:  a.inUserZone(c, o.Outbox.Oldest),
		Loops:   a.loopsOf(c),
		Storage: databaseName(a.Store.Dialect()),
	}, nil
}

// loopsOf returns the loops of this instance, with times in the user's zone.
func (a *Admin) loopsOf(c *gin.Context) []page.LoopRow {
	list := a.Loops()
	for i := range list {
		list[i].FailedAt = a.inUserZone(c, list[i].FailedAt)
	}
	return list
}

// maxParked bounds the list of events that could not be routed.
const maxParked = 20

// parkedEvents lists the events that could not be routed, each with a link to its subject.
func (a *Admin) parkedEvents(c *gin.Context) ([]page.ParkedRow, error) {
	list, err := a.Store.ParkedWork(c.Request.Context(), actorOf(c).Scope(), string(event.ReaderNotify), maxParked)
	rows := make([]page.ParkedRow, len(list))
	for i, p := range list {
		rows[i] = page.ParkedRow{
			ID:    p.Event.ID,
			Type:  p.Event.Type,
			At:    a.inUserZone(c, p.Event.At),
			Tries: p.Attempts,
			Error: p.Error,
		}
		switch event.Type(p.Event.Type) {
		case event.ExceptionRequest, event.ExceptionTask, event.ExceptionReported:
			rows[i].What, rows[i].Path = "The exception", exceptionPathOf(p.Event.Payload)
		default:
			if p.Event.ProductID != 0 {
				rows[i].What, rows[i].Path = p.Event.Product, productPath(p.Event.ProductID)
			}
		}
	}
	return rows, err
}

// exceptionPathOf returns the path of the exception that a payload is about, or of the list: the
// payload may be what could not be read.
func exceptionPathOf(payload []byte) string {
	var p struct {
		Group int64 `json:"group"`
	}
	if err := json.Unmarshal(payload, &p); err != nil || p.Group < 1 {
		return "/exceptions"
	}
	return "/exceptions/" + strconv.FormatInt(p.Group, 10)
}

// databaseName names a database.
func databaseName(d models.Dialect) string {
	if d == models.Postgres {
		return "PostgreSQL"
	}
	return "SQLite"
}

// mailResume makes the mail server try again now.
func (a *Admin) mailResume(c *gin.Context) error {
	if err := a.Connections.ResumeMail(c.Request.Context(), actorOf(c)); err != nil {
		return err
	}
	a.Dispatcher.Wake()
	const text = "The oldest mail shows whether it is back."
	return a.redirect(c, "ok", "The mail server is tried now", text, "/admin/health")
}
