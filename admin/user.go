package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/app/account"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

// userRoutes adds the page of a user.
func (a *Admin) userRoutes(r router) {
	r.get(usersPath+"/:id", a.user)
	r.post(usersPath+"/:id", a.userSave)
}

func (a *Admin) user(c *gin.Context) error { return a.userPage(c, http.StatusOK, nil, nil) }

func (a *Admin) userPage(c *gin.Context, status int, typed, errs map[string]string) error {
	u, err := a.userOf(c)
	if err != nil {
		return err
	}
	members, err := a.Accounts.Memberships(c.Request.Context(), actorOf(c), u.ID)
	if err != nil {
		return err
	}
	v := page.UserView{
		Frame:        a.frame(c, u.Name, layout.NavUsers),
		User:         a.userRow(c, u),
		EmailPending: u.EmailPending,
		MustChange:   u.MustChangePassword,
		Self:         u.ID == actorOf(c).User.ID,
		Sessions:     u.Sessions,
		TimeZone:     u.TimeZone,
		Created:      a.inUserZone(c, u.CreatedAt),
		Typed:        typed,
		Errors:       errs,
	}
	link, sent, err := a.Accounts.PendingLink(c.Request.Context(), actorOf(c), u.ID)
	if err != nil {
		return err
	}
	if sent {
		v.LinkTo, v.LinkUntil = link.Email, a.inUserZone(c, link.ExpiresAt)
	}
	for _, m := range members {
		v.Memberships = append(v.Memberships, page.UserMembership{
			ProductID: m.ProductID, Product: m.Product, Role: string(m.Role),
		})
	}
	return render(c, status, page.User(v))
}

func (a *Admin) userOf(c *gin.Context) (models.UserRow, error) {
	id, err := web.ID(c, "id", "user")
	if err != nil {
		return models.UserRow{}, err
	}
	return a.Accounts.Get(c.Request.Context(), actorOf(c), id)
}

func (a *Admin) userSave(c *gin.Context) error {
	u, err := a.userOf(c)
	if err != nil {
		return err
	}
	email, first := c.PostForm("email"), c.PostForm("first_name")
	edited, err := a.Accounts.Edit(c.Request.Context(), actorOf(c), u.ID, account.UserEdit{
		Email:      &email,
		FirstName:  &first,
		KeepTokens: c.PostForm("keep_tokens") == "on",
		Password:   c.PostForm("password"),
	})
	if err == nil && edited.Ended && u.ID == actorOf(c).User.ID { // this session has ended too
		err = a.Sessions.SignIn(c.Request.Context(), edited.User, a.clientOf(c))
	}
	if errs := formErrors(err); errs != nil {
		return a.userPage(c, web.StatusOf(err), map[string]string{"email": email, "first_name": first}, errs)
	}
	return a.done(c, err, "User saved", "", userPath(u.ID))
}

func (a *Admin) userRow(c *gin.Context, u models.UserRow) page.UserRow {
	return page.UserRow{
		ID: u.ID, Name: u.Name, FirstName: u.FirstName, Email: u.Email, Administrator: u.Administrator, Active: u.Active,
		Memberships: u.Memberships, LastSignIn: a.inUserZone(c, u.LastSignInAt),
	}
}
