package admin

import (
	"context"
	"net/http"

	"github.com/a-h/templ"
	"github.com/gin-gonic/gin"

	"gatecrier/app/draft"
	"gatecrier/app/web"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

const (
	// draftField is the field of the sign-in form, and the key of the session, with a sealed draft.
	draftField = "draft"
	// draftPageKey is the key of the session with the page that the draft belongs to.
	draftPageKey = "draft_page"
)

// draftKey is the context key of the draft that a page is filled with.
type draftKey struct{}

// keepDraft keeps the draft of a sign-in form until its page is opened, and returns the path to go to. The draft
// of another user is dropped.
func (a *Admin) keepDraft(c *gin.Context, user int64, next string) string {
	text := c.PostForm(draftField)
	if text == "" {
		return next
	}
	d, err := a.Drafts.Open(user, text)
	if err != nil {
		a.noteDropped(c)
		return next
	}
	a.Sessions.Put(c.Request.Context(), draftField, text)
	a.Sessions.Put(c.Request.Context(), draftPageKey, d.Page)
	return safeRedirect(d.Page)
}

// takeDraft gives a request for the page of a kept draft the draft, and forgets it.
func (a *Admin) takeDraft(c *gin.Context, user int64) {
	ctx := c.Request.Context()
	if !isPageRequest(c) || a.Sessions.GetString(ctx, draftPageKey) != c.Request.URL.RequestURI() {
		return
	}
	a.Sessions.Remove(ctx, draftPageKey)
	d, err := a.Drafts.Open(user, a.Sessions.PopString(ctx, draftField))
	if err != nil {
		a.noteDropped(c)
		return
	}
	c.Request = c.Request.WithContext(context.WithValue(ctx, draftKey{}, d))
}

func (a *Admin) noteDropped(c *gin.Context) {
	a.flash(c, "wait", "The text of the form was not kept",
		"It is kept for 15 minutes, and only for the user who opened the form. Enter it again.")
}

// render writes a page. Its forms say who has opened them, so that their text is not lost when the session ends.
func render(c *gin.Context, status int, component templ.Component) error {
	text, err := web.HTML(c.Request.Context(), component)
	if err != nil {
		return err
	}
	if user := actorOf(c).User.ID; user != 0 {
		text = draft.Mark(text, formatInt(user), formPage(c))
	}
	d, kept := c.Request.Context().Value(draftKey{}).(draft.Draft)
	r, refused := c.Request.Context().Value(refusedKey{}).(refusal)
	switch {
	case kept:
		text, err = draft.Fill(text, d, draft.Options{Note: func(f draft.Filled) (string, error) {
			return web.HTML(c.Request.Context(), page.Draft(draftNote(f)))
		}})
	case refused && status == http.StatusOK:
		status = web.StatusOf(r.err)
		text, err = r.fill(c.Request.Context(), text)
	case c.Request.Method == http.MethodPost && !web.IsHTMX(c):
		text, err = summarized(c.Request.Context(), text, formPage(c))
	}
	if err != nil {
		return err
	}
	web.Write(c, status, text)
	return nil
}

// draftNote says what became of a draft.
func draftNote(f draft.Filled) page.DraftView {
	v := page.DraftView{Note: ui.Note{
		Kind:  "wait",
		Title: "Your text was kept. Check it and save",
		Text: "Your session had ended, so nothing was changed. " +
			"Passwords, secrets and files were not kept: enter them again.",
	}}
	for _, t := range f.Rest {
		v.Rest = append(v.Rest, page.DraftText(t))
	}
	switch {
	case len(f.Rest) > 0:
		v.Note.Title = "Your text was kept, but this page has no field for all of it"
	case f.Texts == 0:
		v.Note.Title = "Nothing was changed. Repeat the step"
		v.Note.Text = "Your session had ended. Passwords, secrets and files were not kept."
	}
	return v
}
