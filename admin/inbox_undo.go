package admin

import (
	"strconv"

	"github.com/gin-gonic/gin"

	"gatecrier/app/fault"
	"gatecrier/app/inbox"
	"gatecrier/app/web"
	"gatecrier/templates/ui"
)

// stepNote says what a step has done, with a button that undoes it and leads to a path.
func stepNote(step inbox.Step, next string) ui.Note {
	n := ui.Note{Kind: "ok", Title: stepText(step)}
	if step.Undo != 0 {
		n.Undo = &ui.Undo{ID: step.Undo, Next: next}
	}
	return n
}

func stepText(step inbox.Step) string {
	return plural(step.N, "notification ", "notifications ") + markWord(step.As)
}

// inboxUndo undoes a step of the user, or says why it cannot be undone.
func (a *Admin) inboxUndo(c *gin.Context) error {
	next := safeRedirect(c.PostForm("next"))
	id, err := strconv.ParseInt(c.PostForm("undo"), 10, 64)
	if err != nil || id < 1 {
		return fault.BadField("undo", "Name the step to undo")
	}
	step, err := a.Inbox.Undo(c.Request.Context(), actorOf(c), id)
	if fault.Is(err, fault.Conflict) {
		return a.redirect(c, "wait", textOf(err), "No changes were made.", next)
	}
	if err != nil {
		return err
	}
	a.flash(c, "ok", "Undone: "+stepText(step), "")
	web.SeeOther(c, next)
	return nil
}
