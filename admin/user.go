package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/app/account"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
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
	if v.Memberships, v.Pager, err = a.accessOf(c, u.ID); err != nil {
		return err
	}
	return render(c, status, page.User(v))
}

// accessOf lists a page of the products in which a user has a role, with the sources of each. The caller has checked
// that the actor is an administrator.
func (a *Admin) accessOf(c *gin.Context, userID int64) ([]page.UserMembership, ui.Pager, error) {
	ctx, scope := c.Request.Context(), models.MemberScope(userID)
	p := pageOf(c, sortOption{name: "name"})
	p.in(userPath(userID))
	rows, pager, err := readPage(&p, rowsOf[models.ProductRow]{
		read: func(at models.Place, limit int) ([]models.ProductRow, error) {
			return a.Store.Products(ctx, scope, models.ProductFilter{Place: at, Limit: limit})
		},
		key:   models.ProductOrders.Key,
		count: func() (int, error) { return a.Store.CountProducts(ctx, scope, models.ProductFilter{}) },
		one:   "product", many: "products",
	})
	if err != nil {
		return nil, pager, err
	}
	ids := make([]int64, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	sources, err := a.Store.RoleSourcesOf(ctx, userID, ids...)
	list := make([]page.UserMembership, 0, len(rows))
	for _, r := range rows {
		for _, s := range sources[r.ID] {
			list = append(list, page.UserMembership{
				ProductID: r.ID, Product: r.Name, Role: string(s.Role), Through: throughText(s),
			})
		}
	}
	return list, pager, err
}

// throughText names the groups that give a role: "Security team → Shop"; "" for a direct one.
func throughText(s models.RoleSource) string {
	if s.AuthorizationGroup != "" && s.Group != "" {
		return s.AuthorizationGroup + " → " + s.Group
	}
	return s.AuthorizationGroup + s.Group
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
