package apptest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
)

// Messages name the user of an exception only with EXCEPTION_USER_DATA. Pages and the
// REST API name them in any case.
func TestExceptionUserData_IsSentOnRequest(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		box, port := newMailServer(t)
		c.Must(http.StatusOK, "PATCH", "/settings/mail",
			object{"email_from": "gates@example.org", "smtp_host": "127.0.0.1", "smtp_port": port, "smtp_tls": "none"})
		hook, chat := apptest.NewReceiver(t), apptest.NewReceiver(t)
		s := newProduct(t, c, "Shop", hook.URL)
		c.Must(http.StatusOK, "PATCH", s.path, object{"email_to": "ops@example.org", "slack_webhook": chat.URL + "/slack"})
		key, _ := newIngestKey(c, s)
		address := fmt.Sprintf("%s/api/%d/envelope/?sentry_key=%s", p.URL, s.id, key)

		// report reports an exception of a class by an SDK, and returns the messages about it.
		report := func(class string) map[string]string {
			t.Helper()
			n := len(hook.Messages()) + 1
			p.Clock.Advance(2 * time.Second) // past the rate limit of Slack
			event := `{"platform":"python","exception":{"values":[{"type":"` + class + `","value":"` + class + ` of an order"}]},` +
				`"user":{"id":"4711","username":"ann.doe","email":"ann@customer.example","ip_address":"203.0.113.9"},` +
				`"request":{"url":"https://shop.example/pay","cookies":"cart=tulips","data":{"street":"Elm"}}}`
			a := sendEnvelope(t, address, []byte("{}\n{\"type\":\"event\"}\n"+event+"\n"))
			if a.Status != http.StatusOK {
				t.Fatalf("%d %s", a.Status, a.Text)
			}
			body := string(hook.Wait(t, n).Body)
			slack := string(chat.Wait(t, n).Body)
			apptest.Eventually(t, "the email", func() bool { return len(box.received()) == n })
			return map[string]string{"webhook": body, "slack": slack, "email": box.received()[n-1].text}
		}
		check := func(class string, want bool) {
			t.Helper()
			for channel, text := range report(class) {
				if !strings.Contains(text, class) || !strings.Contains(text, " of an order") {
					t.Errorf("%s is not about the exception: %s", channel, text)
				}
				if strings.Contains(text, "ann.doe") != want {
					t.Errorf("%s names the user: %v, want %v: %s", channel, !want, want, text)
				}
				for _, private := range []string{"4711", "ann@customer", "203.0.113.9", "tulips", "Elm"} {
					if strings.Contains(text, private) {
						t.Errorf("%s has %s: %s", channel, private, text)
					}
				}
			}
		}

		check("FirstError", false)
		list := c.Must(http.StatusOK, "GET", "/exceptions", nil)
		group := fmt.Sprintf("/exceptions/%d", list.ID("items.0.id"))
		if a := c.Must(http.StatusOK, "GET", group, nil); a.Get("sample.user") != "ann.doe" {
			t.Errorf("the REST API does not name the user: %s", a.Text)
		}
		event := c.Must(http.StatusOK, "GET", "/notifications", nil).ID("items.0.id")
		if a := c.Must(http.StatusOK, "GET", fmt.Sprintf("/events/%d", event), nil); a.Get("payload.user") != "ann.doe" {
			t.Errorf("the event does not name the user: %s", a.Text)
		}
		browser := signInAdmin(t, p)
		if _, _, text := getPage(t, browser, p.URL+group); !strings.Contains(text, "ann.doe") {
			t.Errorf("the page does not name the user: %s", text)
		}
		// The delivery log shows what was sent.
		sent := c.Must(http.StatusOK, "GET", "/deliveries?limit=1", nil).ID("items.0.id")
		_, _, text := getPage(t, browser, fmt.Sprintf("%s/deliveries/%d", p.URL, sent))
		if !strings.Contains(text, "FirstError of an order") || strings.Contains(text, "ann.doe") {
			t.Errorf("the delivery log does not show what was sent: %s", text)
		}

		c.Must(http.StatusOK, "PATCH", "/settings/exceptions", object{"exception_user_data": true})
		check("SecondError", true)
		c.Must(http.StatusOK, "PATCH", "/settings/exceptions", object{"exception_user_data": false})
		check("ThirdError", false)
	})
}
