package apptest_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

// newFailedDeliveries creates deliveries of a target that failed after one attempt each.
func newFailedDeliveries(t *testing.T, p *apptest.Program, s productFixture, n int) {
	t.Helper()
	err := p.Store.Write(t.Context(), func(tx *models.Tx) error {
		for i := range n {
			e := models.Event{
				UUID:      fmt.Sprintf("e%d", i),
				Type:      "gate.changed",
				Version:   1,
				ProductID: s.id,
				Actor:     "ci",
				At:        tx.Now(),
				Payload: []byte(`{"product":{"id":1,"name":"Shop"},"branch":"main","from":"passed","to":"failed",` +
					`"why":"1 critical (threshold 0)"}`),
			}
			if err := tx.InsertEvent(&e); err != nil {
				return err
			}
			d := models.Delivery{
				UUID:         fmt.Sprintf("m%d", i),
				Origin:       models.OriginEvent,
				EventID:      e.ID,
				ConnectionID: s.target,
				ProductID:    s.id,
				Title:        fmt.Sprintf("Change %d", i),
				State:        models.DeliverySending,
				Claim:        "test",
				LockedUntil:  tx.Now().Add(time.Hour),
				CreatedAt:    tx.Now(),
			}
			if _, err := tx.InsertDelivery(&d); err != nil {
				return err
			}
			d.State, d.Reason, d.Attempts, d.Spent, d.FinishedAt = models.DeliveryDead, "404 Not Found", 1, 1, tx.Now()
			_, err := tx.Settle(d, "test",
				&models.Attempt{At: tx.Now(), Result: "rejected", Status: 404, Reason: "404 Not Found"})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// What was given up while a receiver was wrong is sent again from the page,
// once that is mended: 500 messages, each with one attempt more.
func TestDeliveryLog_ResendsFiveHundredFromThePage(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	receiver := apptest.NewReceiver(t)
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", receiver.URL)
	newFailedDeliveries(t, p, s, 500)
	b := apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "admin", apptest.Password)
	b.Open("/deliveries?state=dead")
	b.WantText("Resend all failed messages", "404 Not Found")
	b.CheckPage("deliveries-dead")
	b.Press(`a[href*="/deliveries/resend"]`)
	b.WantText("Resend 500 messages?", "all failed deliveries", "Webhook: hook")
	b.CheckPage("resend-ask")
	receiver.Hold()
	b.Press(`form[action="/deliveries/resend"] button`)
	b.WantText("of 500 messages done")
	b.CheckPage("resend-progress")
	progress := b.Path()
	receiver.Release()
	b.WaitFor("it is done, and says so by itself", `document.body.innerText.includes("All 500 messages done")`)
	b.CheckPage("resend-done")
	if n := len(receiver.Messages()); n != 500 {
		t.Errorf("%d messages", n)
	}
	if a := c.Must(http.StatusOK, "GET", progress, nil); a.ID("total") != 500 || a.ID("states.delivered") != 500 {
		t.Errorf("progress: %s", a.Text)
	}
	for id := range 500 {
		a := c.Must(http.StatusOK, "GET", fmt.Sprintf("/deliveries/%d", id+1), nil)
		if a.ID("attempts.0.status") != 404 || a.ID("attempts.1.status") != 200 || a.Get("attempts.2") != nil {
			t.Errorf("delivery %d: %s", id+1, a.Text)
		}
	}
}

func TestDeliveryLog_ResendsSelection(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	receiver := apptest.NewReceiver(t)
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", receiver.URL)
	newFailedDeliveries(t, p, s, 3)
	b := apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "admin", apptest.Password)
	b.Open("/deliveries")
	b.Do(chromedp.Click(`tbody tr:nth-child(1) input[name="id"]`),
		chromedp.Click(`tbody tr:nth-child(3) input[name="id"]`))
	b.WantText("2 selected")
	b.Press(`.gc-bulk button`)
	b.WantText("Resend 2 messages?", "a selection of 2")
	b.Press(`form[action="/deliveries/resend"] button`)
	b.WaitFor("both are done", `document.body.innerText.includes("All 2 messages done")`)
	receiver.Wait(t, 2)
	b.Open("/deliveries/1")
	b.WantText("Request", "gate.changed", "404 Not Found", "200 OK")
	b.CheckPage("delivery-again")
	b.Press(`form[action="/deliveries/1/resend"] button`)
	b.WantText("Queued for resending")
	receiver.Wait(t, 3)
}

func TestDeliveryLog_FilteredByURL(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	receiver := apptest.NewReceiver(t)
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", receiver.URL)
	newFailedDeliveries(t, p, s, 2)
	p.Clock.Advance(3 * time.Hour)
	c.Must(http.StatusAccepted, "POST", fmt.Sprintf("/targets/%d/test", s.target), nil)
	receiver.Wait(t, 1)
	admin := signInAdmin(t, p)
	rows := regexp.MustCompile(`<th scope="row"`)
	for query, want := range map[string]int{
		"": 3, "state=dead": 2, "state=nonsense": 3, "within=1h": 1, "within=24h": 3,
		"until=" + p.Clock.Now().UTC().Add(-time.Hour).Format("2006-01-02T15:04"): 2,
		fmt.Sprintf("product=%d&state=dead", s.id):                                2,
		fmt.Sprintf("connection=%d&within=1h", s.target):                          1, "since=yesterday": 3,
	} {
		status, text := getNoRedirect(t, admin, p.URL+"/deliveries?"+query)
		if n := len(rows.FindAllString(text, -1)); status != http.StatusOK || n != want {
			t.Errorf("%s: %d, %d rows, want %d", query, status, n, want)
		}
		if refusal := strings.Contains(text, "Enter a date and time"); refusal != (query == "since=yesterday") {
			t.Errorf("%s: reported as wrong: %v", query, refusal)
		}
	}
	for _, query := range []string{"product=99", "connection=99", "connection=x", "resend=99"} {
		if status, _ := getNoRedirect(t, admin, p.URL+"/deliveries?"+query); status != http.StatusNotFound {
			t.Errorf("%s: %d", query, status)
		}
	}
}
