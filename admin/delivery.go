package admin

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// deliveryRoutes adds the page of a delivery.
func (a *Admin) deliveryRoutes(r router) {
	r.get("/deliveries/:id", a.delivery)
}

func (a *Admin) delivery(c *gin.Context) error {
	id, err := web.ID(c, "id", "delivery")
	if err != nil {
		return err
	}
	e, err := a.DeliveryLog.Get(c.Request.Context(), actorOf(c), id)
	if err != nil {
		return err
	}
	v := page.DeliveryView{
		Row:       a.deliveryRow(c, e.Row),
		UUID:      "msg_" + e.UUID,
		Recipient: e.Recipient,
		Finished:  a.inUserZone(c, e.FinishedAt),
		Test:      e.Origin == models.OriginTest,
	}
	for _, t := range e.Attempts {
		v.Attempts = append(v.Attempts, ui.Attempt{
			Number:   t.Number,
			At:       a.inUserZone(c, t.At),
			Duration: t.Duration,
			OK:       t.Result == "delivered",
			Note:     attemptNote(t),
			Reason:   t.Reason,
			Answer:   t.Answer,
		})
	}
	if at := v.Row.NextAt; !at.IsZero() && (e.State == models.DeliveryRetrying || e.State == models.DeliveryPending) {
		v.Attempts = append(v.Attempts, ui.Attempt{Number: len(v.Attempts) + 1, At: at, Planned: true})
	}
	if e.MayEdit && !e.State.Open() {
		v.ResendURL = deliveryPath(id) + "/resend"
	}
	sent, err := a.DeliveryLog.Shown(c.Request.Context(), e)
	if err != nil {
		return err
	}
	v.Headers, v.Body = strings.Join(sent.Head, "\n"), indentJSON(sent.Body)
	v.Frame = a.frame(c, e.Title, layout.NavDeliveries)
	return render(c, http.StatusOK, page.Delivery(v))
}

// attemptNote says what is special about an attempt.
func attemptNote(t models.Attempt) string {
	var notes []string
	if t.Probe {
		notes = append(notes, "health probe, not counted as an attempt")
	}
	switch t.Result {
	case models.ResultUnsure:
		notes = append(notes, "possibly delivered")
	case models.ResultLost:
		notes = append(notes, "outcome unknown: possibly delivered")
	}
	return strings.Join(notes, "; ")
}

// indentJSON indents a body that is JSON; another one is returned as it is.
func indentJSON(body string) string {
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(body), "", "  "); err != nil {
		return body
	}
	return b.String()
}
