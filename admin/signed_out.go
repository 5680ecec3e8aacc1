package admin

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"gatecrier/app/draft"
	"gatecrier/app/web"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// askToSignIn answers a request without a session. A form gets the sign-in page with its text, other requests a
// redirect. Parts of a page that htmx loads leave the page as it is: the user could be typing there.
func (a *Admin) askToSignIn(c *gin.Context) error {
	fields, files := url.Values{}, false
	if c.Request.Method == http.MethodPost {
		fields, files = sentFields(c.Request)
	}
	if user := idOf(fields.Get(draft.FieldUser)); user > 0 {
		return a.signInAgain(c, user, fields, files)
	}
	if web.IsHTMX(c) {
		c.Status(http.StatusUnauthorized)
		c.Writer.WriteHeaderNow()
		return nil
	}
	target := formPage(c)
	if target == "/" {
		target = ""
	}
	web.SeeOther(c, link("/login", "next", target))
	return nil
}

// isOfOther reports whether another user opened the form that is sent: in another tab, a sign-in
// as a different user came between.
func isOfOther(c *gin.Context, user int64) bool {
	if c.Request.Method != http.MethodPost || c.ContentType() != gin.MIMEPOSTForm {
		return false
	}
	opened := idOf(c.PostForm(draft.FieldUser))
	return opened > 0 && opened != user
}

// signInAgain answers a form with the sign-in page, which keeps what was typed.
func (a *Admin) signInAgain(c *gin.Context, user int64, fields url.Values, files bool) error {
	at := safeRedirect(fields.Get(draft.FieldPage))
	v := a.loginView("", at, "")
	v.Ended = &ui.Note{
		Kind:  "wait",
		Title: "Your session has ended. Sign in to continue",
		Text:  "Nothing was changed. Your text is kept for 15 minutes. Passwords and secrets are not kept.",
	}
	if files {
		v.Ended.Text += " Files are not kept either: choose them again."
	}
	secrets := strings.Split(fields.Get(draft.FieldSecrets), ",")
	for name := range fields {
		if draft.IsMark(name) || slices.Contains(secrets, name) {
			delete(fields, name)
		}
	}
	var err error
	v.Draft, err = a.Drafts.Seal(user, draft.Draft{Page: at, Action: c.Request.URL.Path, Fields: fields})
	if errors.Is(err, draft.ErrTooLarge) {
		v.Ended.Text = "Nothing was changed. Your text is too large to be kept (more than 256 KiB): " +
			"go back in your browser and copy it before you sign in."
	} else if err != nil {
		return err
	}
	return web.Render(c, http.StatusUnauthorized, page.Login(v))
}

// sentFields reads the fields of a form, and whether it has files, which are skipped.
func sentFields(r *http.Request) (fields url.Values, files bool) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return nil, false
	}
	body := io.LimitReader(r.Body, maxSkipped)
	switch kind {
	case gin.MIMEMultipartPOSTForm:
		fields, files = partFields(multipart.NewReader(body, params["boundary"]))
	case gin.MIMEPOSTForm:
		text, err := io.ReadAll(body)
		if err != nil {
			return nil, false
		}
		if fields, err = url.ParseQuery(string(text)); err != nil {
			return nil, false
		}
	}
	for _, values := range fields {
		if slices.ContainsFunc(values, func(v string) bool { return !utf8.ValidString(v) }) {
			return nil, files
		}
	}
	return fields, files
}

// maxSkipped bounds what is read of a form, in bytes. The files of a multipart form come before other fields.
const maxSkipped = 32 << 20

func partFields(reader *multipart.Reader) (fields url.Values, files bool) {
	fields = url.Values{}
	for size := 0; size <= draft.MaxSize; {
		part, err := reader.NextPart()
		if err != nil {
			return fields, files
		}
		if part.FileName() != "" {
			files = true
			continue
		}
		text, err := io.ReadAll(io.LimitReader(part, draft.MaxSize+1))
		if err != nil {
			return fields, files
		}
		size += len(part.FormName()) + len(text)
		fields.Add(part.FormName(), string(text))
	}
	return fields, files
}

// isPageRequest reports whether a request is for a whole page.
func isPageRequest(c *gin.Context) bool { return c.Request.Method == http.MethodGet && !web.IsHTMX(c) }

// formPage returns the path and query of the page that a request is for, or that its form is on.
func formPage(c *gin.Context) string {
	at := c.Request.URL.RequestURI()
	switch {
	case web.IsHTMX(c):
		at = localPath(c.Request, c.GetHeader("HX-Current-URL"))
	case c.Request.Method == http.MethodPost:
		at = localPath(c.Request, c.Request.Referer())
		if c.ContentType() == gin.MIMEPOSTForm { // an upload is not read for this
			at = c.DefaultPostForm(draft.FieldPage, at)
		}
	}
	u, err := url.Parse(safeRedirect(at))
	if err != nil {
		return "/"
	}
	q := u.Query()
	for name := range q {
		if draft.IsMark(name) {
			q.Del(name)
			u.RawQuery = q.Encode()
		}
	}
	return u.RequestURI()
}

// localPath returns the path and query of an address of this host, "/" for others.
func localPath(r *http.Request, address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host != r.Host {
		return "/"
	}
	return u.RequestURI()
}
