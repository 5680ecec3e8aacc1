package admin

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"gatecrier/app/account"
	"gatecrier/app/fault"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

const profilePath = "/profile"

func (a *Admin) profile(c *gin.Context) error {
	return a.profilePage(c, http.StatusOK, func(*page.ProfileView) {})
}

// profilePage shows the profile; with lays what was typed over what is saved.
func (a *Admin) profilePage(c *gin.Context, status int, with func(v *page.ProfileView)) error {
	ctx, actor := c.Request.Context(), actorOf(c)
	u := actor.User
	v := page.ProfileView{
		Frame:        a.frame(c, "Your profile", layout.NavNone),
		Name:         u.Name,
		FirstName:    u.FirstName,
		Email:        u.Email,
		EmailPending: u.EmailPending,
		Mails:        a.Accounts.CanSendMail(),
		TimeZone:     u.TimeZone,
		Zones:        account.Zones(),
		Theme:        u.Theme,
	}
	tokens, err := a.Accounts.Tokens(ctx, actor)
	if err != nil {
		return err
	}
	for _, t := range tokens {
		v.Tokens = append(v.Tokens, page.TokenRow{
			ID:       t.ID,
			Name:     t.Name,
			Role:     string(t.Role),
			Hint:     t.Hint,
			Created:  a.inUserZone(c, t.CreatedAt),
			LastUsed: a.inUserZone(c, t.LastUsedAt),
			Expires:  a.inUserZone(c, t.ExpiresAt),
			Expired:  !t.ExpiresAt.IsZero() && !t.ExpiresAt.After(a.Store.Now()),
		})
	}
	if v.Sessions, err = a.sessionRows(c); err != nil {
		return err
	}
	made, err := a.Feeds.State(ctx, actor)
	if err != nil {
		return err
	}
	v.Feed.Created = a.inUserZone(c, made)
	v.Token.Soonest = a.inUserZone(c, a.Store.Now()).Format(time.DateOnly)
	for _, r := range models.Roles() {
		v.Token.Roles = append(v.Token.Roles, string(r))
	}
	with(&v)
	return render(c, status, page.Profile(v))
}

func (a *Admin) sessionRows(c *gin.Context) ([]page.SessionRow, error) {
	open, err := a.Sessions.Open(c.Request.Context(), actorOf(c))
	rows := make([]page.SessionRow, 0, len(open))
	for _, s := range open {
		rows = append(rows, page.SessionRow{
			ID:      s.ID,
			Browser: account.Browser(s.UserAgent),
			Address: s.Address,
			Since:   a.inUserZone(c, s.CreatedAt),
			Seen:    a.inUserZone(c, s.SeenAt),
			This:    s.This,
		})
	}
	return rows, err
}

func (a *Admin) profileSave(c *gin.Context) error {
	first := c.PostForm("first_name")
	email := c.PostForm("email")
	zone := c.PostForm("time_zone")
	theme := c.PostForm("theme")
	pending, err := a.Accounts.EditProfile(
		c.Request.Context(), actorOf(c), account.Profile{FirstName: &first, Email: &email, TimeZone: &zone, Theme: &theme},
	)
	if errs := formErrors(err); errs != nil {
		return a.profilePage(c, web.StatusOf(err), func(v *page.ProfileView) {
			v.FirstName, v.Email, v.TimeZone, v.Theme, v.Errors = first, email, zone, theme, errs
		})
	}
	if err != nil {
		return err
	}
	if pending {
		a.flash(c, "ok", "Saved. A link is on its way to "+email, "The new address counts once you have used it.")
	} else {
		a.flash(c, "ok", "Saved", "")
	}
	web.SeeOther(c, profilePath)
	return nil
}

// themeSave is what the switch at the top of each page sends.
func (a *Admin) themeSave(c *gin.Context) error {
	theme := c.PostForm("theme")
	if _, err := a.Accounts.EditProfile(c.Request.Context(), actorOf(c), account.Profile{Theme: &theme}); err != nil {
		return err
	}
	c.Status(http.StatusNoContent)
	return nil
}

func (a *Admin) tokenCreate(c *gin.Context) error {
	n := account.NewToken{Name: c.PostForm("name"), Role: models.Role(c.PostForm("role"))}
	expires := c.PostForm("expires")
	var err error
	var text string
	if n.ExpiresAt, err = a.dayAfter(c, expires); err == nil {
		_, text, err = a.Accounts.AddToken(c.Request.Context(), actorOf(c), "", n)
	}
	if errs := formErrors(err); errs != nil {
		return a.profilePage(c, web.StatusOf(err), func(v *page.ProfileView) {
			v.Token.Name, v.Token.Role, v.Token.Expires, v.Token.Errors = n.Name, string(n.Role), expires, errs
		})
	}
	if err != nil {
		return err
	}
	return a.profilePage(c, http.StatusOK, func(v *page.ProfileView) { v.Token.Made = text })
}

// dayAfter is the end of a day in the user's zone; zero where none is given.
func (a *Admin) dayAfter(c *gin.Context, day string) (time.Time, error) {
	if day == "" {
		return time.Time{}, nil
	}
	at, err := time.ParseInLocation(time.DateOnly, day, a.inUserZone(c, a.Store.Now()).Location())
	if err != nil {
		return time.Time{}, fault.BadField("expires_at", "A day, as 2030-12-31 is")
	}
	return at.AddDate(0, 0, 1), nil
}

func (a *Admin) tokenRevokeConfirm(c *gin.Context) error {
	t, err := a.tokenOf(c)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, page.Ask(page.AskView{
		Frame:   a.frame(c, "Revoke "+t.Name, layout.NavNone),
		Crumbs:  []ui.Crumb{{Label: "Your profile", Href: profilePath}},
		Title:   "Revoke the token " + t.Name + "?",
		Action:  c.Request.URL.Path,
		Cancel:  profilePath,
		Buttons: []page.AskButton{{Label: "Revoke it", Danger: true}},
		Effects: []string{
			"Programs that use the token that ends in " + t.Hint + " get no answer any more, from this moment on.",
			"It cannot be brought back: a new one is needed.",
		},
	}))
}

func (a *Admin) tokenOf(c *gin.Context) (models.Token, error) {
	id, err := web.ID(c, "id", "token")
	if err != nil {
		return models.Token{}, err
	}
	return a.Accounts.Token(c.Request.Context(), actorOf(c), id)
}

func (a *Admin) tokenRevoke(c *gin.Context) error {
	t, err := a.tokenOf(c)
	if err != nil {
		return err
	}
	if err := a.Accounts.RevokeToken(c.Request.Context(), actorOf(c), t.ID); err != nil {
		return err
	}
	a.flash(c, "ok", "The token "+t.Name+" is revoked", "")
	web.SeeOther(c, profilePath)
	return nil
}

func (a *Admin) sessionEnd(c *gin.Context) error {
	if err := a.Sessions.End(c.Request.Context(), actorOf(c), c.Param("id")); err != nil {
		return err
	}
	a.flash(c, "ok", "The session has ended", "")
	web.SeeOther(c, profilePath)
	return nil
}

func (a *Admin) sessionsEnd(c *gin.Context) error {
	n, err := a.Sessions.EndOthers(c.Request.Context(), actorOf(c))
	if err != nil {
		return err
	}
	a.flash(c, "ok", plural(int(n), "session has", "sessions have")+" ended", "")
	web.SeeOther(c, profilePath)
	return nil
}

// formErrors are what is wrong with a form: by field, or, where somebody or
// something else is in the way, as a whole.
func formErrors(err error) map[string]string {
	if fault.Is(err, fault.Conflict) || fault.Is(err, fault.TooMany) {
		return map[string]string{"": textOf(err)}
	}
	return fieldErrors(err)
}
