package apptest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

// explainedSteps returns the steps of an explanation in short ("recorded done, routing done, ..."),
// and the whole response.
func explainedSteps(c *apptest.Client, event int64) (string, apptest.Answer) {
	a := c.Must(http.StatusOK, "GET", fmt.Sprintf("/events/%d/trace", event), nil)
	var list []string
	for i := 0; a.Get(fmt.Sprintf("steps.%d", i)) != nil; i++ {
		list = append(list,
			fmt.Sprint(a.Get(fmt.Sprintf("steps.%d.step", i)), " ", a.Get(fmt.Sprintf("steps.%d.outcome", i))))
	}
	return strings.Join(list, ", "), a
}

// lastGateEvent returns the event of the last change of a product's gate.
func lastGateEvent(c *apptest.Client, s productFixture) int64 {
	return c.Must(http.StatusOK, "GET", s.path+"/gate/history?limit=1", nil).ID("items.0.event_id")
}

// waitForSteps waits until an event's explanation has the steps, and checks that it contains the
// texts.
func waitForSteps(t *testing.T, c *apptest.Client, event int64, want string, texts ...string) apptest.Answer {
	t.Helper()
	var way string
	var a apptest.Answer
	defer func() {
		if way != want {
			t.Errorf("event %d goes\n%s, want\n%s\n%s", event, way, want, a.Text)
		}
	}()
	apptest.Eventually(t, "an event has gone its way", func() bool {
		way, a = explainedSteps(c, event)
		return way == want
	})
	for _, text := range texts {
		if !strings.Contains(a.Text, text) {
			t.Errorf("no %q in %s", text, a.Text)
		}
	}
	return a
}

// recordEvent writes an event without routing it.
func recordEvent(t *testing.T, p *apptest.Program, e models.Event, delay func(tx *models.Tx, id int64) error) int64 {
	t.Helper()
	err := p.Store.Write(t.Context(), func(tx *models.Tx) error {
		e.UUID, e.Version, e.At = fmt.Sprint("put ", e.Type, e.ProductID, len(e.Payload)), 1, tx.Now()
		var readers []string
		if delay != nil {
			readers = []string{"notify"}
		}
		if err := tx.InsertEvent(&e, readers...); err != nil || delay == nil {
			return err
		}
		return delay(tx, e.ID)
	})
	if err != nil {
		t.Fatal(err)
	}
	return e.ID
}

func TestExplain_WhyMessageWasSentOrNot(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		receiver, c := apptest.NewReceiver(t), p.Client("admin")
		for _, name := range []string{"reader", "stranger"} {
			p.User(name)
		}
		reader, stranger := p.Client("reader"), p.Client("stranger")
		join := func(s productFixture) {
			c.Must(http.StatusCreated, "POST", s.path+"/members", object{"user": "reader", "role": "reader"})
		}
		const begin = "recorded done, hold none, routing done, inbox done, silence none, "

		// Delivered, then the target is deleted.
		s := newProduct(t, c, "Shop", receiver.URL+"/hidden")
		join(s)
		setCritical(c, s, 1)
		receiver.Wait(t, 1)
		first := lastGateEvent(c, s)
		waitForSteps(t, c, first, begin+"target done, reader done", "Delivered at the first attempt", "No hold time",
			"as an administrator", fmt.Sprintf(`"/inbox/%d"`, first), `"hook"`, receiver.URL[len("http://"):],
			`"why":"A target of the product"`, `"set_up_by":"admin"`)
		a := waitForSteps(t, reader, first, begin+"target done, reader done", "as a reader of the product")
		if strings.Contains(a.Text, receiver.URL[len("http://"):]) || strings.Contains(a.Text, "set_up_by") {
			t.Errorf("a reader sees where it went: %s", a.Text)
		}
		stranger.Must(http.StatusNotFound, "GET", fmt.Sprintf("/events/%d", first), nil)
		hidden := stranger.Do("GET", fmt.Sprintf("/events/%d/trace", first), nil)
		none := stranger.Do("GET", "/events/99999/trace", nil)
		if hidden.Status != http.StatusNotFound || hidden.Get("detail") != none.Get("detail") {
			t.Errorf("hidden: %s, not there: %s", hidden.Text, none.Text)
		}
		a = reader.Must(http.StatusOK, "GET", fmt.Sprintf("/events/%d", first), nil)
		if a.Get("type") != "gate.changed" || a.Get("payload.to") != "failed" || a.ID("product.id") != s.id {
			t.Errorf("the event: %s", a.Text)
		}

		// Failed.
		receiver.Answer(http.StatusGone)
		setCritical(c, s, 0)
		dead := lastGateEvent(c, s)
		waitForSteps(t, c, dead, begin+"target failed, reader done", "Failed after 1 attempt", "410")
		if a := waitForSteps(t, reader, dead, begin+"target failed, reader done"); strings.Contains(a.Text, "410") {
			t.Errorf("a reader sees the answer: %s", a.Text)
		}

		// A disabled target, and email that is not set up.
		c.Must(http.StatusOK, "PATCH", s.path, object{"email_to": "ops@example.org"})
		c.Must(http.StatusOK, "PATCH", fmt.Sprintf("/targets/%d", s.target), object{"enabled": false})
		setCritical(c, s, 1)
		off := lastGateEvent(c, s)
		waitForSteps(t, c, off, begin+"settings skipped, target skipped, target skipped, reader done",
			"The target is turned off", "no email is sent", `"/admin/settings/mail"`)
		a = waitForSteps(t, reader, off, begin+"target skipped, target skipped, reader done")
		if strings.Contains(a.Text, "ops@") || strings.Contains(a.Text, "example.org") {
			t.Errorf("a reader sees an address: %s", a.Text)
		}
		c.Must(http.StatusNoContent, "DELETE", fmt.Sprintf("/targets/%d", s.target), nil)
		waitForSteps(t, c, first, begin+"target unknown, reader done", "1 target then; 1 has been deleted since")

		// No targets.
		bare := newProduct(t, c, "Bare", "")
		setCritical(c, bare, 1)
		waitForSteps(t, c, lastGateEvent(c, bare), begin+"target none, reader done", "The product had no targets",
			fmt.Sprintf("/products/%d?tab=targets", bare.id))

		// A silence of everything: users who see the product get the reason, but no page of the silence.
		quiet := newProduct(t, c, "Quiet", receiver.URL)
		join(quiet)
		silence := c.Must(http.StatusCreated, "POST", "/silences",
			object{"reason": "the data center moves", "ends_at": p.Store.Now().Add(time.Hour)}).
			ID("id")
		p.Clock.Advance(time.Second)
		setCritical(c, quiet, 1)
		held := lastGateEvent(c, quiet)
		const silenced = "recorded done, hold none, routing done, inbox done, silence held, target held, reader done"
		waitForSteps(t, c, held, silenced, "Silenced by admin", "the data center moves",
			fmt.Sprintf(`"/silences/%d"`, silence))
		if a := waitForSteps(t, reader, held, silenced, "the data center moves"); strings.Contains(a.Text, `"/silences/`) {
			t.Errorf("a link to a page that a reader cannot see: %s", a.Text)
		}
		p.Clock.Advance(2 * time.Hour)

		wait := newProduct(t, c, "Wait", "")
		join(wait)
		checkUnroutedExplanation(t, p, c, reader, wait, quiet)
	})
}

// checkUnroutedExplanation explains an event that waits to be routed, one behind it, and one that
// cannot be routed.
func checkUnroutedExplanation(
	t *testing.T, p *apptest.Program, c, reader *apptest.Client, wait, quiet productFixture,
) {
	gate := []byte(`{"product":{"id":1,"name":"Wait"},"from":"passed","to":"failed","why":"x"}`)
	delayed := models.Event{Type: "gate.changed", ProductID: wait.id, Payload: gate}
	waits := recordEvent(t, p, delayed, func(tx *models.Tx, id int64) error {
		return tx.DelayWork("notify", id, "the database was away", tx.Now().Add(time.Hour), false)
	})
	waitForSteps(t, c, waits, "recorded done, routing waiting, reader done", "after 1 try", "the database was away")
	a := waitForSteps(t, reader, waits, "recorded done, routing waiting, reader done")
	if strings.Contains(a.Text, "the database") {
		t.Errorf("a reader sees an error: %s", a.Text)
	}
	setCritical(c, wait, 1)
	waitForSteps(t, c, lastGateEvent(c, wait), "recorded done, hold none, routing waiting, reader done",
		"waits for an earlier event", fmt.Sprintf(`"/events/%d"`, waits))
	unreadable := models.Event{Type: "exception.task", ProductID: quiet.id, Payload: []byte(`{"class":5}`)}
	failed := recordEvent(t, p, unreadable, func(tx *models.Tx, id int64) error {
		return tx.DelayWork("notify", id, "cannot read class", tx.Now().Add(time.Hour), true)
	})
	waitForSteps(t, c, failed, "recorded done, routing waiting, reader done", "after 1 try", "cannot read class",
		`"/admin/unrouted"`)
	a = waitForSteps(t, reader, failed, "recorded done, routing waiting, reader done")
	if strings.Contains(a.Text, "class") || strings.Contains(a.Text, "unrouted") {
		t.Errorf("a reader sees insides: %s", a.Text)
	}
}

// The explanation masks what only administrators can read, and hides the notification of a single
// user from everyone else.
func TestExplain_MasksHiddenData(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		p.User("reader")
		group := c.Must(http.StatusCreated, "POST", "/groups", object{"name": "Payments"}).ID("id")
		users := c.Must(http.StatusCreated, "POST", "/authorization-groups", object{"name": "On call"}).ID("id")
		c.Must(http.StatusOK, "PATCH", s.path, object{"group_id": group})
		c.Must(http.StatusNoContent, "POST", fmt.Sprintf("/authorization-groups/%d/members", users), object{"user": "reader"})
		c.Must(http.StatusNoContent, "POST", fmt.Sprintf("/groups/%d/authorization-groups", group),
			object{"authorization_group": "On call", "role": "maintainer"})
		reader := p.Client("reader")

		task := recordEvent(t, p, models.Event{
			Type:      "exception.task",
			ProductID: s.id,
			Payload:   []byte(`{"group":1,"kind":"task","class":"E","message":"secret","suppressed":3}`),
		}, nil)
		err := p.Store.Write(t.Context(), func(tx *models.Tx) error {
			return tx.InsertNotification(models.Notification{
				EventID:   task,
				ProductID: s.id,
				Type:      "exception.task",
				Tone:      "bad",
				Name:      "E",
				Message:   "secret",
				At:        tx.Now(),
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		const way = "recorded done, window done, routing done, inbox done, silence none, target none, reader done"
		a := waitForSteps(t, reader, task, way, "3 repeats were suppressed",
			"as a maintainer of its group “Payments”, through the authorization group “On call”")
		if strings.Contains(a.Text, "secret") {
			t.Errorf("it is not masked: %s", a.Text)
		}
		a = reader.Must(http.StatusOK, "GET", fmt.Sprintf("/events/%d", task), nil)
		if a.Get("message") != "…" || strings.Contains(a.Text, "payload") || strings.Contains(a.Text, "secret") {
			t.Errorf("it is not masked: %s", a.Text)
		}
		if a := c.Must(http.StatusOK, "GET", fmt.Sprintf("/events/%d", task), nil); a.Get("payload.message") != "secret" ||
			!strings.HasPrefix(fmt.Sprint(a.Get("message")), "secret") {
			t.Errorf("an administrator reads: %s", a.Text)
		}
		broken := recordEvent(t, p, models.Event{
			Type:      "connector.error",
			ProductID: s.id,
			Payload:   []byte(`{"connection":{"id":1,"name":"hook"},"reason":"no host secret.example"}`),
		}, nil)
		a = reader.Must(http.StatusOK, "GET", fmt.Sprintf("/events/%d", broken), nil)
		if strings.Contains(a.Text, "secret") {
			t.Errorf("it is not masked: %s", a.Text)
		}
		waitForSteps(t, reader, broken,
			"recorded done, routing done, inbox unknown, silence none, target unknown, reader done")
		outside := recordEvent(t, p, models.Event{
			Type:      "alert.created",
			ProductID: s.id,
			Payload:   []byte(`{"title":"Ransomware","urgency":80}`),
		}, func(*models.Tx, int64) error { return nil })
		waitForSteps(t, reader, outside, "recorded done, routing done, inbox none, silence none, target none, reader done",
			"Ransomware: Shop", "not in the inbox")
		a = reader.Must(http.StatusOK, "GET", fmt.Sprintf("/events/%d", outside), nil)
		if a.Get("message") != "urgency 80" || a.Get("payload.title") != "Ransomware" {
			t.Errorf("an event from outside: %s", a.Text)
		}
		if a := c.Must(http.StatusOK, "GET", "/notifications?q=Ransomware", nil); itemCount(a) != 0 {
			t.Errorf("it is in the inbox: %s", a.Text)
		}
		alone := recordEvent(t, p,
			models.Event{Type: "exception.request", Payload: []byte(`{"group":1,"kind":"request","class":"E"}`)}, nil)
		reader.Must(http.StatusNotFound, "GET", fmt.Sprintf("/events/%d", alone), nil)

		// The end of a group's silence notifies its creator.
		row := reader.Must(http.StatusCreated, "POST", "/silences",
			object{"group_id": group, "reason": "maintenance", "ends_at": p.Store.Now().Add(time.Hour)}).
			ID("id")
		p.Clock.Advance(2 * time.Hour)
		var ended int64
		apptest.Eventually(t, "its end is announced", func() bool {
			p.Clock.Advance(time.Second)
			ended = reader.Do("GET", "/notifications?type=silence.ended", nil).ID("items.0.id")
			return ended != 0
		})
		waitForSteps(t, reader, ended, "recorded done, routing done, inbox done, silence none, target none, reader done",
			"For you alone", "because it is for you alone", "This type cannot be silenced", fmt.Sprintf(`"/silences/%d"`, row))
		waitForSteps(t, c, ended, "recorded done, routing done, inbox done, silence none, target none, reader done",
			"For reader alone")
		visitor := newHTTPClient(t)
		submitForm(t, visitor, p.URL+"/login", encodeForm("name", "reader", "password", apptest.Password), formKind)
		for _, path := range []string{"/events/%d", "/inbox/%d"} {
			if status, _, _ := getPage(t, visitor, p.URL+fmt.Sprintf(path, ended)); status != http.StatusOK {
				t.Errorf("%s: %d", path, status)
			}
		}
	})
}

// The explanation of a change on hold links to its announcement, and back.
func TestExplain_ChangeOnHold(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		receiver, c := apptest.NewReceiver(t), p.Client("admin")
		s := newProduct(t, c, "Shop", receiver.URL)
		c.Must(http.StatusOK, "PATCH", s.path, object{"hold_seconds": 600})
		setCritical(c, s, 1)
		first := lastGateEvent(c, s)
		const end = ", routing none, reader done"
		waitForSteps(t, c, first, "recorded done, hold waiting"+end, "On hold: notifications are sent")
		setCritical(c, s, 0)
		second := lastGateEvent(c, s)
		waitForSteps(t, c, first, "recorded done, hold skipped"+end, "Not notified: the gate returned")
		p.Clock.Advance(11 * time.Minute)
		receiver.Wait(t, 1)
		a := waitForSteps(t, c, second, "recorded done, hold done"+end, "a later event sent the notification")
		notified := second + 1
		if want := fmt.Sprintf("/events/%d", notified); a.Get("steps.1.link") != want {
			t.Errorf("it leads to %v, want %s", a.Get("steps.1.link"), want)
		}
		a = waitForSteps(t, c, notified,
			"recorded done, hold done, routing done, inbox done, silence none, target done, reader done")
		if want := fmt.Sprintf("/events/%d", second); a.Get("steps.1.link") != want {
			t.Errorf("it leads to %v, want %s", a.Get("steps.1.link"), want)
		}
	})
}

// The explanation opens from each page that links to it.
func TestExplainInTheBrowser(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	receiver, c := apptest.NewReceiver(t), p.Client("admin")
	s := newProduct(t, c, "Payments reconciliation of the northern terminals", receiver.URL)
	c.Must(http.StatusOK, "PATCH", s.path, object{"email_to": "ops@example.org"})
	setCritical(c, s, 1)
	receiver.Wait(t, 1)
	c.Must(http.StatusCreated, "POST", "/silences",
		object{"product_id": s.id, "reason": "the data center moves", "ends_at": p.Store.Now().Add(time.Hour)})
	p.Clock.Advance(time.Second)
	first := lastGateEvent(c, s)
	waitForSteps(t, c, first, "recorded done, hold none, routing done, inbox done, silence none, "+
		"settings skipped, target done, target skipped, reader done")
	setCritical(c, s, 0)
	waitForSteps(t, c, lastGateEvent(c, s),
		"recorded done, hold none, routing done, inbox done, silence held, target held, target held, reader done")
	b := apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "admin", apptest.Password)
	b.Open(fmt.Sprintf("/inbox/%d", first))
	b.CheckPage("notification-trace")
	b.Press("section[aria-labelledby=told] a[href^='/events/']")
	b.WantText("Why was this sent?", "Routing", "For all who can see the product", "Webhook: hook",
		"Delivered at the first attempt", "No channel is configured", "as an administrator")
	b.CheckPage("event")
	b.TabThrough("an event")
	b.Open("/deliveries")
	b.Press("tbody a[href^='/events/']")
	b.WantText("Silenced by admin", "the data center moves")
	b.CheckPage("event-silenced")
	b.Press("a[href^='/silences/']")
	b.WantText("the data center moves")
	p.Clock.Advance(2 * time.Hour)
	b.Open(s.path + "?tab=history")
	b.CheckPage("history-trace")
	b.Press(".gc-changes a[href^='/events/']")
	b.Press("a[href^='/deliveries/']")
	b.Press(".gc-head a[href^='/events/']")
	b.WantText("Why was this sent?")
	b.Press("a[href*='tab=history']")
	b.WantText("Compare two points in time")
}
