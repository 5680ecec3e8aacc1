package admin

import (
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/app/fault"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

// heldPath is the page about the messages that a restore holds.
const heldPath = "/admin/held"

// heldRoutes adds the page about the messages that a restore holds.
func (a *Admin) heldRoutes(r router) {
	r.get(heldPath, a.held)
	r.post(heldPath+"/send", a.heldSend)
	r.post(heldPath+"/cancel", a.heldCancel)
}

func (a *Admin) held(c *gin.Context) error { return a.heldPage(c, http.StatusOK, "", "") }

func (a *Admin) heldPage(c *gin.Context, status int, reason, problem string) error {
	s, err := a.Held.Status(c.Request.Context(), actorOf(c))
	if err != nil {
		return err
	}
	v := page.HeldView{
		Frame:    a.frame(c, "Held messages", layout.NavHealth),
		Restored: s.Restored,
		Waiting:  s.Waiting(),
		BackupAt: a.inUserZone(c, s.BackupAt),
		At:       a.inUserZone(c, s.RestoredAt),
		Count:    s.Count,
		Changes:  s.GateChanges,
		Oldest:   a.inUserZone(c, s.Oldest),
		Decision: string(s.Decision),
		By:       s.DecidedBy,
		ByAt:     a.inUserZone(c, s.DecidedAt),
		Reason:   reason,
		Error:    problem,
	}
	v.Frame.Alert = layout.Alert{}
	for _, t := range s.Targets {
		path := ""
		if t.ConnectionID != 0 {
			path = "/connections/" + formatInt(t.ConnectionID)
		}
		v.Targets = append(v.Targets, page.HeldTargetRow{
			Path:   path,
			Name:   t.Connection,
			Module: t.Module,
			Owner:  t.Owner,
			Count:  t.Count,
			Oldest: a.inUserZone(c, t.Oldest),
		})
	}
	return render(c, status, page.Held(v))
}

func (a *Admin) heldSend(c *gin.Context) error {
	err := a.Held.Decide(c.Request.Context(), actorOf(c), models.RestoreSend, "")
	return a.done(c, err, "Held messages released", "See the delivery log.", heldPath)
}

func (a *Admin) heldCancel(c *gin.Context) error {
	reason := c.PostForm("reason")
	err := a.Held.Decide(c.Request.Context(), actorOf(c), models.RestoreCancel, reason)
	var f *fault.Error
	if errors.As(err, &f) && f.Kind == fault.Invalid && len(f.Fields) > 0 {
		return a.heldPage(c, http.StatusUnprocessableEntity, reason, f.Fields[0].Message)
	}
	return a.done(c, err, "Held messages canceled", "The delivery log shows the reason.", heldPath)
}
