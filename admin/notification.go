package admin

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"gatecrier/app/authz"
	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/app/gate"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

// notificationRoutes adds the page of a notification.
func (a *Admin) notificationRoutes(r router) {
	r.get("/inbox/:id", a.notification)
}

// maxNotificationDeliveries bounds the deliveries on the page of a notification.
const maxNotificationDeliveries = 50

func (a *Admin) notification(c *gin.Context) error {
	ctx, actor := c.Request.Context(), actorOf(c)
	id, err := web.ID(c, "id", "notification")
	if err != nil {
		return err
	}
	n, err := a.Inbox.Get(ctx, actor, id)
	if err != nil {
		return err
	}
	v := page.NotificationView{
		ID:        n.EventID,
		Type:      n.Type,
		Name:      n.Name,
		Message:   n.Message,
		At:        a.inUserZone(c, n.At),
		Viewed:    n.Viewed,
		Archived:  n.Archived,
		SilenceID: n.SilenceID,
		Snoozed:   a.snoozedText(c, n),
		ProductID: n.ProductID,
		Product:   n.Product,
		Here:      c.Request.URL.RequestURI(),
	}
	e, err := a.Store.NotifiedEvent(ctx, actor.Viewer(), n.EventID)
	if err != nil {
		return err
	}
	if words, err := event.Describe(e); err == nil {
		v.Page = words.Page
	}
	var p event.GateChange
	if n.Type == string(event.GateChanged) && json.Unmarshal(e.Payload, &p) == nil {
		gateWhy(&v, p)
		if err := a.gateNow(c, &v); err != nil {
			return err
		}
	}
	rows, err := a.DeliveryLog.List(ctx, actor, models.DeliveryFilter{
		EventID: n.EventID, ProductID: n.ProductID, Limit: maxNotificationDeliveries,
	})
	if err != nil {
		return err
	}
	v.Deliveries = a.deliveryRows(c, rows)
	may, err := a.Inbox.MayDelete(ctx, actor, []models.Notification{n})
	if err != nil {
		return err
	}
	v.MayDelete = may[n.EventID]
	if v.MaySilence, err = a.maySilence(c, n); err != nil {
		return err
	}
	v.Frame = a.frame(c, n.Name, layout.NavInbox)
	return render(c, http.StatusOK, page.Notification(v))
}

// activatedText says how many of the failing observations are new and reopened; "" for none.
func activatedText(f event.Failing) string {
	var parts []string
	if f.New > 0 {
		parts = append(parts, formatInt(f.New)+" new")
	}
	if f.Reopened > 0 {
		parts = append(parts, formatInt(f.Reopened)+" reopened")
	}
	return strings.Join(parts, ", ")
}

// maySilence reports whether the user can silence the subject of a notification.
func (a *Admin) maySilence(c *gin.Context, n models.Notification) (bool, error) {
	if event.Type(n.Type).Mandatory() {
		return false, nil
	}
	if n.ProductID == 0 {
		return actorOf(c).Administrator(), nil
	}
	return authz.May(c.Request.Context(), a.Store, actorOf(c), authz.Edit, n.ProductID)
}

// gateNow shows beside a change what the gate is now, and whether the user can assess the product's observations.
func (a *Admin) gateNow(c *gin.Context, v *page.NotificationView) error {
	ctx, actor := c.Request.Context(), actorOf(c)
	row, err := a.Products.Get(ctx, actor, v.ProductID)
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Forbidden) {
		return nil
	}
	if err != nil {
		return err
	}
	v.Now, v.NowSince = string(row.Default.Gate), a.inUserZone(c, row.Default.Since)
	v.CanAssess, err = authz.May(ctx, a.Store, actor, authz.Assess, row.ID)
	return err
}

func gateWhy(v *page.NotificationView, p event.GateChange) {
	v.Branch, v.From, v.To, v.Why, v.Cause = p.Branch, string(p.From), string(p.To), p.Summary(), "by "+p.Cause.Text
	v.Counts = uiCounts(p.Counts)
	v.Failing = failingRows(p.Product.ID, p.Failing.Items)
	v.Activated = activatedText(p.Failing)
	v.FailingTotal = max(p.Failing.Total(), len(p.Failing.Items))
	if p.Thresholds != nil {
		limits := uiCounts(*p.Thresholds)
		v.Limits, v.Policy = &limits, ownerText(gate.Owner(p.Policy), "")
		v.Counting = countingText(countingThen(p))
	}
}
