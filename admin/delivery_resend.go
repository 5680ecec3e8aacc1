package admin

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"gatecrier/app/delivery"
	"gatecrier/app/fault"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

// resendRoutes adds the pages that resend deliveries.
func (a *Admin) resendRoutes(r router) {
	r.get("/deliveries/resend", a.resendConfirm)
	r.post("/deliveries/resend", a.resendStart)
	r.post("/deliveries/:id/resend", a.resendOne)
	r.get("/resends/:id", a.resendProgress)
	r.post("/resends/:id/stop", a.resendStop)
}

// maxSelected bounds the deliveries that a form can select.
const maxSelected = 1000

// resendFilter reads what to resend: the selected ids, or a filter.
func (a *Admin) resendFilter(c *gin.Context, values url.Values, ids []string) (deliveryQuery, error) {
	q, err := a.deliveryQuery(c, values)
	if err != nil {
		return q, err
	}
	if q.problem != "" {
		return q, fault.BadField("since", q.problem)
	}
	if len(ids) == 0 {
		return q, nil
	}
	if len(ids) > maxSelected {
		return q, fault.New(fault.Invalid, "You can select at most 1,000 deliveries at once")
	}
	q.DeliveryFilter = models.DeliveryFilter{}
	for _, text := range ids {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return q, fault.NewNotFound("delivery")
		}
		q.IDs = append(q.IDs, id)
	}
	slices.Sort(q.IDs)
	q.IDs = slices.Compact(q.IDs)
	return q, nil
}

// resendConfirm says what would be resent. It changes nothing.
func (a *Admin) resendConfirm(c *gin.Context) error {
	q, err := a.resendFilter(c, c.Request.URL.Query(), c.QueryArray("id"))
	if err != nil {
		return err
	}
	p, err := a.DeliveryLog.Preview(c.Request.Context(), actorOf(c), q.DeliveryFilter)
	if err != nil {
		return err
	}
	v := page.ResendView{
		What:  delivery.DescribeSelection(q.DeliveryFilter),
		Will:  p.Sendable,
		Off:   p.Disabled,
		Other: p.Forbidden,
		Over:  p.Beyond,
		Back:  q.without("/deliveries", "id"),
	}
	var longest time.Duration
	for _, t := range p.ByConnection {
		m := a.descriptor(t.Module)
		v.By = append(v.By, page.ResendTarget{Icon: m.Icon, Name: m.Title + ": " + t.Connection, N: t.N})
		if m.Limits.PerSecond > 0 {
			longest = max(longest, time.Duration(float64(t.N)/m.Limits.PerSecond*float64(time.Second)))
		}
	}
	if longest > time.Minute {
		minutes := int(longest.Minutes()) + 1
		v.Slow = fmt.Sprintf("Because of rate limits this takes about %d minutes.", minutes)
	}
	for _, id := range q.IDs {
		v.Hidden = append(v.Hidden, [2]string{"id", strconv.FormatInt(id, 10)})
	}
	if len(q.IDs) == 0 {
		v.Hidden = hiddenFilter(q)
	}
	v.Frame = a.frame(c, "Resend", layout.NavDeliveries)
	return render(c, http.StatusOK, page.Resend(v))
}

// hiddenFilter carries a filter over to the form that confirms it, its times fixed to the present
// ones.
func hiddenFilter(q deliveryQuery) [][2]string {
	list := [][2]string{{"state", string(q.State)}}
	for name, id := range map[string]int64{"product": q.ProductID, "connection": q.ConnectionID, "resend": q.ResendID} {
		if id != 0 {
			list = append(list, [2]string{name, strconv.FormatInt(id, 10)})
		}
	}
	for name, at := range map[string]time.Time{"since": q.Since, "until": q.Until} {
		if !at.IsZero() {
			list = append(list, [2]string{name, at.UTC().Format(time.RFC3339Nano)})
		}
	}
	return list
}

// resendStart resends what was confirmed.
func (a *Admin) resendStart(c *gin.Context) error {
	if err := c.Request.ParseForm(); err != nil {
		return fault.Wrap(fault.Malformed, "The form could not be read. Reload the page and try again", err)
	}
	q, err := a.resendFilter(c, c.Request.Form, c.Request.Form["id"])
	if err != nil {
		return err
	}
	r, err := a.DeliveryLog.Resend(c.Request.Context(), actorOf(c), q.DeliveryFilter)
	if fault.Is(err, fault.Conflict) {
		return a.redirect(c, "bad", "No messages resent", textOf(err), "/deliveries")
	}
	if err != nil {
		return err
	}
	web.SeeOther(c, resendPath(r.ID))
	return nil
}

// resendProgress shows the progress of a resend. A script asks for the part that changes.
func (a *Admin) resendProgress(c *gin.Context) error {
	id, err := web.ID(c, "id", "resend")
	if err != nil {
		return err
	}
	p, err := a.DeliveryLog.Progress(c.Request.Context(), actorOf(c), id)
	if err != nil {
		return err
	}
	v := page.ProgressView{
		ID:      p.ID,
		What:    p.What,
		By:      p.By,
		At:      a.inUserZone(c, p.CreatedAt),
		Total:   p.Total,
		Left:    p.Left(),
		Stopped: a.inUserZone(c, p.StoppedAt),
	}
	for _, s := range models.DeliveryStates() {
		if n := p.States[s]; n > 0 {
			v.States = append(v.States, page.StateCount{State: string(s), N: n})
		}
	}
	if c.GetHeader("HX-Request") != "" {
		return render(c, http.StatusOK, page.ProgressPart(v))
	}
	v.Frame = a.frame(c, "Resent", layout.NavDeliveries)
	return render(c, http.StatusOK, page.Progress(v))
}

func (a *Admin) resendStop(c *gin.Context) error {
	id, err := web.ID(c, "id", "resend")
	if err != nil {
		return err
	}
	if err := a.DeliveryLog.StopResend(c.Request.Context(), actorOf(c), id); err != nil {
		return err
	}
	web.SeeOther(c, resendPath(id))
	return nil
}

// resendOne resends one delivery.
func (a *Admin) resendOne(c *gin.Context) error {
	id, err := web.ID(c, "id", "delivery")
	if err != nil {
		return err
	}
	err = a.DeliveryLog.ResendOne(c.Request.Context(), actorOf(c), id)
	switch {
	case fault.Is(err, fault.Conflict):
		a.flash(c, "bad", "Not resent", textOf(err))
	case err != nil:
		return err
	default:
		a.flash(c, "ok", "Queued for resending", "")
	}
	web.SeeOther(c, deliveryPath(id))
	return nil
}
