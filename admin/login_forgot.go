package admin

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"gatecrier/app/account"
	"gatecrier/app/fault"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/page"
)

func (a *Admin) forgot(c *gin.Context) error {
	return render(
		c,
		http.StatusOK,
		page.Forgot(page.ForgotView{Frame: a.guestFrame("Forgotten password"), Mails: a.Accounts.CanSendMail()}),
	)
}

// forgotSend answers the same, whoever is meant.
func (a *Admin) forgotSend(c *gin.Context) error {
	v := page.ForgotView{Frame: a.guestFrame("Forgotten password"), Mails: a.Accounts.CanSendMail(), Who: c.PostForm("who")}
	err := a.Accounts.Forgot(c.Request.Context(), v.Who, c.ClientIP())
	if f := (*fault.Error)(nil); fault.Is(err, fault.TooMany) && errors.As(err, &f) {
		c.Header("Retry-After", strconv.Itoa(int(f.Wait/time.Second)))
		v.Error = f.Text
		return render(c, http.StatusTooManyRequests, page.Forgot(v))
	}
	if fault.Is(err, fault.Unavailable) && !v.Mails {
		return render(c, http.StatusOK, page.Forgot(v))
	}
	if err != nil {
		return err
	}
	v.Asked = true
	return render(c, http.StatusOK, page.Forgot(v))
}

// passwordByLink is where a link leads to. It only shows: programs that look at mails
// follow links too.
func (a *Admin) passwordByLink(c *gin.Context) error {
	return a.passwordByLinkPage(c, http.StatusOK, c.Query("link"), nil)
}

func (a *Admin) passwordByLinkPage(c *gin.Context, status int, link string, errs map[string]string) error {
	u, err := a.Accounts.LinkUser(c.Request.Context(), models.LinkPassword, link)
	if fault.Is(err, fault.NotFound) {
		return a.invalidLink(c, err)
	}
	if err != nil {
		return err
	}
	return render(c, status, page.Password(page.PasswordView{
		Frame:     a.guestFrame("Choose a password"),
		Link:      link,
		Name:      u.Name,
		MinLength: a.Settings.Users().PasswordMinLength,
		Errors:    errs,
	}))
}

func (a *Admin) invalidLink(c *gin.Context, err error) error {
	return render(c, http.StatusNotFound, page.Door(page.DoorView{
		Frame: a.guestFrame("Link"),
		Title: "This link does not work",
		Text:  textOf(err) + ".",
		Href:  "/login/forgot",
		Label: "Ask for another one",
	}))
}

func (a *Admin) passwordByLinkSave(c *gin.Context) error {
	link, newPassword := c.PostForm("link"), c.PostForm("new")
	if c.PostForm("repeat") != newPassword {
		return a.passwordByLinkPage(
			c, http.StatusUnprocessableEntity, link, map[string]string{"repeat": "This is not the same as above"},
		)
	}
	err := a.Accounts.ChooseByLink(c.Request.Context(), link, newPassword)
	if errs := fieldErrors(err); errs != nil {
		return a.passwordByLinkPage(c, http.StatusUnprocessableEntity, link, errs)
	}
	if fault.Is(err, fault.NotFound) {
		return a.invalidLink(c, err)
	}
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, page.Door(page.DoorView{
		Frame: a.guestFrame("Password"),
		Title: "Your password is changed",
		Text:  "All your sessions have ended. Sign in with the new one.",
		Href:  "/login",
		Label: "Sign in",
	}))
}

func (a *Admin) confirmEmail(c *gin.Context) error {
	link := c.Query("link")
	u, err := a.Accounts.LinkUser(c.Request.Context(), models.LinkEmail, link)
	if fault.Is(err, fault.NotFound) {
		return a.invalidEmailLink(c, err)
	}
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, page.Door(page.DoorView{
		Frame:  a.guestFrame("Mail address"),
		Title:  "Confirm this address",
		Text:   "From then on " + u.EmailPending + " is the address of " + u.Name + ".",
		Action: account.ConfirmPath,
		Button: "Confirm",
		Link:   link,
		Href:   "/login",
		Label:  "Not now",
	}))
}

func (a *Admin) invalidEmailLink(c *gin.Context, err error) error {
	return render(c, http.StatusNotFound, page.Door(page.DoorView{
		Frame: a.guestFrame("Link"),
		Title: "This link does not work",
		Text:  textOf(err) + ".",
		Href:  "/profile",
		Label: "To your profile",
	}))
}

func (a *Admin) confirmEmailSave(c *gin.Context) error {
	u, err := a.Accounts.ConfirmEmail(c.Request.Context(), c.PostForm("link"))
	if fault.Is(err, fault.NotFound) {
		return a.invalidEmailLink(c, err)
	}
	if err != nil {
		return err
	}
	if a.Sessions.UserID(c.Request.Context()) == u.ID {
		a.flash(c, "ok", "Your mail address is confirmed", u.Email)
		web.SeeOther(c, "/profile")
		return nil
	}
	return render(c, http.StatusOK, page.Door(page.DoorView{
		Frame: a.guestFrame("Mail address"),
		Title: "The address is confirmed",
		Text:  u.Email + " is that of " + u.Name + " now.",
		Href:  "/login",
		Label: "Sign in",
	}))
}
