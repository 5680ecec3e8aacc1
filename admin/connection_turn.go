package admin

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"gatecrier/app/connection"
	"gatecrier/app/delivery"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

// turnRoutes adds the actions that turn the connection that load finds on and off, below a path.
// pageOf returns the page that they lead back to.
func (a *Admin) turnRoutes(
	r router, at string, load func(*gin.Context) (models.Connection, error), pageOf func(models.Connection) string,
) {
	r.post(at+"/enable", a.enableConnection(load, pageOf))
	r.get(at+"/disable", a.disableConfirm(load, pageOf))
	r.post(at+"/disable", a.disableConnection(load, pageOf))
}

func (a *Admin) enableConnection(
	load func(*gin.Context) (models.Connection, error), pageOf func(models.Connection) string,
) handler {
	return func(c *gin.Context) error {
		found, err := load(c)
		if err != nil {
			return err
		}
		enabled := true
		_, err = a.Connections.Update(c.Request.Context(), actorOf(c), found.ID, connection.Change{Enabled: &enabled})
		a.Dispatcher.Wake()
		return a.done(c, err, found.Name+" enabled", "", pageOf(found))
	}
}

// disableConfirm asks what is to happen to the messages that wait.
func (a *Admin) disableConfirm(
	load func(*gin.Context) (models.Connection, error), pageOf func(models.Connection) string,
) handler {
	return func(c *gin.Context) error {
		found, err := load(c)
		if err != nil {
			return err
		}
		lost, err := a.Connections.Losses(c.Request.Context(), actorOf(c), found.ID)
		if err != nil {
			return err
		}
		nav := layout.NavConnections
		if strings.Contains(c.FullPath(), "/targets/") {
			nav = layout.NavProducts
		}
		if !found.Enabled {
			return a.askPage(c, http.StatusOK, "Cancel messages", nav, askCancel(found.Name, lost.Waiting, pageOf(found)))
		}
		v := page.AskView{
			Title:   "Disable " + found.Name + "?",
			Effects: []string{"New messages are not sent while it is disabled."},
			Cancel:  pageOf(found),
		}
		if lost.Waiting == 0 {
			v.Effects = append(v.Effects, "No messages are waiting.")
			v.Buttons = []page.AskButton{{Label: "Disable", Value: string(connection.Keep)}}
			return a.askPage(c, http.StatusOK, "Disable "+found.Name, nav, v)
		}
		v.Effects = append(
			v.Effects, plural(lost.Waiting, "message is", "messages are")+" waiting. Keep or cancel?", keptText(),
			"Canceled messages are not sent later.",
		)
		v.Buttons = []page.AskButton{
			{Label: "Disable and keep messages", Value: string(connection.Keep)},
			{Label: "Disable and cancel messages", Value: string(connection.Cancel), Danger: true},
		}
		return a.askPage(c, http.StatusOK, "Disable "+found.Name, nav, v)
	}
}

// askCancel asks whether the messages that a disabled connection keeps are canceled.
func askCancel(name string, waiting int, back string) page.AskView {
	v := page.AskView{Title: "Cancel the kept messages of " + name + "?", Cancel: back}
	if waiting == 0 {
		v.Effects = []string{"It is disabled, and no messages are waiting."}
		return v
	}
	v.Effects = []string{
		plural(waiting, "message is", "messages are") + " kept. " + keptText(), "Canceled messages are not sent later.",
	}
	v.Buttons = []page.AskButton{{
		Label: "Cancel " + plural(waiting, "message", "messages"), Value: string(connection.Cancel), Danger: true,
	}}
	return v
}

// keptText says what happens to messages that are kept.
func keptText() string {
	return fmt.Sprintf("Kept messages are sent when it is enabled again. Messages older than %d hours fail, "+
		"and gate changes that are out of date by then are canceled.", int(delivery.Lifetime.Hours()))
}

// disableConnection turns a connection off. Without a choice, it keeps the messages that wait.
func (a *Admin) disableConnection(
	load func(*gin.Context) (models.Connection, error), pageOf func(models.Connection) string,
) handler {
	return func(c *gin.Context) error {
		found, err := load(c)
		if err != nil {
			return err
		}
		ctx, enabled, waiting := c.Request.Context(), false, connection.Waiting(c.PostForm("how"))
		_, err = a.Connections.Update(ctx, actorOf(c), found.ID, connection.Change{Enabled: &enabled, Waiting: waiting})
		if err != nil || waiting != connection.Cancel {
			return a.done(c, err, found.Name+" disabled", "No new messages are sent. "+keptText(), pageOf(found))
		}
		title, kind, text := found.Name+" disabled", "ok", "Waiting messages are canceled, and no new ones are sent."
		if !found.Enabled {
			title, text = "Messages canceled", found.Name+" stays disabled."
		}
		many, err := a.Store.RemovedInParts(ctx, models.CancelMessages, found.ID)
		if err != nil {
			return err
		}
		if many {
			kind = "wait"
			text = "No more messages are sent. Its many waiting messages are being canceled in the background. " +
				"You can enable it again when that is done. " + progressOnHealth
		}
		return a.redirect(c, kind, title, text, pageOf(found))
	}
}
