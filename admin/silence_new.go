package admin

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"gatecrier/app/authz"
	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/app/product"
	"gatecrier/app/silence"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

// silenceNewRoutes adds the form for a new silence.
func (a *Admin) silenceNewRoutes(r router) {
	r.get(silencesPath+"/new", a.silenceNew)
	r.get(silencesPath+"/preview", a.silencePreview)
	r.post(silencesPath, a.silenceCreate)
}

func (a *Admin) silenceCreate(c *gin.Context) error {
	in, fieldErrs := a.silenceInput(c, c.PostForm)
	if err := a.resolveScope(c, &in, &fieldErrs); err != nil {
		return err
	}
	var row silence.Row
	var err error
	if len(fieldErrs) > 0 {
		err = fault.Join(fieldErrs.Err(), a.Silences.Check(in.draft))
	} else {
		row, err = a.Silences.Create(c.Request.Context(), actorOf(c), in.draft)
	}
	if isFormError(err) {
		errs := fieldErrors(err)
		if errs == nil {
			errs = map[string]string{"": textOf(err)}
		}
		return a.silenceNewPage(c, web.StatusOf(err), in, errs, silencesPath)
	}
	if err != nil {
		return err
	}
	title := "Silence created: messages are silenced until " +
		row.EndsAt.In(a.userZone(c)).Format("Mon 2 Jan 2006, 15:04 MST")
	if row.State(a.Store.Now()) == models.SilenceScheduled {
		title = "Silence created: messages are silenced from " +
			row.StartsAt.In(a.userZone(c)).Format("Mon 2 Jan 2006, 15:04 MST")
	}
	text := strings.TrimSpace("You get a summary when the silence ends. " + in.note)
	return a.redirect(c, "ok", title, text, silencePath(row.ID))
}

// silenceNew shows the form, filled in from the URL: from the form's own fields, or from
// notifications, a product or a group.
func (a *Admin) silenceNew(c *gin.Context) error {
	q := c.Request.URL.Query()
	if !q.Has("of") {
		filled, back, err := a.silenceFrom(c, q)
		if err != nil {
			return err
		}
		if may, err := a.mayCreateSilence(c, filled); err != nil || !may {
			return a.silenceDenied(c, filled, back, err)
		}
		return a.silenceNewPage(c, http.StatusOK, filled, nil, back)
	}
	if may, err := a.mayCreateSilence(c, silenceInput{}); err != nil || !may {
		return a.silenceDenied(c, silenceInput{}, silencesPath, err)
	}
	in, fieldErrs := a.silenceInput(c, q.Get)
	if err := a.resolveScope(c, &in, &fieldErrs); err != nil {
		return err
	}
	return a.silenceNewPage(c, http.StatusOK, in, fieldErrors(fieldErrs.Err()), silencesPath)
}

// mayCreateSilence reports whether the user can silence what a form is about, or anything if it is about
// nothing yet.
func (a *Admin) mayCreateSilence(c *gin.Context, in silenceInput) (bool, error) {
	switch d := in.draft; {
	case d.GroupID != 0:
		return a.mayAt(c, authz.Edit, product.InGroup(d.GroupID))
	case d.ProductID != 0:
		return a.mayAt(c, authz.Edit, product.InProduct(d.ProductID))
	}
	return a.Silences.MayAny(c.Request.Context(), actorOf(c))
}

// silenceDenied shows who can silence what a form is about instead of the form. err is the error in
// finding that out.
func (a *Admin) silenceDenied(c *gin.Context, in silenceInput, back string, err error) error {
	if err != nil {
		return err
	}
	v := page.SilenceDeniedView{Of: in.product, Back: back}
	if d := in.draft; d.ProductID+d.GroupID != 0 {
		at := product.InProduct(d.ProductID)
		if d.GroupID != 0 {
			at, v.Of = product.InGroup(d.GroupID), "this group"
		}
		if v.Holders, err = a.holders(c, at, authz.Edit); err != nil {
			return err
		}
	}
	v.Frame = a.frame(c, "New silence", layout.NavSilences)
	return render(c, http.StatusOK, page.SilenceDenied(v))
}

// silenceFrom fills in the form for the subject of the page that the user comes from. It returns
// the path of that page too.
func (a *Admin) silenceFrom(c *gin.Context, q url.Values) (silenceInput, string, error) {
	ctx, actor := c.Request.Context(), actorOf(c)
	in, back := silenceInput{of: ofProduct, length: usualLength}, silencesPath
	in.draft.Type, in.draft.Text = q.Get("type"), q.Get("text")
	ids, err := idsOf(append(q["notification"], q["id"]...))
	if err != nil {
		return in, back, err
	}
	if len(ids) > 0 {
		return a.silenceFor(c, in, ids)
	}
	if text := q.Get("product"); text != "" {
		row, err := a.Products.Get(ctx, actor, idOf(text))
		if err != nil {
			return in, back, err
		}
		in.product, in.draft.ProductID, back = row.Name, row.ID, productPath(row.ID)
	}
	if text := q.Get("group"); text != "" {
		row, err := a.Products.Group(ctx, actor, idOf(text))
		if err != nil {
			return in, back, err
		}
		in.of, in.group, in.draft.GroupID, back = ofGroup, text, row.ID, groupPath(row.ID)
	}
	return in, back, nil
}

// silenceFor fills in the form with what some notifications have in common. It returns the path to
// go back to.
func (a *Admin) silenceFor(c *gin.Context, in silenceInput, ids []int64) (silenceInput, string, error) {
	list, err := a.Store.ReadStates(c.Request.Context(), actorOf(c).Viewer(), ids)
	if err != nil {
		return in, inboxPath, err
	}
	if len(list) != len(ids) {
		return in, inboxPath, fault.NewNotFound("notification")
	}
	first := list[0]
	back := inboxPath
	if len(list) == 1 {
		back = inboxPath + "/" + formatInt(first.EventID)
	}
	oneProduct, oneType, oneName := true, true, true
	for _, n := range list {
		oneProduct = oneProduct && n.ProductID == first.ProductID
		oneType = oneType && n.Type == first.Type
		oneName = oneName && n.Name == first.Name
		if event.Type(n.Type).Mandatory() {
			in.unknown = "Notifications about failing connections and ended silences cannot be silenced."
		}
	}
	if oneProduct {
		in.product, in.draft.ProductID = first.Product, first.ProductID
		if first.ProductID == 0 && actorOf(c).Administrator() {
			in.of = ofAll
		}
	} else {
		in.unknown = "Your selection covers several products. Choose one product, or their group."
	}
	if oneType && !event.Type(first.Type).Mandatory() {
		in.draft.Type = first.Type
	}
	if oneName {
		in.draft.Reason = "Known: " + first.Name
		if strings.HasPrefix(first.Type, "exception.") {
			in.draft.Text = truncate(first.Name, silence.MaxText)
		}
	}
	in.draft.Reason = truncate(in.draft.Reason, silence.MaxReason)
	return in, back, nil
}

// truncate cuts a text to limit characters.
func truncate(text string, limit int) string {
	if runes := []rune(text); len(runes) > limit {
		return string(runes[:limit])
	}
	return text
}

func (a *Admin) silenceNewPage(c *gin.Context, status int, in silenceInput, errs map[string]string, back string) error {
	v := page.SilenceNewView{Form: a.silenceForm(c, in, errs), Back: back}
	if err := a.silenceScopes(c, in, &v.Form); err != nil {
		return err
	}
	var err error
	if v.Preview, err = a.silencePreviewOf(c, in); err != nil {
		return err
	}
	v.Frame = a.frame(c, "New silence", layout.NavSilences)
	return render(c, status, page.SilenceNew(v))
}

// silencePreview renders the part of the form that says what a silence would have silenced.
func (a *Admin) silencePreview(c *gin.Context) error {
	in, fieldErrs := a.silenceInput(c, c.Request.URL.Query().Get)
	if err := a.resolveScope(c, &in, &fieldErrs); err != nil {
		return err
	}
	v, err := a.silencePreviewOf(c, in)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, page.SilencePreviewed(v))
}

// silencePreviewOf looks up what a silence would have silenced. If the form is incomplete or
// invalid, the preview says so.
func (a *Admin) silencePreviewOf(c *gin.Context, in silenceInput) (page.SilencePreview, error) {
	v := page.SilencePreview{Days: silence.PreviewDays, Now: a.inUserZone(c, a.Store.Now())}
	d := in.draft
	if in.of != ofAll && d.ProductID == 0 && d.GroupID == 0 {
		v.Missing = "Choose a scope to see a preview."
		return v, nil
	}
	p, err := a.Silences.Preview(c.Request.Context(), actorOf(c), d)
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.Forbidden) || fault.Is(err, fault.NotFound) {
		v.Missing = textOf(err)
		for _, text := range fieldErrors(err) {
			v.Missing = text
		}
		return v, nil
	}
	v.Held, v.Of, v.More, v.Rows = p.Held, p.Of, p.More, a.heldRows(c, p.First)
	return v, err
}
