package admin

import (
	"github.com/gin-gonic/gin"

	"gatecrier/templates/page"
)

// silenceNotes returns the silences in force for a product's page.
func (a *Admin) silenceNotes(c *gin.Context, product int64) ([]page.QuietRow, error) {
	notes, err := a.Silences.NotesFor(c.Request.Context(), actorOf(c), product)
	rows := make([]page.QuietRow, len(notes))
	for i, n := range notes {
		rows[i] = page.QuietRow{
			Reason: n.Reason,
			Author: n.Author,
			What:   silenceWords(n.Silence),
			EndsAt: a.inUserZone(c, n.EndsAt),
		}
		if n.Seen {
			rows[i].Href = silencePath(n.ID)
		}
	}
	return rows, err
}
