package admin

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"gatecrier/app/authz"
	"gatecrier/app/exception"
	"gatecrier/app/fault"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

// exceptionActionRoutes adds the actions on exceptions.
func (a *Admin) exceptionActionRoutes(r router) {
	const one = exceptionsPath + "/:id"
	const comesBack = "If the exception occurs again, notifications are sent immediately."
	resolved := a.exceptionAction(a.Exceptions.Resolve, "Exception resolved", comesBack)
	r.post("/exceptions/resolve", a.exceptionResolveMany)
	r.get("/exceptions/merge", a.exceptionMergeConfirm)
	r.post("/exceptions/merge", a.exceptionMerge)
	r.post(one+"/resolve", resolved)
	r.post(one+"/reopen", a.exceptionAction(a.Exceptions.Reopen, "Exception reopened", ""))
	r.post(one+"/mute", a.exceptionMute)
	r.post(one+"/unmute", a.exceptionAction(a.Exceptions.Unmute, "Exception unmuted", ""))
	r.post(one+"/split", a.exceptionSplit)
	r.get(one+"/delete", a.exceptionDeleteConfirm)
	r.post(one+"/delete", a.exceptionDelete)
}

// exceptionAction returns the handler of a button on an exception's page.
func (a *Admin) exceptionAction(
	do func(ctx context.Context, actor authz.Actor, id int64) error, title, text string,
) handler {
	return func(c *gin.Context) error {
		id, err := web.ID(c, "id", "exception")
		if err != nil {
			return err
		}
		return a.done(c, do(c.Request.Context(), actorOf(c), id), title, text, exceptionPath(id))
	}
}

// exceptionMute mutes an exception for the chosen length, or until the time beside it.
func (a *Admin) exceptionMute(c *gin.Context) error {
	d, err := a.exceptionOf(c)
	if err == nil {
		err = requireRight(d.Rights.Assess, authz.Assess, d.ProductID)
	}
	if err != nil {
		return err
	}
	var until typedTime
	length, typed := c.PostForm("for"), c.PostForm("until")
	if length == "" {
		until = readTime(typed, a.formZone(c))
	} else if span, err := time.ParseDuration(length); err != nil {
		until.Problem = "Choose one of the options"
	} else {
		until.At = a.Store.Now().Add(span)
	}
	if until.Problem != "" {
		err = fault.BadField("muted_until", until.Problem)
	} else {
		err = a.Exceptions.Mute(c.Request.Context(), actorOf(c), d.ID, until.At)
	}
	if errs := fieldErrors(err); errs != nil {
		return a.exceptionPage(c, http.StatusUnprocessableEntity, d, func(v *page.ExceptionView) {
			v.MuteError, v.MuteUntil = errs["muted_until"], typed
			v.MuteZone = a.uiZone(a.formZone(c), until.At)
		})
	}
	title := "Exception muted until " + until.At.In(a.userZone(c)).Format("Mon 2 Jan 2006, 15:04 MST")
	text := strings.TrimSpace("Occurrences are still counted. " + until.Note)
	return a.done(c, err, title, text, exceptionPath(d.ID))
}

func (a *Admin) exceptionSplit(c *gin.Context) error {
	key := c.PostForm("key")
	split := func(ctx context.Context, actor authz.Actor, id int64) error {
		return a.Exceptions.Split(ctx, actor, id, key)
	}
	const text = "Its next occurrence gets its own page. Occurrences counted until now stay here."
	return a.exceptionAction(split, "Exception split off", text)(c)
}

// exceptionResolveMany resolves the selected exceptions: all of them, or none if a right is
// missing.
func (a *Admin) exceptionResolveMany(c *gin.Context) error {
	ids, err := exceptionIDs(c.PostFormArray("id"))
	if err != nil {
		return err
	}
	for _, id := range ids { // all or none
		d, err := a.Exceptions.Get(c.Request.Context(), actorOf(c), id)
		if err == nil {
			err = requireRight(d.Rights.Assess, authz.Assess, d.ProductID)
		}
		if err != nil {
			return err
		}
	}
	for _, id := range ids {
		if err := a.Exceptions.Resolve(c.Request.Context(), actorOf(c), id); err != nil {
			return err
		}
	}
	next := safeRedirect(c.PostForm("next"))
	if len(ids) == 0 {
		return a.redirect(c, "wait", "Nothing selected", "Select at least one exception.", next)
	}
	title := plural(len(ids), "exception", "exceptions") + " resolved"
	return a.redirect(c, "ok", title, "If one occurs again, notifications are sent immediately.", next)
}

// requireRight returns a Forbidden error unless a right on an exception of a product is granted. It
// does not read the roles a second time: a role granted in between would leave the page with neither.
func requireRight(granted bool, p authz.Permission, product int64) error {
	if granted {
		return nil
	}
	return authz.Forbidden(authz.Denied{Permission: p, ProductID: product})
}

// exceptionIDs reads ids of a form or a query, in their order, without repeats.
func exceptionIDs(texts []string) ([]int64, error) {
	var ids []int64
	seen := map[int64]bool{}
	for _, text := range texts {
		id := idOf(text)
		if id < 1 {
			return nil, fault.NewNotFound("exception")
		}
		if !seen[id] {
			seen[id], ids = true, append(ids, id)
		}
	}
	if len(ids) > pageSize {
		return nil, fault.BadField("id", "At most "+formatInt(pageSize)+" at a time")
	}
	return ids, nil
}

// exceptionMergeConfirm names the exceptions that would be merged into the first.
func (a *Admin) exceptionMergeConfirm(c *gin.Context) error {
	ids, err := exceptionIDs(c.QueryArray("id"))
	if err != nil {
		return err
	}
	if len(ids) < 2 {
		const text = "Exceptions to merge must belong to the same product and source."
		return a.redirect(c, "wait", "Select at least two exceptions", text, exceptionsPath)
	}
	return a.exceptionMergePage(c, http.StatusOK, ids[0], ids[1:], nil)
}

func (a *Admin) exceptionMergePage(c *gin.Context, status int, into int64, from []int64, mergeErr error) error {
	ctx, actor := c.Request.Context(), actorOf(c)
	var v page.MergeView
	var first exception.Group
	for i, id := range append([]int64{into}, from...) {
		d, err := a.Exceptions.Get(ctx, actor, id)
		if err == nil {
			err = requireRight(d.Rights.Assess, authz.Assess, d.ProductID)
		}
		if err != nil {
			return err
		}
		if i == 0 {
			first, v.Into = d.Group, a.exceptionRow(c, d.Group)
			continue
		}
		if d.ProductID != first.ProductID || d.Kind != first.Kind {
			v.Error, status = "You can merge only exceptions of the same product and source", http.StatusUnprocessableEntity
		}
		v.From = append(v.From, a.exceptionRow(c, d.Group))
	}
	if errs := fieldErrors(mergeErr); errs != nil {
		v.Error = errs["groups"]
	}
	v.Frame = a.frame(c, "Merge exceptions", layout.NavExceptions)
	return render(c, status, page.Merge(v))
}

func (a *Admin) exceptionMerge(c *gin.Context) error {
	ids, err := exceptionIDs(c.PostFormArray("id"))
	if err != nil {
		return err
	}
	into := idOf(c.PostForm("into"))
	err = a.Exceptions.Merge(c.Request.Context(), actorOf(c), into, ids)
	if fault.Is(err, fault.Invalid) {
		return a.exceptionMergePage(c, http.StatusUnprocessableEntity, into, ids, err)
	}
	title := plural(len(ids), "exception", "exceptions") + " merged into this one"
	return a.done(c, err, title, "", exceptionPath(into))
}

// exceptionDeleteConfirm names what is lost with an exception.
func (a *Admin) exceptionDeleteConfirm(c *gin.Context) error {
	d, err := a.exceptionOf(c)
	if err == nil {
		err = requireRight(d.Rights.Delete, authz.Own, d.ProductID)
	}
	if err != nil {
		return err
	}
	first := a.inUserZone(c, d.FirstAt).Format("2 Jan 2006, 15:04 MST")
	v := page.ConfirmView{
		Title:  "Delete " + d.Class + "?",
		Button: "Delete exception",
		Cancel: exceptionPath(d.ID),
		Lost: []string{
			plural(int(d.Count), "occurrence", "occurrences") + " counted since " + first,
			"the latest sample, the hourly counts and the releases",
		},
	}
	if len(d.Merges) > 0 {
		v.Lost = append(v.Lost, "the merge of "+plural(len(d.Merges), "other exception", "other exceptions")+" into this one")
	}
	if d.State == models.ExceptionResolved || d.MutedUntil.After(a.Store.Now()) {
		v.Lost = append(v.Lost, "its status (resolved or muted)")
	}
	v.Lost = append(v.Lost, "its history: the next occurrence counts as new and sends a notification immediately")
	return a.confirmPage(c, http.StatusOK, v.Title, layout.NavExceptions, v)
}

func (a *Admin) exceptionDelete(c *gin.Context) error {
	d, err := a.exceptionOf(c)
	if err != nil {
		return err
	}
	err = a.Exceptions.Delete(c.Request.Context(), actorOf(c), d.ID)
	return a.done(c, err, "Exception "+d.Class+" deleted", "", exceptionsPath)
}
