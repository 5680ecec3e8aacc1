package admin

import (
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"gatecrier/app/account"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// profileTokenRoutes adds the actions on the user's tokens.
func (a *Admin) profileTokenRoutes(r router) {
	r.post("/profile/tokens", a.tokenCreate)
	r.get("/profile/tokens/:id/revoke", a.tokenRevokeConfirm)
	r.post("/profile/tokens/:id/revoke", a.tokenRevoke)
}

func (a *Admin) tokenCreate(c *gin.Context) error {
	n := account.NewToken{Name: c.PostForm("name"), Role: models.Role(c.PostForm("role"))}
	expires := c.PostForm("expires")
	n.ExpiresAt, n.Unread = a.dayAfter(c, expires)
	_, text, err := a.Accounts.AddToken(c.Request.Context(), actorOf(c),
		account.Proof{Password: c.PostForm("password")}, n)
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

// tokenRoles returns the roles that a token of the user can be limited to: those within a role that
// the user has.
func (a *Admin) tokenRoles(c *gin.Context) ([]string, error) {
	actor := actorOf(c)
	mine := []models.Role{models.RoleOwner}
	if !actor.Administrator() {
		var err error
		if mine, err = a.Store.RolesAnywhere(c.Request.Context(), actor.User.ID); err != nil {
			return nil, err
		}
	}
	var roles []string
	for _, r := range models.Roles() {
		if slices.ContainsFunc(mine, func(m models.Role) bool { return authz.Within(r, m) }) {
			roles = append(roles, string(r))
		}
	}
	return roles, nil
}

// dayAfter returns the end of a day in the zone of the form, or the zero time if day is empty.
func (a *Admin) dayAfter(c *gin.Context, day string) (time.Time, fault.Fields) {
	if day == "" {
		return time.Time{}, nil
	}
	last, ok := readDay(day, a.formZone(c))
	if !ok {
		return time.Time{}, fault.Fields{{Name: "expires_at", Message: "Enter a date as YYYY-MM-DD"}}
	}
	return last.end(), nil
}

func (a *Admin) tokenOf(c *gin.Context) (models.Token, error) {
	id, err := web.ID(c, "id", "token")
	if err != nil {
		return models.Token{}, err
	}
	return a.Accounts.Token(c.Request.Context(), actorOf(c), id)
}

func (a *Admin) tokenRevokeConfirm(c *gin.Context) error {
	t, err := a.tokenOf(c)
	if err != nil {
		return err
	}
	return a.askPage(c, http.StatusOK, "Revoke "+t.Name, layout.NavNone, page.AskView{
		Crumbs:  []ui.Crumb{{Label: "Your profile", Href: profilePath}},
		Title:   "Revoke the token " + t.Name + "?",
		Cancel:  profilePath,
		Buttons: []page.AskButton{{Label: "Revoke token", Danger: true}},
		Effects: []string{
			"Anything that uses the token ending in " + t.Hint + " stops working immediately.",
			"This cannot be undone.",
		},
	})
}

func (a *Admin) tokenRevoke(c *gin.Context) error {
	t, err := a.tokenOf(c)
	if err != nil {
		return err
	}
	err = a.Accounts.RevokeToken(c.Request.Context(), actorOf(c), t.ID)
	return a.done(c, err, "Token "+t.Name+" revoked", "", profilePath)
}
