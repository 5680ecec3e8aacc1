package apptest_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

// retryDelays are the delays between the attempts of a message by the contract.
var retryDelays = []time.Duration{
	5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute,
	30 * time.Minute, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour,
}

// The beginnings of the notifications about a connection.
const (
	saysDown      = "Its messages wait and are retried automatically"
	saysPaused    = "Paused after three days of failures: resume it on its page"
	saysRejecting = "It rejects messages"
	saysGone      = "It was turned off"
)

// contract is the expected handling of one message to a receiver that always answers in the same
// way.
type contract struct {
	name    string
	answer  http.HandlerFunc
	state   models.DeliveryState
	tries   int           // attempts of its own
	asked   time.Duration // the minimum delay between any two attempts
	probed  bool          // the breaker opens, and probes go on until the end
	notices []string      // the notifications about the connection
	off     bool          // the connection is turned off
}

// answerWith answers with a status, and repeats the request in the body, as some servers do.
func answerWith(status int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		if status != http.StatusNoContent {
			fmt.Fprintf(w, "%d for %s", status, r.URL) //nolint:errcheck // the sender can be gone
		}
	}
}

func retryAfterDate(w http.ResponseWriter, r *http.Request) {
	answerWith(http.StatusTooManyRequests, "Retry-After", time.Now().Add(20*time.Minute).UTC().Format(http.TimeFormat))(w,
		r)
}

func resetConnection(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0) //nolint:errcheck // then it is closed in the ordinary way
	}
	conn.Close() //nolint:errcheck // that is what it is for
}

func endlessBody(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", fmt.Sprint(100<<20))
	chunk := bytes.Repeat([]byte("large "), 10_000)
	for range 100 << 20 / len(chunk) {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

var downNotices = []string{saysDown, saysPaused}

var contracts = []contract{
	{name: "200", answer: answerWith(200), state: models.DeliveryDelivered, tries: 1},
	{name: "202", answer: answerWith(202), state: models.DeliveryDelivered, tries: 1},
	{name: "204", answer: answerWith(204), state: models.DeliveryDelivered, tries: 1},
	{name: "100 MB", answer: endlessBody, state: models.DeliveryDelivered, tries: 1},
	{
		name: "301", answer: answerWith(301, "Location", "http://127.0.0.1:1/"), state: models.DeliveryDead, tries: 3,
		notices: []string{saysRejecting},
	},
	{name: "400", answer: answerWith(400), state: models.DeliveryDead, tries: 3, notices: []string{saysRejecting}},
	{name: "404", answer: answerWith(404), state: models.DeliveryDead, tries: 3, notices: []string{saysRejecting}},
	{name: "410", answer: answerWith(410), state: models.DeliveryDead, tries: 1, notices: []string{saysGone}, off: true},
	{name: "408", answer: answerWith(408), state: models.DeliveryDead, tries: 5, probed: true, notices: downNotices},
	{
		name: "429 for 15 minutes", answer: answerWith(429, "Retry-After", "900"), state: models.DeliveryDead, tries: 5,
		asked: 15 * time.Minute, probed: true, notices: downNotices,
	},
	{
		name: "429 until a date", answer: retryAfterDate, state: models.DeliveryDead, tries: 5,
		asked: 20*time.Minute - 30*time.Second, probed: true, notices: downNotices,
	},
	{name: "500", answer: answerWith(500), state: models.DeliveryDead, tries: 5, probed: true, notices: downNotices},
	{name: "503", answer: answerWith(503), state: models.DeliveryDead, tries: 5, probed: true, notices: downNotices},
	{name: "a reset", answer: resetConnection, state: models.DeliveryDead, tries: 5, probed: true, notices: downNotices},
}

// One message to each kind of receiver, followed for three days from its creation to its end: the
// number and times of its attempts, its final state, and the notifications.
func TestReceiverContract_Webhook(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c, began := p.Client("admin"), p.Store.Now()
		shops, secrets := make([]productFixture, len(contracts)), []string(nil)
		for i, k := range contracts {
			server := httptest.NewServer(k.answer)
			t.Cleanup(server.Close)
			path := fmt.Sprintf("/hooks/a-secret-path-%02d/of-many-words", i)
			shops[i] = newProduct(t, c, k.name, server.URL+path)
			secrets = append(secrets, path, strings.Split(path, "/")[2], shops[i].secret)
		}
		for _, s := range shops {
			failGate(c, s)
		}
		passTime(t, p, maxDeliveryAge)
		passTime(t, p, 2*time.Hour)
		for i, k := range contracts {
			t.Run(k.name, func(t *testing.T) { k.check(t, p, shops[i], began) })
		}
		seen := everyPage(t, p) + everyAnswer(t, c.ForTest(t), shops) + p.Logged()
		for _, secret := range secrets {
			if strings.Contains(seen, secret) {
				t.Errorf("%q is to be read somewhere", secret)
			}
		}
		if !strings.Contains(seen, "500 for [hidden]") {
			t.Error("the answers are not among what was looked at")
		}
	})
}

func failGate(c *apptest.Client, s productFixture) {
	c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "x", "counts": criticalCounts(1)})
}

func (k contract) check(t *testing.T, p *apptest.Program, s productFixture, began time.Time) {
	rows := deliveryLog(t, p, models.DeliveryFilter{ProductID: s.id})
	if len(rows) != 1 {
		t.Fatalf("%d deliveries: %+v", len(rows), rows)
	}
	d := rows[0].Delivery
	own, probes := splitAttempts(t, p, d)
	if d.State != k.state || len(own) != k.tries || d.Attempts != k.tries || d.Reason == "" {
		t.Errorf("%s (%s) after %d attempts and %d probes, want %s after %d", d.State, d.Reason, len(own), len(probes),
			k.state, k.tries)
	}
	k.checkTimes(t, own)
	k.checkHealth(t, p, s)
	if got := connectionNotices(t, p, s.id); !slices.EqualFunc(got, k.notices, strings.HasPrefix) {
		t.Errorf("the inbox says %q, want %q", got, k.notices)
	}
	if !k.probed {
		if len(probes) != 0 {
			t.Errorf("%d probes", len(probes))
		}
		return
	}
	if took := d.FinishedAt.Sub(began); took < maxDeliveryAge || took > maxDeliveryAge+time.Minute {
		t.Errorf("it was given up after %v", took)
	}
	k.checkProbes(t, own[len(own)-1].At, probes)
}

// checkTimes checks the delays between the attempts: those of the contract, plus or minus a fifth,
// or the delay that the receiver asked for.
func (k contract) checkTimes(t *testing.T, own []models.Attempt) {
	for i := 1; i < len(own); i++ {
		got, want := own[i].At.Sub(own[i-1].At), retryDelays[i-1]
		least, most := max(want*4/5, k.asked), max(want*6/5, k.asked+time.Minute)
		if k.asked == 0 {
			most = want * 6 / 5
		}
		if got < least || got > most {
			t.Errorf("attempt %d came %v after the one before, want %v to %v", i+1, got, least, most)
		}
	}
}

// checkProbes checks the delays between the probes: a minute, doubled up to an hour, or the delay
// that the receiver asked for.
func (k contract) checkProbes(t *testing.T, last time.Time, probes []models.Attempt) {
	for i, a := range probes {
		want := max(min(time.Minute<<min(i, 10), time.Hour), k.asked)
		if got := a.At.Sub(last); got < want || got > want+time.Minute {
			t.Errorf("probe %d came %v after the one before, want %v", i+1, got, want)
		}
		last = a.At
	}
	if len(probes) < 70 {
		t.Errorf("%d probes in three days", len(probes))
	}
}

func (k contract) checkHealth(t *testing.T, p *apptest.Program, s productFixture) {
	h := connectionHealth(t, p, s.target)
	if h.Open() != k.probed || h.PausedAt.IsZero() == k.probed || h.BrokenAt.IsZero() != (k.notices == nil) ||
		(h.Reason == "") != (k.notices == nil) {
		t.Errorf("health: %+v", h)
	}
	out, err := p.Store.ConnectionWithHealth(t.Context(), s.target)
	if err != nil || out.Enabled == k.off || (out.DisabledWhy == "") == k.off {
		t.Errorf("enabled %v (%s), %v", out.Enabled, out.DisabledWhy, err)
	}
}

// everyPage returns all pages that an administrator sees, joined.
func everyPage(t *testing.T, p *apptest.Program) string {
	t.Helper()
	paths := []string{"/", "/inbox", "/products", "/deliveries", "/deliveries?state=dead", "/admin/settings"}
	for _, d := range deliveryLog(t, p, models.DeliveryFilter{}) {
		paths = append(paths, fmt.Sprintf("/deliveries/%d", d.ID), fmt.Sprintf("/products/%d", d.ProductID),
			fmt.Sprintf("/inbox/%d", d.EventID))
	}
	var text strings.Builder
	browser := signInAdmin(t, p)
	for _, path := range paths {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := browser.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(&text, res.Body); err != nil {
			t.Error(err)
		}
		if err := res.Body.Close(); err != nil || res.StatusCode >= http.StatusBadRequest {
			t.Errorf("GET %s: %d, %v", path, res.StatusCode, err)
		}
	}
	return text.String()
}

// everyAnswer returns all API responses for an administrator, joined.
func everyAnswer(t *testing.T, c *apptest.Client, shops []productFixture) string {
	t.Helper()
	text := c.Must(http.StatusOK, "GET", "/notifications?limit=100", nil).Text
	for _, s := range shops {
		a := c.Must(http.StatusOK, "GET", fmt.Sprintf("/deliveries?product=%d", s.id), nil)
		text += a.Text + c.Must(http.StatusOK, "GET", fmt.Sprintf("/deliveries/%d", a.ID("items.0.id")), nil).Text +
			c.Must(http.StatusOK, "GET", s.path+"/targets", nil).Text + c.Must(http.StatusOK, "GET", s.path, nil).Text
	}
	return text
}

// slackAnswer answers like Slack, with a status and a word.
func slackAnswer(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, text, status) }
}

// The words in Slack's answers are more specific than its status codes.
func TestReceiverContract_Slack(t *testing.T) {
	t.Parallel()
	cases := []contract{
		{
			name: "no_service", answer: slackAnswer(404, "no_service"), state: models.DeliveryDead, tries: 1,
			notices: []string{saysGone}, off: true,
		},
		{
			name: "channel_not_found", answer: slackAnswer(404, "channel_not_found"), state: models.DeliveryDead, tries: 3,
			notices: []string{saysRejecting},
		},
		{name: "invalid_payload", answer: slackAnswer(400, "invalid_payload"), state: models.DeliveryDead, tries: 1},
		{
			name: "429", answer: answerWith(429, "Retry-After", "600"), state: models.DeliveryDead, tries: 5,
			asked: 10 * time.Minute, probed: true, notices: downNotices,
		},
		{
			name: "503", answer: slackAnswer(503, "rollup_error"), state: models.DeliveryDead, tries: 5, probed: true,
			notices: downNotices,
		},
	}
	p := apptest.Start(t, apptest.Options{})
	c, began := p.Client("admin"), p.Store.Now()
	shops := make([]productFixture, len(cases))
	for i, k := range cases {
		server := httptest.NewServer(k.answer)
		t.Cleanup(server.Close)
		shops[i] = newProduct(t, c, k.name, "")
		shops[i].target = c.Must(http.StatusCreated, "POST", shops[i].path+"/targets", object{
			"module": "slack", "name": "chat", "config": map[string]string{"url": server.URL + "/services/T0/B0/a-secret-word"},
		}).ID("id")
		failGate(c, shops[i])
	}
	passTime(t, p, maxDeliveryAge)
	passTime(t, p, 2*time.Hour)
	for i, k := range cases {
		t.Run(k.name, func(t *testing.T) { k.check(t, p, shops[i], began) })
	}
	if strings.Contains(everyPage(t, p)+everyAnswer(t, c.ForTest(t), shops)+p.Logged(), "a-secret-word") {
		t.Error("a webhook's address is to be read somewhere")
	}
}

// A mail server's answers concern an address or the server itself. A temporary error concerns the
// server, and stops all emails.
func TestReceiverContract_Email(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	box, port := newMailServer(t)
	box.refuseRecipients(func(to string) error {
		switch user, _, _ := strings.Cut(to, "@"); user {
		case "nobody":
			return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
		case "never":
			return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "not from you"}
		case "later":
			return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "later"}
		}
		return nil
	})
	c := p.Client("admin")
	configureMail(c, port)
	cases := []struct {
		to    string
		state models.DeliveryState
		tries int
	}{
		{"anybody@example.org", models.DeliveryDelivered, 1},
		{"nobody@example.org", models.DeliveryDead, 1},
		{"never@example.org", models.DeliveryDead, 3},
		{"later@example.org", models.DeliveryDead, 5},
	}
	for _, k := range cases {
		s := newProduct(t, c, k.to, "")
		c.Must(http.StatusOK, "PATCH", s.path, object{"email_to": k.to})
		failGate(c, s)
		apptest.Settle(t, p.Store)
	}
	passTime(t, p, maxDeliveryAge)
	passTime(t, p, 2*time.Hour)
	for i, k := range cases {
		rows := deliveryLog(t, p, models.DeliveryFilter{ProductID: int64(i + 1)})
		if len(rows) != 1 {
			t.Fatalf("%s: %+v", k.to, rows)
		}
		own, _ := splitAttempts(t, p, rows[0].Delivery)
		if rows[0].State != k.state || len(own) != k.tries {
			t.Errorf("%s: %s (%s) after %d attempts, want %s after %d", k.to, rows[0].State, rows[0].Reason, len(own), k.state,
				k.tries)
		}
		contract{}.checkTimes(t, own)
	}
	if got := connectionNotices(t, p, 0); len(got) != 3 || !strings.HasPrefix(got[1], saysDown) ||
		!strings.HasPrefix(got[2], saysPaused) {
		t.Errorf("the inbox says %q", got)
	}
}

// configureMail sets up email.
func configureMail(c *apptest.Client, port int) {
	c.Must(http.StatusOK, "PATCH", "/settings/mail",
		object{"email_from": "gates@example.org", "smtp_host": "127.0.0.1", "smtp_port": port, "smtp_tls": "none"})
}
