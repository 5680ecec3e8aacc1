package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/app/fault"
	"gatecrier/app/inbox"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// inboxMarkRoutes adds the actions that mark notifications.
func (a *Admin) inboxMarkRoutes(r router) {
	r.get("/inbox/found", a.inboxFoundConfirm)
	r.post("/inbox/found", a.inboxFound)
	marks := []models.MarkAs{
		models.MarkViewed, models.MarkUnviewed, models.MarkArchived, models.MarkUnarchived, models.MarkUnsnoozed,
	}
	r.post("/inbox/undo", a.inboxUndo)
	for _, as := range marks {
		r.post("/inbox/"+string(as), a.mark(as))
	}
}

// mark returns the handler that marks notifications for the user: those named by id, or, as read,
// all up to one.
func (a *Admin) mark(as models.MarkAs) handler {
	return func(c *gin.Context) error {
		ctx, actor := c.Request.Context(), actorOf(c)
		var step inbox.Step
		var err error
		if c.PostForm("all") != "" && as == models.MarkViewed {
			upTo, parseErr := upToOf(c.PostForm("up_to"))
			if parseErr != nil {
				return parseErr
			}
			step, err = a.Inbox.MarkAll(ctx, actor, upTo)
		} else {
			step, err = a.markSome(c, as)
		}
		if err != nil {
			return err
		}
		next := safeRedirect(c.PostForm("next"))
		if web.IsHTMX(c) {
			unread, err := a.Inbox.Unread(ctx, actor)
			if err != nil {
				return err
			}
			return render(c, http.StatusOK, page.Marked(stepNote(step, next), unread))
		}
		if step.N > 0 {
			a.flashNote(c, stepNote(step, next))
		}
		web.SeeOther(c, next)
		return nil
	}
}

func (a *Admin) markSome(c *gin.Context, as models.MarkAs) (inbox.Step, error) {
	ids, err := idsOf(c.PostFormArray("id"))
	if err != nil {
		return inbox.Step{}, err
	}
	if len(ids) == 0 {
		a.flash(c, "wait", "Nothing selected", "Select at least one notification.")
		return inbox.Step{}, nil
	}
	return a.Inbox.Mark(c.Request.Context(), actorOf(c), ids, models.Marking{As: as})
}

// inboxFoundConfirm asks what to do with all notifications that match a filter, and says how many
// they are.
func (a *Admin) inboxFoundConfirm(c *gin.Context) error {
	q, upTo, err := a.foundQuery(c)
	if err != nil {
		return err
	}
	f := q.InboxFilter
	f.Before = upTo + 1
	found, err := a.Inbox.Count(c.Request.Context(), actorOf(c), f)
	if err != nil {
		return err
	}
	v := page.AskView{
		Crumbs: []ui.Crumb{
			{Label: "Inbox", Href: q.withParam("", "")},
		},
		Title:  foundTitle(found.N, found.More),
		Cancel: q.withParam("", ""),
		Action: link("/inbox/found", append(q.pairs, "up_to", formatInt(upTo))...),
	}
	if v.Effects, err = a.filterWords(c, q); err != nil {
		return err
	}
	if found.More {
		v.Effects = append(v.Effects,
			"Your choice applies to the newest "+ui.Number(int64(found.N))+" only. There can be more matches.")
	}
	if found.N > 0 {
		v.Buttons = []page.AskButton{
			{Label: "Mark as read", Value: string(models.MarkViewed)},
			{Label: "Mark as unread", Value: string(models.MarkUnviewed)},
		}
		v.Buttons = append(v.Buttons, page.AskButton{Label: "Snooze…", Value: "snooze"})
		if q.Snoozed {
			v.Buttons = append(v.Buttons, page.AskButton{Label: "Unsnooze", Value: string(models.MarkUnsnoozed)})
		}
		if q.Archived {
			v.Buttons = append(v.Buttons, page.AskButton{Label: "Move to inbox", Value: string(models.MarkUnarchived)})
		} else {
			v.Buttons = append(v.Buttons, page.AskButton{Label: "Archive", Value: string(models.MarkArchived)})
		}
		if q.IsFiltered() {
			v.Buttons = append(v.Buttons, page.AskButton{Label: "Delete for everyone…", Value: "delete", Danger: true})
		}
	}
	return a.askPage(c, http.StatusOK, v.Title, layout.NavInbox, v)
}

func foundTitle(n int, more bool) string {
	text := ui.Number(int64(n)) + " notifications match"
	if n == 1 {
		text = "1 notification matches"
	}
	if more {
		text = "At least " + text
	}
	return text
}

// inboxFound marks the notifications that match a filter, or leads on to their deletion.
func (a *Admin) inboxFound(c *gin.Context) error {
	q, upTo, err := a.foundQuery(c)
	if err != nil {
		return err
	}
	how := c.PostForm("how")
	if how == "delete" || how == "snooze" {
		web.SeeOther(c, link("/inbox/"+how, append(q.pairs, "up_to", formatInt(upTo))...))
		return nil
	}
	as := models.MarkAs(how)
	if !as.Valid() || as == models.MarkSnoozed { // a snooze has a time: see inboxSnooze
		return fault.BadField("how", "Choose what to do")
	}
	step, err := a.Inbox.MarkFound(c.Request.Context(), actorOf(c), q.InboxFilter, upTo, models.Marking{As: as})
	if err != nil {
		return err
	}
	a.flashNote(c, stepNote(step, q.withParam("", "")))
	web.SeeOther(c, q.withParam("", ""))
	return nil
}

func markWord(as models.MarkAs) string {
	switch as {
	case models.MarkViewed:
		return "marked as read"
	case models.MarkUnviewed:
		return "marked as unread"
	case models.MarkArchived:
		return "archived"
	case models.MarkSnoozed:
		return "snoozed"
	case models.MarkUnsnoozed:
		return "unsnoozed"
	case models.MarkUnarchived:
	}
	return "moved to your inbox"
}
