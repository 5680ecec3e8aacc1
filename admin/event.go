package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/app/explain"
	"gatecrier/app/web"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

// eventRoutes adds the page that explains an event.
func (a *Admin) eventRoutes(r router) {
	r.get("/events/:id", a.event)
}

// event shows step by step what happened to an event.
func (a *Admin) event(c *gin.Context) error {
	id, err := web.ID(c, "id", "event")
	if err != nil {
		return err
	}
	found, err := a.Explain.Explain(c.Request.Context(), actorOf(c), id)
	if err != nil {
		return err
	}
	e := found.Event
	v := page.EventView{
		ID: e.ID, Type: e.Type, Title: e.Title, Message: e.Message, Actor: e.Actor, At: a.inUserZone(c, e.At),
		ProductID: e.ProductID, Product: e.Product, Inbox: found.Inbox,
	}
	for _, s := range found.Steps {
		v.Steps = append(v.Steps, a.explainStep(c, s))
	}
	v.Frame = a.frame(c, "Why was this sent? "+e.Title, layout.NavInbox)
	return render(c, http.StatusOK, page.Event(v))
}

func (a *Admin) explainStep(c *gin.Context, s explain.Step) page.ExplainStep {
	step := page.ExplainStep{
		Key:     string(s.Key),
		Outcome: string(s.Outcome),
		Text:    s.Text,
		Detail:  s.Detail,
		At:      a.inUserZone(c, s.At),
		Until:   a.inUserZone(c, s.Until),
		Href:    s.Link.Path,
		Link:    s.Link.Text,
	}
	if s.Key == explain.Recorded { // the page shows it above
		step.Detail = ""
	}
	if s.Sent != nil {
		row := a.deliveryRow(c, *s.Sent)
		step.Sent, step.Recipient = &row, s.Sent.Recipient
		step.Why, step.SetUpBy = s.Why, s.SetUpBy
	}
	return step
}
