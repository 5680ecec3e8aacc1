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

// userNewRoutes adds the form for a new user.
func (a *Admin) userNewRoutes(r router) {
	r.get(usersPath+"/new", a.userNew)
	r.post(usersPath, a.userCreate)
}

func (a *Admin) userNew(c *gin.Context) error {
	// The list is for administrators only, as the form is.
	if _, err := a.Accounts.List(c.Request.Context(), actorOf(c), models.UserFilter{Limit: 1}); err != nil {
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
	made, err := a.Accounts.Add(c.Request.Context(), actorOf(c), n,
		account.Invitation{ByLink: byLink, Password: c.PostForm("password")})
	if errs := formErrors(err); errs != nil {
		return a.userNewPage(c, web.StatusOf(err), page.UserNewView{
			Name: n.Name, Email: n.Email, FirstName: n.FirstName, Administrator: n.Administrator, ByLink: byLink, Errors: errs,
		})
	}
	if err != nil {
		return err
	}
	return a.userAddedPage(c, made, "User "+made.User.Name+" created")
}

// userAddedPage shows the generated password. If a link was sent instead, it leads to the
// user.
func (a *Admin) userAddedPage(c *gin.Context, made account.Added, title string) error {
	if made.Password == "" {
		const text = "The link works once and is valid for 3 days."
		return a.redirect(c, "ok", "Link sent to "+made.User.Email, text, userPath(made.User.ID))
	}
	return render(c, http.StatusOK, page.UserMade(page.UserMadeView{
		Frame:    a.frame(c, title, layout.NavUsers),
		ID:       made.User.ID,
		Title:    title,
		Name:     made.User.Name,
		Password: made.Password,
	}))
}
