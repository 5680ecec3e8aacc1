package admin

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"gatecrier/app/account"
	"gatecrier/app/web"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

// profileRoutes adds the profile of the user.
func (a *Admin) profileRoutes(r router) {
	r.get(profilePath, a.profile)
	r.post(profilePath, a.profileSave)
	r.post("/profile/theme", a.themeSave)
}

func (a *Admin) profile(c *gin.Context) error {
	return a.profilePage(c, http.StatusOK, func(*page.ProfileView) {})
}

// profilePage renders the profile; change edits the view last: what was typed, a new token.
func (a *Admin) profilePage(c *gin.Context, status int, change func(v *page.ProfileView)) error {
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
		v.Tokens = append(v.Tokens, a.tokenRow(c, t))
	}
	if v.Sessions, err = a.sessionRows(c); err != nil {
		return err
	}
	made, err := a.Feeds.State(ctx, actor)
	if err != nil {
		return err
	}
	v.Feed.Created = a.inUserZone(c, made)
	zone := a.formZone(c)
	v.Token.Soonest, v.Token.Zone = a.Store.Now().In(zone).Format(time.DateOnly), a.uiZone(zone, time.Time{})
	if v.Token.Roles, err = a.tokenRoles(c); err != nil {
		return err
	}
	change(&v)
	return render(c, status, page.Profile(v))
}

func (a *Admin) profileSave(c *gin.Context) error {
	first := c.PostForm("first_name")
	email := c.PostForm("email")
	zone := c.PostForm("time_zone")
	theme := c.PostForm("theme")
	ctx := c.Request.Context()
	edited, err := a.Accounts.EditProfile(ctx, actorOf(c), account.Profile{
		FirstName: &first, Email: &email, TimeZone: &zone, Theme: &theme, Password: c.PostForm("password"),
	})
	if err == nil && edited.Ended { // this session has ended too
		err = a.Sessions.SignIn(ctx, edited.User, a.clientOf(c))
	}
	if errs := formErrors(err); errs != nil {
		return a.profilePage(c, web.StatusOf(err), func(v *page.ProfileView) {
			v.FirstName, v.Email, v.TimeZone, v.Theme, v.Errors = first, email, zone, theme, errs
		})
	}
	if err != nil {
		return err
	}
	if edited.Pending {
		a.flash(c, "ok", "Profile saved. Confirmation link sent to "+email,
			"The new address takes effect after you use the link.")
	} else {
		a.flash(c, "ok", "Profile saved", "")
	}
	web.SeeOther(c, profilePath)
	return nil
}

// themeSave saves the theme that the switch at the top of each page sends.
func (a *Admin) themeSave(c *gin.Context) error {
	theme := c.PostForm("theme")
	if _, err := a.Accounts.EditProfile(c.Request.Context(), actorOf(c), account.Profile{Theme: &theme}); err != nil {
		return err
	}
	c.Status(http.StatusNoContent)
	return nil
}
