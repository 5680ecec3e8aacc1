package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

func (a *Admin) health(c *gin.Context) error {
	v, err := a.healthView(c)
	if err != nil {
		return err
	}
	v.Frame = a.frame(c, "Health", layout.NavHealth)
	return show(c, http.StatusOK, page.Health(v))
}

// healthNow is the part of the page that asks for itself.
func (a *Admin) healthNow(c *gin.Context) error {
	v, err := a.healthView(c)
	if err != nil {
		return err
	}
	v.Frame = layout.View{Version: a.Version, Now: a.zoned(c, a.Store.Now())}
	return show(c, http.StatusOK, page.HealthNow(v))
}

func (a *Admin) healthView(c *gin.Context) (page.HealthView, error) {
	o, err := a.Connections.Overall(c.Request.Context(), actorOf(c))
	if err != nil {
		return page.HealthView{}, err
	}
	mail := a.Settings.Mail()
	return page.HealthView{
		Rows: a.connectionRows(c, o.Connections), More: o.More, Mail: a.connectionRow(c, o.Mail), MailSet: mail.Host != "" && mail.From != "",
		Waiting: o.Outbox.Waiting, Sending: o.Outbox.Sending, Oldest: a.zoned(c, o.Outbox.Oldest), Loops: a.Loops(), Storage: storage(a.Store.Dialect()),
	}, nil
}

// storage names a database.
func storage(d models.Dialect) string {
	if d == models.Postgres {
		return "PostgreSQL"
	}
	return "SQLite"
}

// mailResume lets the mail server be tried now.
func (a *Admin) mailResume(c *gin.Context) error {
	if err := a.Connections.ResumeMail(c.Request.Context(), actorOf(c)); err != nil {
		return err
	}
	a.Dispatcher.Wake()
	a.flash(c, "ok", "The mail server is tried now", "The oldest mail shows whether it is back.")
	web.SeeOther(c, "/admin/health")
	return nil
}
