package admin

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"gatecrier/jobs"
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

// maxUnroutedHere is how many of the events that could not be routed the page of the health shows.
const maxUnroutedHere = 5

func (a *Admin) healthView(c *gin.Context) (page.HealthView, error) {
	o, err := a.Connections.Overall(c.Request.Context(), actorOf(c))
	if err != nil {
		return page.HealthView{}, err
	}
	unrouted, err := a.Unrouted.List(c.Request.Context(), actorOf(c), 0, maxUnroutedHere)
	if err != nil {
		return page.HealthView{}, err
	}
	work, err := a.Unrouted.Tally(c.Request.Context(), actorOf(c))
	if err != nil {
		return page.HealthView{}, err
	}
	mail := a.Settings.Mail()
	v := page.HealthView{
		Unrouted: a.unroutedRows(c, unrouted),
		Failed:   work.Failed,
		Rows:     a.connectionRows(c, o.Connections),
		More:     o.More,
		Mail:     a.connectionRow(c, o.Mail),
		MailSet:  mail.Host != "" && mail.From != "",
		Waiting:  o.Outbox.Waiting,
		Sending:  o.Outbox.Sending,
		Oldest:   a.inUserZone(c, o.Outbox.Oldest),
		Loops:    a.loopsOf(c),
		Storage:  databaseName(a.Store.Dialect()),
	}
	a.addOutage(c, &v)
	if err := a.addCheck(c, &v); err != nil {
		return v, err
	}
	err = a.addRemovals(c, &v)
	return v, err
}

// addOutage adds whether the database can be written.
func (a *Admin) addOutage(c *gin.Context, v *page.HealthView) {
	err := a.Store.Check(c.Request.Context())
	if err == nil {
		return
	}
	state, now := models.StateOf(err), a.Store.Condition()
	v.Outage, v.OutageText = strings.ReplaceAll(state.String(), "_", " "), state.Sentence()
	v.OutageWhy, v.OutageSince = err.Error(), a.inUserZone(c, now.Since)
}

// addCheck adds the result of the last check of the stored data.
func (a *Admin) addCheck(c *gin.Context, v *page.HealthView) error {
	runs, err := a.Store.JobRuns(c.Request.Context(), models.RunFilter{Job: jobs.IntegrityJob, Limit: 2})
	for _, run := range runs {
		if run.Result == models.RunOK || run.Result == models.RunFailed {
			v.Checked, v.CheckText = a.inUserZone(c, run.FinishedAt), run.Message
			v.CheckFailed = run.Result == models.RunFailed
			break
		}
	}
	return err
}

// removalWords names the kinds of removals.
var removalWords = map[models.RemovalKind]string{
	models.RemoveConnection: "connection",
	models.RemoveProduct:    "product",
	models.RemoveVEX:        "VEX document",
	models.RemoveSource:     "source",
	models.CancelMessages:   "queued messages (canceled)",
}

// addRemovals adds what was deleted and is being removed.
func (a *Admin) addRemovals(c *gin.Context, v *page.HealthView) error {
	list, err := a.Store.Removals(c.Request.Context())
	for _, m := range list {
		row := page.RemovalRow{
			Name: m.Name, Kind: removalWords[m.Kind], Done: m.Done, Total: m.Total, At: a.inUserZone(c, m.CreatedAt),
		}
		v.Removals = append(v.Removals, row)
	}
	return err
}

// loopsOf returns the loops of this instance, with times in the user's zone.
func (a *Admin) loopsOf(c *gin.Context) []page.LoopRow {
	list := a.Loops()
	for i := range list {
		list[i].FailedAt = a.inUserZone(c, list[i].FailedAt)
	}
	return list
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
	const text = "Sending the oldest queued email to check the server."
	return a.redirect(c, "ok", "Retrying the mail server now", text, "/admin/health")
}
