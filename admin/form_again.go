package admin

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/gin-gonic/gin"

	"gatecrier/app/draft"
	"gatecrier/app/fault"
	"gatecrier/app/web"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// refusedKey is the context key of the form that a page is filled with after it was refused.
type refusedKey struct{}

// refusal is a form that was refused, and why.
type refusal struct {
	draft draft.Draft
	err   error
}

// formAgain answers a refused form with its page, which keeps what was typed. After a change of another user it
// shows the saved values beside that. It reports whether it has answered.
func (a *Admin) formAgain(c *gin.Context, err error) bool {
	_, again := c.Request.Context().Value(refusedKey{}).(refusal)
	if again || c.Request.Method != http.MethodPost || c.ContentType() != gin.MIMEPOSTForm || web.IsHTMX(c) ||
		actorOf(c).User.ID == 0 || !isRefusal(c, err) {
		return false
	}
	at, parseErr := url.Parse(a.pageOfForm(c))
	if parseErr != nil {
		return false
	}
	fields := url.Values{}
	for name, values := range c.Request.PostForm { //nolint:forbidigo // what came in
		if !draft.IsMark(name) {
			fields[name] = slices.Clone(values)
		}
	}
	r := refusal{draft.Draft{Page: at.RequestURI(), Action: c.Request.URL.Path, Fields: fields}, err}
	get := c.Request.Clone(context.WithValue(c.Request.Context(), refusedKey{}, r))
	get.Method, get.URL, get.RequestURI, get.Body = http.MethodGet, at, at.RequestURI(), http.NoBody
	get.Form, get.PostForm, get.MultipartForm, get.ContentLength = nil, nil, nil, 0
	get.Header.Del("Content-Type")
	a.engine.ServeHTTP(c.Writer, get)
	return true
}

// isRefusal reports whether an error is about the content of a form: another version of what it changes, or invalid
// fields. The forms of a page that knows its fields show those themselves.
func isRefusal(c *gin.Context, err error) bool {
	return isOutdated(err) || c.PostForm(draft.FieldPage) != "" && len(fieldErrors(err)) > 0
}

// isOutdated reports whether another user has changed what a form changes since it was opened.
func isOutdated(err error) bool {
	var f *fault.Error
	return errors.As(err, &f) && f.Kind == fault.Conflict && f.Outdated
}

// pageOfForm returns the path and query of the page of a form that was sent.
func (a *Admin) pageOfForm(c *gin.Context) string {
	if at := c.PostForm(draft.FieldPage); at != "" {
		return safeRedirect(at)
	}
	return a.Above(c.Request.URL.Path)
}

// fill returns the page of the form with what was typed.
func (r refusal) fill(ctx context.Context, text string) (string, error) {
	o := draft.Options{
		Note: func(f draft.Filled) (string, error) {
			if !isOutdated(r.err) && len(f.Errors)+len(f.Rest) == 0 {
				return "", nil // the summary says it
			}
			return web.HTML(ctx, page.Refused(r.note(f)))
		},
		Beside: func(b draft.Beside) (string, error) {
			if b.Error != "" && !isOutdated(r.err) {
				return web.HTML(ctx, ui.Wrong(b.ID, b.Error))
			}
			return web.HTML(ctx, ui.Saved(b.ID, b.Now, b.Error))
		},
		Errors:  map[string]string{},
		Compare: isOutdated(r.err),
		Secrets: true,
	}
	for _, f := range fault.FieldsOf(r.err) {
		o.Errors[f.Name] = f.Message
	}
	text, err := draft.Fill(text, r.draft, o)
	if err != nil {
		return "", err
	}
	return summarized(ctx, text, r.draft.Page)
}

// note says why the form was refused.
func (r refusal) note(f draft.Filled) page.RefusedView {
	v := page.RefusedView{Note: ui.Note{Kind: "bad", Title: textOf(r.err), Text: "Nothing was saved."}}
	switch {
	case isOutdated(r.err) && f.Found:
		v.Note.Text += " The form keeps your input, and shows the current values beside it. " +
			"Look at both, then save again."
		v.Action = r.draft.Action
	case isOutdated(r.err):
		v.Note.Text += " Look at the current values, then repeat your change."
	}
	for _, text := range f.Errors {
		v.Note.Text += " " + text + "."
	}
	for _, t := range f.Rest {
		v.Rest = append(v.Rest, page.DraftText(t))
	}
	return v
}

// summarized returns the page that answers a form, with a summary of its errors.
func summarized(ctx context.Context, text, address string) (string, error) {
	return draft.Summarize(text, address, func(list []draft.Wrong) (string, error) {
		wrongs := make([]ui.WrongField, len(list))
		for i, w := range list {
			wrongs[i] = ui.WrongField(w)
		}
		return web.HTML(ctx, ui.Summary(wrongs))
	})
}
