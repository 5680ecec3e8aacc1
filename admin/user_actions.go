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
	edit    account.UserEdit
	done    string
}

// userActions returns all actions but the reset of a password, by their names in the path.
func userActions() map[string]userAction {
	yes, no := true, false
	return map[string]userAction{
		"deactivate": {
			title:  "Deactivate ",
			button: "Deactivate",
			danger: true,
			edit:   account.UserEdit{Active: &no},
			done:   " is deactivated",
			effects: []string{
				"All sessions end at once, and nobody can sign in with this name.",
				"The API tokens are revoked, and the feed is removed. They do not come back.",
				"The memberships stay, and so does the name in what the user has done.",
			},
		},
		"activate": {
			title:  "Activate ",
			button: "Activate",
			edit:   account.UserEdit{Active: &yes},
			done:   " is active",
			effects: []string{
				"The user can sign in again, with the password of before.",
				"The memberships count again. API tokens and the feed have to be created anew.",
			},
		},
		"promote": {
			title:  "Make an administrator: ",
			button: "Make an administrator",
			danger: true,
			edit:   account.UserEdit{Administrator: &yes},
			done:   " is an administrator",
			effects: []string{
				"The user sees and changes all products, users, connections and settings.",
				"So do the API tokens that are not narrowed to a role.",
			},
		},
		"demote": {
			title:   "Take the administrator’s rights: ",
			button:  "Take the rights",
			danger:  true,
			edit:    account.UserEdit{Administrator: &no},
			done:    " is no administrator any more",
			effects: []string{"From now on only the memberships in products count.", "The last active administrator stays one."},
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
		Cancel: userPath(u.ID), Error: textOf(actionErr),
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
	}
	return a.askPage(c, status, v.Title, layout.NavUsers, v)
}

func (a *Admin) passwordConfirm(c *gin.Context, v *page.AskView, u models.UserRow) (err error) {
	v.Title = "Reset the password of " + u.Name + "?"
	v.Effects = []string{
		"A password is made and shown to you once. " +
			"It counts at once, all sessions end, and it has to be changed at the next sign-in.",
		"The API tokens are revoked, the feed is removed, and links and email addresses that wait are void.",
	}
	if u.Email != "" {
		v.Effects = append(v.Effects, "Links for forgotten passwords go to "+u.Email+": check that it is still right.")
	}
	if a.Accounts.CanSendMail() && u.Email != "" {
		v.Effects = append(v.Effects,
			"Or a link is mailed to "+u.Email+": it works once, within three days. "+
				"Until then the old password counts, and so do sessions and tokens.")
		v.Buttons = append(v.Buttons, page.AskButton{Label: "Mail a link", Value: "link"})
	}
	v.Buttons = append(v.Buttons, page.AskButton{Label: "Make a password", Value: "password", Danger: true})
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
	_, err = a.Accounts.Edit(c.Request.Context(), actorOf(c), u.ID, action.edit)
	if fault.Is(err, fault.Conflict) {
		return a.userConfirmPage(c, http.StatusConflict, err)
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
		ByLink: c.PostForm("how") == "link",
		Revoke: c.PostFormArray("revoke"),
	})
	if fault.Is(err, fault.Conflict) || fault.Is(err, fault.Invalid) {
		return a.userConfirmPage(c, web.StatusOf(err), err)
	}
	if err != nil {
		return err
	}
	return a.userAddedPage(c, made, "A new password for "+u.Name)
}
