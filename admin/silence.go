package admin

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"gatecrier/app/fault"
	"gatecrier/app/silence"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// silenceRoutes adds the page of a silence.
func (a *Admin) silenceRoutes(r router) {
	r.get(silencesPath+"/:id", a.silence)
	r.post(silencesPath+"/:id", a.silenceSave)
	r.get(silencesPath+"/:id/end", a.silenceEndConfirm)
	r.post(silencesPath+"/:id/end", a.silenceEnd)
}

func (a *Admin) silenceOf(c *gin.Context) (silence.Row, error) {
	id, err := web.ID(c, "id", "silence")
	if err != nil {
		return silence.Row{}, err
	}
	return a.Silences.Get(c.Request.Context(), actorOf(c), id)
}

func (a *Admin) silence(c *gin.Context) error {
	row, err := a.silenceOf(c)
	if err != nil {
		return err
	}
	form := a.silenceForm(c, silenceInput{
		draft: silence.Draft{
			Type:   row.Type,
			Text:   row.Text,
			Reason: row.Reason,
			EndsAt: row.EndsAt,
		},
		until: row.EndsAt.In(a.userZone(c)).Format(localTime),
	}, nil)
	return a.silencePage(c, http.StatusOK, row, form)
}

func (a *Admin) silencePage(c *gin.Context, status int, row silence.Row, form page.SilenceForm) error {
	v := page.SilenceView{Row: a.silenceRow(c, row)}
	if row.May {
		form.Version = row.Version
		v.Form = &form
	}
	p := forwardPageOf(c, idParam(beforeField))
	p.in(silencePath(row.ID))
	held, err := a.Silences.Held(c.Request.Context(), actorOf(c), row.ID, idOf(p.Key), p.size+1)
	if err != nil {
		return err
	}
	held, v.Pager, err = cut(&p, held, "notification", "notifications",
		func(n models.Notification) string { return formatInt(n.EventID) })
	if err != nil {
		return err
	}
	v.Held = a.heldRows(c, held)
	v.Frame = a.frame(c, "Silence: "+row.Reason, layout.NavSilences)
	return render(c, status, page.Silence(v))
}

// silenceSave changes what a silence covers, why, and until when.
func (a *Admin) silenceSave(c *gin.Context) error {
	row, err := a.silenceOf(c)
	if err != nil {
		return err
	}
	in, fieldErrs := a.silenceInput(c, c.PostForm)
	d := in.draft
	_, err = a.Silences.Change(c.Request.Context(), actorOf(c), row.ID, silence.Edit{
		Type: &d.Type, Text: &d.Text, Reason: &d.Reason, EndsAt: &d.EndsAt, Version: idOf(c.PostForm("version")),
		Unread: fieldErrs,
	})
	if errs := fieldErrors(err); errs != nil && row.May {
		return a.silencePage(c, http.StatusUnprocessableEntity, row, a.silenceForm(c, in, errs))
	}
	if fault.Is(err, fault.Conflict) && !isOutdated(err) {
		return a.redirect(c, "wait", "Silence not changed", textOf(err), silencePath(row.ID))
	}
	text := strings.TrimSpace("The change applies to new events. " + in.note)
	return a.done(c, err, "Silence changed", text, silencePath(row.ID))
}

func (a *Admin) silenceEndConfirm(c *gin.Context) error {
	row, err := a.silenceOf(c)
	if err != nil {
		return err
	}
	if !row.May {
		if row.State(a.Store.Now()) == models.SilenceEnded {
			web.SeeOther(c, silencePath(row.ID))
			return nil
		}
		return fault.New(fault.Forbidden, "Only users who can edit the scope of a silence can end it")
	}
	scope := row.ScopeName
	if row.ProductID == 0 && row.GroupID == 0 {
		scope = allProducts
		scope = strings.ToLower(scope[:1]) + scope[1:]
	}
	v := page.AskView{
		Crumbs:  []ui.Crumb{{Label: "Silences", Href: silencesPath}, {Label: row.Reason, Href: silencePath(row.ID)}},
		Title:   "End this silence now?",
		Cancel:  silencePath(row.ID),
		Buttons: []page.AskButton{{Label: "End silence"}},
		Effects: []string{"Scope: " + scope + ". Created by " + row.Author + ". Reason: " + row.Reason + "."},
	}
	switch n := row.Held.Rows; {
	case row.State(a.Store.Now()) == models.SilenceScheduled:
		v.Effects = append(v.Effects, "The scheduled silence will be canceled.")
	case n == 0:
		v.Effects = append(v.Effects, "The silence has silenced no notifications. Messages are sent again immediately.")
	default:
		held := plural(n, "silenced notification", "silenced notifications")
		v.Effects = append(v.Effects, "Messages are sent again immediately.",
			"The messages of "+held+" will not be sent. You get a summary. "+
				"You can resend them from Deliveries.")
	}
	return a.askPage(c, http.StatusOK, v.Title, layout.NavSilences, v)
}

func (a *Admin) silenceEnd(c *gin.Context) error {
	row, err := a.silenceOf(c)
	if err != nil {
		return err
	}
	_, err = a.Silences.EndNow(c.Request.Context(), actorOf(c), row.ID, 0)
	switch {
	case fault.Is(err, fault.Conflict):
		a.flash(c, "wait", textOf(err), "")
	case err != nil:
		return err
	case row.State(a.Store.Now()) == models.SilenceScheduled:
		a.flash(c, "ok", "Silence canceled", "The silence had not started.")
	default:
		a.flash(c, "ok", "Silence ended", "You will get a summary of silenced notifications.")
	}
	web.SeeOther(c, silencePath(row.ID))
	return nil
}
