package admin

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"gatecrier/app/fault"
	"gatecrier/app/inbox"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// inboxSnoozeRoutes adds the page that asks until when notifications are snoozed.
func (a *Admin) inboxSnoozeRoutes(r router) {
	r.get("/inbox/snooze", a.inboxSnoozeForm)
	r.post("/inbox/snooze", a.inboxSnooze)
}

// snoozeAtTime is the choice of a time that the user enters.
const snoozeAtTime = "time"

// snoozeLabels name the choices.
var snoozeLabels = map[inbox.SnoozeChoice]string{
	inbox.InAnHour:    "In an hour",
	inbox.ThisEvening: "This evening",
	inbox.Tomorrow:    "Tomorrow morning",
	inbox.NextWeek:    "Next week",
}

// inboxSnoozeForm asks until when notifications are snoozed: those named by id, or all that match
// a filter.
func (a *Admin) inboxSnoozeForm(c *gin.Context) error {
	if c.Query("id") == "" && c.Query("up_to") == "" {
		const text = "Select at least one notification."
		return a.redirect(c, "wait", "Nothing selected", text, safeRedirect(c.DefaultQuery("next", inboxPath)))
	}
	return a.snoozePage(c, http.StatusOK, page.SnoozeView{
		Choice: string(inbox.InAnHour), Zone: a.uiZone(a.userZone(c), time.Time{}),
	})
}

// snoozePage renders the form for the notifications that the URL names.
func (a *Admin) snoozePage(c *gin.Context, status int, v page.SnoozeView) error {
	ctx, actor := c.Request.Context(), actorOf(c)
	ids, err := idsOf(c.QueryArray("id"))
	if err != nil {
		return err
	}
	n := 0
	if len(ids) > 0 {
		list, err := a.Inbox.States(ctx, actor, ids)
		if err != nil {
			return err
		}
		if n = len(list); n == 0 {
			return fault.NewNotFound("notification")
		}
		for _, one := range list[:min(n, maxListed)] {
			v.Names = append(v.Names, notificationName(one))
		}
		if n > maxListed {
			v.Names = append(v.Names, "and "+formatInt(n-maxListed)+" more")
		}
		v.Cancel = safeRedirect(c.DefaultQuery("next", inboxPath))
		v.Action = link("/inbox/snooze", "id", joinIDs(list), "next", v.Cancel)
	} else {
		q, upTo, err := a.foundQuery(c)
		if err != nil {
			return err
		}
		f := q.InboxFilter
		f.Before = upTo + 1
		found, err := a.Inbox.Count(ctx, actor, f)
		if err != nil {
			return err
		}
		if v.Names, err = a.filterWords(c, q); err != nil {
			return err
		}
		n, v.Cancel = found.N, q.withParam("", "")
		v.Action = link("/inbox/snooze", append(q.pairs, "up_to", formatInt(upTo))...)
	}
	now := a.inUserZone(c, a.Store.Now())
	for _, choice := range inbox.SnoozeChoices(now) {
		at, _ := choice.Time(now)
		v.Choices = append(v.Choices, ui.Option{
			Value: string(choice), Label: snoozeLabels[choice], Help: dayAndTime(at, now), Checked: v.Choice == string(choice),
		})
	}
	v.Choices = append(v.Choices, ui.Option{Value: snoozeAtTime, Label: "At a time", Checked: v.Choice == snoozeAtTime})
	v.Title = "Snooze " + plural(n, "notification", "notifications")
	v.Frame = a.frame(c, v.Title, layout.NavInbox)
	return render(c, status, page.Snooze(v))
}

// dayAndTime names a time, seen from now, in the zone of both.
func dayAndTime(at, now time.Time) string {
	clock := at.Format("15:04")
	switch at.Format(time.DateOnly) {
	case now.Format(time.DateOnly):
		return "today, " + clock
	case now.AddDate(0, 0, 1).Format(time.DateOnly):
		return "tomorrow, " + clock
	}
	return at.Format("Monday 2 January") + ", " + clock
}

// inboxSnooze snoozes the notifications that the URL names until the time of the form.
func (a *Admin) inboxSnooze(c *gin.Context) error {
	ctx, actor := c.Request.Context(), actorOf(c)
	m, v, err := a.snoozeInput(c)
	if err != nil {
		return err
	}
	if v.Error != "" {
		return a.snoozePage(c, http.StatusUnprocessableEntity, v)
	}
	ids, err := idsOf(c.QueryArray("id"))
	if err != nil {
		return err
	}
	next := safeRedirect(c.DefaultQuery("next", inboxPath))
	var step inbox.Step
	if len(ids) > 0 {
		step, err = a.Inbox.Mark(ctx, actor, ids, m)
	} else {
		var q inboxQuery
		var upTo int64
		if q, upTo, err = a.foundQuery(c); err != nil {
			return err
		}
		next = q.withParam("", "")
		step, err = a.Inbox.MarkFound(ctx, actor, q.InboxFilter, upTo, m)
	}
	if v.Choice == snoozeAtTime && isFormError(err) {
		v.Error = firstText(err)
		return a.snoozePage(c, http.StatusUnprocessableEntity, v)
	}
	if err != nil {
		return err
	}
	note := stepNote(step, next)
	note.Title += " until " + dayAndTime(a.inUserZone(c, m.Until), a.inUserZone(c, a.Store.Now()))
	a.flashNote(c, note)
	web.SeeOther(c, next)
	return nil
}

// snoozeInput reads the form. The view has what was entered, and the error in it.
func (a *Admin) snoozeInput(c *gin.Context) (models.Marking, page.SnoozeView, error) {
	zone := a.formZone(c)
	m := models.Marking{As: models.MarkSnoozed}
	v := page.SnoozeView{Choice: c.PostForm("choice"), Until: c.PostForm("until"), Zone: a.uiZone(zone, time.Time{})}
	if v.Choice == snoozeAtTime {
		typed := readTime(v.Until, zone)
		m.Until, v.Error = typed.At, typed.Problem
		return m, v, nil
	}
	at, ok := inbox.SnoozeChoice(v.Choice).Time(a.inUserZone(c, a.Store.Now()))
	if !ok {
		return m, v, fault.BadField("choice", "Choose one of the options")
	}
	m.Until = at
	return m, v, nil
}
