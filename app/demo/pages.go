package demo

import (
	"context"
	"crypto/subtle"
	"fmt"
	"hash/maphash"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"gatecrier/admin"
	"gatecrier/app/demo/receiver"
	"gatecrier/app/fault"
	"gatecrier/models"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// mailPolicy allows a mail its own styles and inline images only.
const mailPolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"

func (d *Demo) routes() []admin.Route {
	return []admin.Route{
		{Method: http.MethodGet, Path: "/demo/enter", Open: true, Serve: d.door},
		{Method: http.MethodPost, Path: "/demo/enter", Open: true, Serve: d.enter},
		{Method: http.MethodGet, Path: "/demo", Serve: d.page},
		{Method: http.MethodGet, Path: "/demo/messages", Serve: d.news},
		{Method: http.MethodGet, Path: "/demo/messages/:id/mail", Serve: d.mail},
		{Method: http.MethodPost, Path: "/demo/worse", Serve: d.worse},
		{Method: http.MethodPost, Path: "/demo/fixed", Serve: d.fixed},
		{Method: http.MethodPost, Path: "/demo/outage", Serve: d.outage},
		{Method: http.MethodPost, Path: "/demo/exception", Serve: d.throw},
	}
}

// door shows the page of the printed URL. It changes nothing: a script sends its form at once, which
// signs the visitor in.
func (d *Demo) door(p *admin.Page) error {
	key := p.Query("key")
	v := page.DemoEnterView{Frame: p.Frame("The demo"), Key: key, Wrong: !d.isKey(key)}
	if v.Wrong {
		return p.Show(http.StatusForbidden, page.DemoEnter(v))
	}
	return p.Show(http.StatusOK, page.DemoEnter(v))
}

func (d *Demo) enter(p *admin.Page) error {
	if !d.isKey(p.Form("key")) {
		return p.Show(http.StatusForbidden, page.DemoEnter(page.DemoEnterView{Frame: p.Frame("The demo"), Wrong: true}))
	}
	actor, err := d.actor(p.Context())
	if err != nil {
		return err
	}
	err = d.Store.Write(p.Context(), func(tx *models.Tx) error { return tx.SignedIn(actor.User.ID) })
	if err != nil {
		return err
	}
	if err := p.SignIn(actor.User); err != nil {
		return err
	}
	return p.SeeOther("/demo", "", "")
}

func (d *Demo) isKey(key string) bool {
	return subtle.ConstantTimeCompare([]byte(key), []byte(d.key)) == 1
}

func (d *Demo) page(p *admin.Page) error {
	v, err := d.view(p, 0)
	if err != nil {
		return err
	}
	channel := p.Query("channel")
	for _, c := range []struct{ name, label string }{
		{"", "All"},
		{"mail", "Email"},
		{"slack", "Slack"},
		{"teams", "Teams"},
		{"webhook", "Webhook"},
	} {
		href := "/demo"
		if c.name != "" {
			href += "?channel=" + c.name
		}
		v.Chips = append(v.Chips, ui.Chip{Label: c.label, Href: href, Count: -1, Current: c.name == channel})
	}
	v.Frame = p.Frame("The demo")
	// The page shows mails in frames, which the policy of other pages forbids.
	p.Header().Set("Content-Security-Policy", p.Header().Get("Content-Security-Policy")+"; frame-src 'self'")
	return p.Show(http.StatusOK, page.Demo(v))
}

// news answers with the messages since the last request of the page.
func (d *Demo) news(p *admin.Page) error {
	if err := requireAdministrator(p); err != nil {
		return err
	}
	after, err := strconv.Atoi(p.Query("after"))
	if err != nil {
		return fault.BadField("after", "Enter a whole number")
	}
	v, err := d.view(p, after)
	if err != nil {
		return err
	}
	v.Frame.Now = d.clock.Now()
	return p.Show(http.StatusOK, page.DemoNews(v))
}

func (d *Demo) view(p *admin.Page, after int) (page.DemoView, error) {
	row, err := d.guided(p.Context())
	if err != nil {
		return page.DemoView{}, err
	}
	states, err := d.Store.DeliveriesSince(
		p.Context(), models.SystemScope("the demo shows its own messages"), d.clock.Now().Add(-time.Hour),
	)
	if err != nil {
		return page.DemoView{}, err
	}
	list, last := d.receiver.Since(after)
	if !p.Administrator() {
		list = nil
	}
	v := page.DemoView{
		Hidden:    !p.Administrator(),
		ProductID: row.ID,
		Product:   row.Name,
		State:     string(row.Default.Gate),
		Why:       row.Default.Why,
		Waiting:   states[models.DeliveryRetrying] + states[models.DeliveryPending],
	}
	v.Last, v.Thrown = d.last()
	stamp := strconv.FormatUint(maphash.String(d.hashSeed, v.State+"\x00"+v.Why+"\x00"+v.Last), 36)
	v.Changed = p.Query("seen") != stamp
	v.Poll = "/demo/messages?" + url.Values{
		"after":   {strconv.Itoa(last)},
		"channel": {p.Query("channel")},
		"seen":    {stamp},
	}.Encode()
	until, refused := d.receiver.Outage()
	v.Refused = refused
	if !until.IsZero() {
		v.Down = until.Sub(d.clock.Now())
	}
	if v.Waiting > 0 {
		if v.Next, err = d.nextAttempt(p.Context()); err != nil {
			return page.DemoView{}, err
		}
	}
	for _, m := range list {
		if channel := p.Query("channel"); channel == "" || channel == string(m.Channel) {
			v.Messages = append(v.Messages, shown(m))
		}
	}
	v.Messages = v.Messages[:min(len(v.Messages), maxShown)]
	return v, nil
}

// nextAttempt returns the time until the next attempt to send a message that waits, 0 if it is due.
// While the endpoint of a message is down, that is the time of its probe.
func (d *Demo) nextAttempt(ctx context.Context) (time.Duration, error) {
	var first time.Time
	for _, state := range []models.DeliveryState{models.DeliveryRetrying, models.DeliveryPending} {
		scope := models.SystemScope("the demo shows its own messages")
		rows, err := d.Store.Deliveries(ctx, scope, models.DeliveryFilter{State: state, Limit: maxShown})
		if err != nil {
			return 0, err
		}
		for _, row := range rows {
			at := row.NextAt
			if row.Down {
				at = row.ProbeAt
			}
			if !at.IsZero() && (first.IsZero() || at.Before(first)) {
				first = at
			}
		}
	}
	return max(0, first.Sub(d.clock.Now())), nil
}

// maxShown bounds the messages that the page shows.
const maxShown = 24

func shown(m receiver.Message) page.DemoMessage {
	s := page.DemoMessage{
		ID:      m.ID,
		Channel: string(m.Channel),
		At:      m.At,
		To:      m.To,
		Times:   m.Times,
		From:    m.Card.From,
		Title:   m.Card.Title,
		Texts:   m.Card.Texts,
		Items:   m.Card.Items,
		Below:   m.Card.Below,
		Link:    m.Card.Link,
		Body:    m.Body,
		Signed:  m.Signed,
	}
	for _, f := range m.Card.Facts {
		s.Facts = append(s.Facts, [2]string{f.Label, f.Value})
	}
	for _, h := range m.Headers {
		s.Headers = append(s.Headers, [2]string{h.Name, h.Value})
	}
	if m.Channel == receiver.Webhook {
		s.Title = "posted to " + m.To
	}
	if m.HTML != "" {
		s.Mail = fmt.Sprintf("/demo/messages/%d/mail", m.ID)
	}
	return s
}

// requireAdministrator refuses users who are no administrators: the messages are those of all users,
// with links that sign in or set a password.
func requireAdministrator(p *admin.Page) error {
	if !p.Administrator() {
		return fault.New(fault.Forbidden, "Only administrators can see the received messages")
	}
	return nil
}

// mail answers with the HTML of a mail, for a frame.
func (d *Demo) mail(p *admin.Page) error {
	if err := requireAdministrator(p); err != nil {
		return err
	}
	id, err := p.ID("id", "message")
	if err != nil {
		return err
	}
	m, ok := d.receiver.Message(int(id))
	if !ok || m.HTML == "" {
		return fault.NewNotFound("message")
	}
	p.Header().Set("Content-Security-Policy", mailPolicy)
	return p.Text("text/html; charset=utf-8", m.HTML)
}

// last returns the text and the exception of the last step.
func (d *Demo) last() (text string, exception int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.lastStep, d.lastException
}

func (d *Demo) worse(p *admin.Page) error {
	return d.guide(p, sampleProducts[0].worse, "You sent a worse report.")
}

func (d *Demo) fixed(p *admin.Page) error {
	return d.guide(p, sampleProducts[0].fixed, "You sent a fixed report.")
}

func (d *Demo) guide(p *admin.Page, findings int, did string) error {
	row, err := d.guided(p.Context())
	if err != nil {
		return err
	}
	if err := d.step(p.Context(), row.ID, findings, did); err != nil {
		return err
	}
	return p.SeeOther("/demo", "", "")
}

func (d *Demo) outage(p *admin.Page) error {
	d.receiver.Down(d.clock.Now().Add(outageTime))
	if err := d.flip(p.Context(), "You took the receiver down, and a pipeline sent a report."); err != nil {
		return err
	}
	return p.SeeOther("/demo", "", "")
}
