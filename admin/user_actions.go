package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/app/account"
	"gatecrier/app/fault"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// userActionRoutes adds the actions on a user.
func (a *Admin) userActionRoutes(r router) {
	r.get(usersPath+"/:id/:action", a.userConfirm)
	r.post(usersPath+"/:id/:action", a.userChange)
}

// userAction is an action on a user that is confirmed first.
type userAction struct {
	title   string // followed by the name
	effects []string
	button  string
	danger  bool
	proof   bool // it needs the current password
	edit    account.UserEdit
	done    string
}

// userActions returns all actions but the reset of a password, by their names in the path.
func userActions() map[string]userAction {
	yes, no := true, false
	return map[string]userAction{
		"deactivate": {
			title:  "Deactivate ",
			button: "Deactivate user",
			danger: true,
			edit:   account.UserEdit{Active: &no},
			done:   " deactivated",
			effects: []string{
				"All sessions end immediately, and the user can no longer sign in.",
				"API tokens are revoked and the feed is removed, permanently.",
				"Memberships and the user's name in the audit log are kept.",
			},
		},
		"activate": {
			title:  "Activate ",
			button: "Activate user",
			proof:  true,
			edit:   account.UserEdit{Active: &yes},
			done:   " activated",
			effects: []string{
				"The user can sign in again with the previous password.",
				"Memberships apply again. The user must create API tokens and the feed again.",
			},
		},
		"promote": {
			title:  "Make administrator: ",
			button: "Make administrator",
			danger: true,
			proof:  true,
			edit:   account.UserEdit{Administrator: &yes},
			done:   " is now an administrator",
			effects: []string{
				"The user can view and change all products, users, connections and settings.",
				"This also applies to the user's API tokens that are not restricted to a role.",
			},
		},
		"demote": {
			title:  "Remove administrator rights: ",
			button: "Remove administrator rights",
			danger: true,
			edit:   account.UserEdit{Administrator: &no},
			done:   " is no longer an administrator",
			effects: []string{
				"The user keeps only the permissions of product memberships.",
				"You cannot remove the last active administrator.",
			},
		},
	}
}

const actionPassword = "password"

func (a *Admin) userConfirm(c *gin.Context) error { return a.userConfirmPage(c, http.StatusOK, nil) }

// userConfirmPage says what an action does; actionErr, unless nil, is why it was not done.
func (a *Admin) userConfirmPage(c *gin.Context, status int, actionErr error) error {
	u, err := a.userOf(c)
	if err != nil {
		return err
	}
	v := page.AskView{
		Crumbs: []ui.Crumb{{Label: "Users", Href: usersPath}, {Label: u.Name, Href: userPath(u.ID)}},
		Cancel: userPath(u.ID),
	}
	if errs := formErrors(actionErr); errs["password"] != "" {
		v.PasswordError = errs["password"]
	} else {
		v.Error = firstText(actionErr)
	}
	action, known := userActions()[c.Param("action")]
	switch {
	case c.Param("action") == actionPassword:
		if err := a.passwordConfirm(c, &v, u); err != nil {
			return err
		}
	case !known:
		return fault.NewNotFound("page")
	default:
		v.Title = action.title + u.Name + "?"
		v.Effects = action.effects
		v.Buttons = []page.AskButton{{Label: action.button, Danger: action.danger}}
		v.Password = action.proof
	}
	return a.askPage(c, status, v.Title, layout.NavUsers, v)
}

func (a *Admin) passwordConfirm(c *gin.Context, v *page.AskView, u models.UserRow) (err error) {
	v.Title, v.Password = "Reset the password of "+u.Name+"?", true
	v.Effects = []string{
		"A password is generated and shown only once. " +
			"It takes effect immediately, all sessions end, and the user must change it at the next sign-in.",
		"API tokens are revoked, the feed is removed, and pending links and email addresses become invalid.",
	}
	if u.Email != "" {
		v.Effects = append(v.Effects,
			"Links to reset the password go to "+u.Email+". Check that this address is still correct.")
	}
	if a.Accounts.CanSendMail() && u.Email != "" {
		v.Effects = append(v.Effects,
			"Alternatively, send a one-time link to "+u.Email+". It is valid for 3 days. "+
				"Until the user follows it, the old password, sessions and tokens remain valid.")
		v.Buttons = append(v.Buttons, page.AskButton{Label: "Send link", Value: "link"})
	}
	v.Buttons = append(v.Buttons, page.AskButton{Label: "Generate password", Value: "password", Danger: true})
	v.Made, err = a.madeRows(c, actorOf(c), u.ID)
	return err
}

func (a *Admin) userChange(c *gin.Context) error {
	u, err := a.userOf(c)
	if err != nil {
		return err
	}
	if c.Param("action") == actionPassword {
		return a.userReset(c, u)
	}
	action, known := userActions()[c.Param("action")]
	if !known {
		return fault.NewNotFound("page")
	}
	action.edit.Password = c.PostForm("password")
	_, err = a.Accounts.Edit(c.Request.Context(), actorOf(c), u.ID, action.edit)
	if formErrors(err) != nil {
		return a.userConfirmPage(c, web.StatusOf(err), err)
	}
	if err != nil {
		return err
	}
	a.flash(c, "ok", u.Name+action.done, "")
	if u.ID == actorOf(c).User.ID { // the actor is no administrator any more
		web.SeeOther(c, "/")
		return nil
	}
	web.SeeOther(c, userPath(u.ID))
	return nil
}

func (a *Admin) userReset(c *gin.Context, u models.UserRow) error {
	made, err := a.Accounts.ResetPassword(c.Request.Context(), actorOf(c), u.ID, account.Reset{
		ByLink:   c.PostForm("how") == "link",
		Revoke:   revokedMade(c),
		Password: c.PostForm("password"),
	})
	if formErrors(err) != nil {
		return a.userConfirmPage(c, web.StatusOf(err), err)
	}
	if err != nil {
		return err
	}
	return a.userAddedPage(c, made, "New password for "+u.Name)
}
