package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/app/fault"
	"gatecrier/app/web"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// profileFeedRoutes adds the actions on the user's feed.
func (a *Admin) profileFeedRoutes(r router) {
	r.post("/profile/feed", a.feedCreate)
	r.get("/profile/feed/:action", a.feedConfirm)
	r.post("/profile/feed/:action", a.feedChange)
}

const (
	feedRotate = "rotate"
	feedRemove = "remove"
)

// feedCreate creates the first URL of the user's feed. A feed that exists keeps its URL: to
// replace it, the user confirms first.
func (a *Admin) feedCreate(c *gin.Context) error {
	at, err := a.Feeds.State(c.Request.Context(), actorOf(c))
	if err != nil {
		return err
	}
	if !at.IsZero() {
		return a.redirect(c, "ok", "Your feed already has a URL", "No changes were made.", profilePath)
	}
	return a.feedCreatePage(c, func(status int, errs map[string]string) error {
		return a.profilePage(c, status, func(v *page.ProfileView) { v.Feed.Errors = errs })
	})
}

// feedCreatePage creates a URL, if the user has typed the password again; refused renders the form
// again. The page follows at once, and not after a redirect, since it shows the URL this one time.
func (a *Admin) feedCreatePage(c *gin.Context, refused func(status int, errs map[string]string) error) error {
	ctx, actor := c.Request.Context(), actorOf(c)
	err := a.Accounts.RequirePassword(ctx, actor, c.PostForm("password"))
	if errs := formErrors(err); errs != nil {
		return refused(web.StatusOf(err), errs)
	}
	if err != nil {
		return err
	}
	url, err := a.Feeds.Make(ctx, actor)
	if err != nil {
		return err
	}
	return a.profilePage(c, http.StatusOK, func(v *page.ProfileView) { v.Feed.Made = url })
}

func (a *Admin) feedConfirm(c *gin.Context) error { return a.feedConfirmPage(c, http.StatusOK, nil) }

// feedConfirmPage says what happens to the feed's URL; errs are why it did not.
func (a *Admin) feedConfirmPage(c *gin.Context, status int, errs map[string]string) error {
	at, err := a.Feeds.State(c.Request.Context(), actorOf(c))
	if err != nil {
		return err
	}
	if at.IsZero() {
		return fault.NewNotFound("feed")
	}
	lost := "The current URL stops working immediately."
	v := page.AskView{
		Crumbs: []ui.Crumb{{Label: "Your profile", Href: profilePath}},
		Cancel: profilePath,
		Error:  errs[""],
	}
	switch c.Param("action") {
	case feedRotate:
		v.Title = "Regenerate the feed URL?"
		v.Effects = []string{lost, "The new URL is shown only once. Replace the old one in your feed reader."}
		v.Buttons = []page.AskButton{{Label: "Regenerate URL", Danger: true}}
		v.Password, v.PasswordError = true, errs["password"]
	case feedRemove:
		v.Title, v.Effects = "Remove your feed?", []string{lost, "A new feed will have a different URL."}
		v.Buttons = []page.AskButton{{Label: "Remove feed", Danger: true}}
	default:
		return fault.NewNotFound("page")
	}
	return a.askPage(c, status, v.Title, layout.NavNone, v)
}

func (a *Admin) feedChange(c *gin.Context) error {
	switch c.Param("action") {
	case feedRotate:
		return a.feedCreatePage(c, func(status int, errs map[string]string) error {
			return a.feedConfirmPage(c, status, errs)
		})
	case feedRemove:
	default:
		return fault.NewNotFound("page")
	}
	return a.done(c, a.Feeds.Remove(c.Request.Context(), actorOf(c)), "Feed removed", "", profilePath)
}
