package admin

import (
	"github.com/gin-gonic/gin"

	"gatecrier/app/account"
	"gatecrier/templates/page"
)

// profileSessionRoutes adds the actions on the user's sessions.
func (a *Admin) profileSessionRoutes(r router) {
	r.post("/profile/sessions/revoke", a.sessionsEnd)
	r.post("/profile/sessions/:id/revoke", a.sessionEnd)
}

func (a *Admin) sessionRows(c *gin.Context) ([]page.SessionRow, error) {
	open, err := a.Sessions.Open(c.Request.Context(), actorOf(c))
	rows := make([]page.SessionRow, 0, len(open))
	for _, s := range open {
		rows = append(rows, page.SessionRow{
			ID:      s.ID,
			Browser: account.Browser(s.UserAgent),
			Address: s.Address,
			Since:   a.inUserZone(c, s.CreatedAt),
			Seen:    a.inUserZone(c, s.SeenAt),
			This:    s.This,
		})
	}
	return rows, err
}

func (a *Admin) sessionEnd(c *gin.Context) error {
	err := a.Sessions.End(c.Request.Context(), actorOf(c), c.Param("id"))
	a.Hub.Refresh(actorOf(c).User.ID) // its open streams end
	return a.done(c, err, "Session signed out", "", profilePath)
}

func (a *Admin) sessionsEnd(c *gin.Context) error {
	n, err := a.Sessions.EndOthers(c.Request.Context(), actorOf(c))
	a.Hub.Refresh(actorOf(c).User.ID)
	return a.done(c, err, plural(int(n), "session", "sessions")+" signed out", "", profilePath)
}
