package admin

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"gatecrier/app/fault"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// inboxDeleteRoutes adds the deletion of notifications.
func (a *Admin) inboxDeleteRoutes(r router) {
	r.get("/inbox/delete", a.inboxDeleteConfirm)
	r.post("/inbox/delete", a.inboxDelete)
}

// inboxDeleteConfirm asks before notifications are deleted for all users: those named by id, or all
// that match a filter.
func (a *Admin) inboxDeleteConfirm(c *gin.Context) error {
	ctx, actor := c.Request.Context(), actorOf(c)
	ids, err := idsOf(c.QueryArray("id"))
	if err != nil {
		return err
	}
	v := page.AskView{Crumbs: []ui.Crumb{{Label: "Inbox", Href: inboxPath}}, Cancel: inboxPath}
	if len(ids) == 0 && c.Query("up_to") == "" {
		const text = "Select at least one notification."
		return a.redirect(c, "wait", "Nothing selected", text, safeRedirect(c.DefaultQuery("next", inboxPath)))
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
			v.Effects = append(v.Effects, notificationName(one))
		}
		if n > maxListed {
			v.Effects = append(v.Effects, "and "+formatInt(n-maxListed)+" more")
		}
		v.Cancel = safeRedirect(c.DefaultQuery("next", inboxPath))
		v.Action = link("/inbox/delete", "id", joinIDs(list), "next", v.Cancel)
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
		n, v.Cancel = found.N, q.withParam("", "")
		v.Action = link("/inbox/delete", append(q.pairs, "up_to", formatInt(upTo))...)
		if v.Effects, err = a.filterWords(c, q); err != nil {
			return err
		}
	}
	v.Title = "Delete " + plural(n, "notification", "notifications") + " for everyone?"
	v.Effects = append(v.Effects,
		"This removes them from the inbox of every user, not only from yours. Gate history and delivery log are kept.")
	v.Buttons = []page.AskButton{
		{Label: "Delete " + plural(n, "notification", "notifications") + " for everyone", Danger: true},
	}
	return a.askPage(c, http.StatusOK, v.Title, layout.NavInbox, v)
}

func notificationName(n models.Notification) string {
	if n.Product == "" {
		return n.Name
	}
	return fmt.Sprintf("%s (%s)", n.Name, n.Product)
}

func joinIDs(list []models.Notification) string {
	ids := make([]string, len(list))
	for i, n := range list {
		ids[i] = formatInt(n.EventID)
	}
	return strings.Join(ids, ",")
}

// inboxDelete deletes the notifications for all users.
func (a *Admin) inboxDelete(c *gin.Context) error {
	ctx, actor := c.Request.Context(), actorOf(c)
	ids, err := idsOf(c.QueryArray("id"))
	if err != nil {
		return err
	}
	n, back := len(ids), safeRedirect(c.DefaultQuery("next", inboxPath))
	if n > 0 {
		err = a.Inbox.Delete(ctx, actor, ids)
	} else {
		n, back, err = a.deleteFound(c)
	}
	if err != nil {
		return err
	}
	if strings.HasPrefix(back, inboxPath+"/") { // the page of a deleted notification
		back = inboxPath
	}
	return a.redirect(c, "ok", plural(n, "notification", "notifications")+" deleted for everyone", "", back)
}

func (a *Admin) deleteFound(c *gin.Context) (int, string, error) {
	q, upTo, err := a.foundQuery(c)
	if err != nil {
		return 0, "", err
	}
	if !q.IsFiltered() {
		return 0, "", fault.BadField("filter", "Add a filter first")
	}
	n, err := a.Inbox.DeleteFound(c.Request.Context(), actorOf(c), q.InboxFilter, upTo)
	return n, q.withParam("", ""), err
}
