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

const usersPath = "/admin/users"

// userFilters are the filters of the list.
var userFilters = []struct{ show, label string }{
	{"", "All"},
	{"active", "Active"},
	{"deactivated", "Deactivated"},
	{"administrators", "Administrators"},
}

func userFilter(show string) models.UserFilter {
	yes, no := true, false
	switch show {
	case "active":
		return models.UserFilter{Active: &yes}
	case "deactivated":
		return models.UserFilter{Active: &no}
	case "administrators":
		return models.UserFilter{Administrator: &yes}
	}
	return models.UserFilter{}
}

func (a *Admin) users(c *gin.Context) error {
	q, shown, after := c.Query("q"), c.Query("show"), c.Query("after")
	f := userFilter(shown)
	f.Text, f.After, f.Limit = q, after, pageSize+1
	rows, err := a.Accounts.List(c.Request.Context(), actorOf(c), f)
	if err != nil {
		return err
	}
	v := page.UsersView{Frame: a.frame(c, "Users", layout.NavUsers), Query: q, Show: shown}
	for _, s := range userFilters {
		v.Chips = append(
			v.Chips,
			ui.Chip{Label: s.label, Href: link(usersPath, "q", q, "show", s.show), Count: -1, Current: s.show == shown},
		)
	}
	if len(rows) > pageSize {
		rows = rows[:pageSize]
		v.Pager.Next = link(usersPath, "q", q, "show", shown, "after", rows[pageSize-1].Name)
	}
	if after != "" {
		v.Pager.First = link(usersPath, "q", q, "show", shown)
	}
	v.Pager.Text = plural(len(rows), "user", "users") + " shown"
	for _, u := range rows {
		v.Rows = append(v.Rows, a.userRow(c, u))
	}
	return render(c, http.StatusOK, page.Users(v))
}

func (a *Admin) userRow(c *gin.Context, u models.UserRow) page.UserRow {
	return page.UserRow{
		ID: u.ID, Name: u.Name, FirstName: u.FirstName, Email: u.Email, Administrator: u.Administrator, Active: u.Active,
		Memberships: u.Memberships, LastSignIn: a.inUserZone(c, u.LastSignInAt),
	}
}

func (a *Admin) userNew(c *gin.Context) error {
	if _, err := a.Accounts.List(
		c.Request.Context(), actorOf(c), models.UserFilter{Limit: 1},
	); err != nil { // for administrators
		return err
	}
	return a.userNewPage(c, http.StatusOK, page.UserNewView{})
}

func (a *Admin) userNewPage(c *gin.Context, status int, v page.UserNewView) error {
	v.Frame, v.Mails = a.frame(c, "New user", layout.NavUsers), a.Accounts.CanSendMail()
	return render(c, status, page.UserNew(v))
}

func (a *Admin) userCreate(c *gin.Context) error {
	n := account.NewUser{
		Name:          c.PostForm("name"),
		Email:         c.PostForm("email"),
		FirstName:     c.PostForm("first_name"),
		Administrator: c.PostForm("administrator") == "on",
	}
	byLink := c.PostForm("how") == "link"
	made, err := a.Accounts.Add(c.Request.Context(), actorOf(c), n, byLink)
	if errs := formErrors(err); errs != nil {
		return a.userNewPage(c, web.StatusOf(err), page.UserNewView{
			Name: n.Name, Email: n.Email, FirstName: n.FirstName, Administrator: n.Administrator, ByLink: byLink, Errors: errs,
		})
	}
	if err != nil {
		return err
	}
	return a.userAddedPage(c, made, made.User.Name+" can sign in")
}

// userAddedPage shows the password that was made, or leads to the user whom a link
// was sent.
func (a *Admin) userAddedPage(c *gin.Context, made account.Added, title string) error {
	if made.Password == "" {
		a.flash(c, "ok", "A link is on its way to "+made.User.Email, "It works once, within three days.")
		web.SeeOther(c, userPath(made.User.ID))
		return nil
	}
	return render(c, http.StatusOK, page.UserMade(page.UserMadeView{
		Frame:    a.frame(c, title, layout.NavUsers),
		ID:       made.User.ID,
		Title:    title,
		Name:     made.User.Name,
		Password: made.Password,
	}))
}

func userPath(id int64) string { return usersPath + "/" + formatInt(id) }

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
	for _, m := range members {
		v.Memberships = append(
			v.Memberships, page.UserMembership{ProductID: m.ProductID, Product: m.Product, Role: string(m.Role)},
		)
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
	_, err = a.Accounts.Edit(c.Request.Context(), actorOf(c), u.ID, account.UserEdit{Email: &email, FirstName: &first})
	if errs := formErrors(err); errs != nil {
		return a.userPage(c, web.StatusOf(err), map[string]string{"email": email, "first_name": first}, errs)
	}
	if err != nil {
		return err
	}
	a.flash(c, "ok", "Saved", "")
	web.SeeOther(c, userPath(u.ID))
	return nil
}
