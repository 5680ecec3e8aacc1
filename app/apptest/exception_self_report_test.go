package apptest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"gatecrier/admin"
	"gatecrier/app"
	"gatecrier/app/apptest"
	"gatecrier/models"
)

// faultyRoutes returns pages that fail.
func faultyRoutes(a *app.App) []admin.Route {
	return []admin.Route{
		{Method: http.MethodGet, Path: "/test/panic", Serve: func(p *admin.Page) error {
			return a.Store.Write(p.Context(), func(tx *models.Tx) error {
				if err := tx.InsertAudit(models.Audit{Action: "half written", At: tx.Now()}); err != nil {
					return err
				}
				panic("boom")
			})
		}},
		{Method: http.MethodGet, Path: "/test/error/:id", Serve: func(*admin.Page) error {
			_, err := os.ReadFile("/nowhere/at/all")
			return fmt.Errorf("read the file: %w", err)
		}},
		{
			Method: http.MethodGet, Path: "/test/open", Open: true,
			Serve: func(*admin.Page) error { return errors.New("for who is not signed in") },
		},
		{Method: http.MethodGet, Path: "/test/late", Serve: func(p *admin.Page) error {
			if err := p.Text("text/plain", "so far, so good"); err != nil {
				return err
			}
			panic("after the answer")
		}},
	}
}

// getPage requests a page, and returns its status, request id and text.
func getPage(t *testing.T, c *http.Client, address string) (status int, id, text string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header.Get("X-Request-Id"), string(body)
}

// ownExceptions returns Gatecrier's own exceptions, after writing the pending counts.
func ownExceptions(t *testing.T, p *apptest.Program) []models.ExceptionGroup {
	t.Helper()
	if err := p.Exceptions.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	list, err := p.Store.ExceptionGroups(t.Context(), apptest.AllProducts(),
		models.ExceptionFilter{Own: true, Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// notifications returns the names and messages of the notifications of a type, oldest first.
func notifications(c *apptest.Client, kind string) (names, messages []string) {
	a := c.Do("GET", "/notifications?limit=100", nil)
	for i := itemCount(a) - 1; i >= 0; i-- {
		at := fmt.Sprintf("items.%d.", i)
		if text, _ := a.Get(at + "type").(string); strings.HasPrefix(text, kind) {
			name, _ := a.Get(at + "name").(string)
			message, _ := a.Get(at + "message").(string)
			names, messages = append(names, name), append(messages, message)
		}
	}
	return names, messages
}

// A panic in the middle of a write rolls it back and notifies each target once, and the process
// continues. An administrator finds the exception by its reference.
func TestPanic_RollsBackWriteAndNotifiesOnce(t *testing.T) {
	t.Parallel()
	eachDatabaseWith(t, apptest.Options{Extra: faultyRoutes}, func(t *testing.T, p *apptest.Program) {
		p.User("mallory")
		c := p.Client("admin")
		w := newExceptionTargets(t, c)
		status, id, text := getPage(t, signInAdmin(t, p), p.URL+"/test/panic")
		list := ownExceptions(t, p)
		if status != http.StatusInternalServerError || len(list) != 1 {
			t.Fatalf("%d, %d groups: %s", status, len(list), text)
		}
		path := fmt.Sprintf("/exceptions/%d", list[0].ID)
		if !strings.Contains(text, `"`+path+`"`) || id == "" || !strings.Contains(text, id) {
			t.Errorf("the page of an administrator leads nowhere: %s", text)
		}
		g, err := p.Store.ExceptionGroup(t.Context(), apptest.AllProducts(), list[0].ID)
		if err != nil || g.Class != "panic" || g.Function != "GET /test/panic" || g.Kind != models.ExceptionRequest {
			t.Errorf("%+v, %v", g, err)
		}
		for _, want := range []string{`"reference":"` + id + `"`, `"user":"admin"`, "boom", "faulty"} {
			if !strings.Contains(string(g.Sample), want) {
				t.Errorf("the sample lacks %s: %s", want, g.Sample)
			}
		}
		if a := c.Must(http.StatusOK, "GET", "/audit", nil); strings.Contains(a.Text, "half written") {
			t.Error("the rolled back write is stored")
		}
		status, _, text = getPage(t, signInAs(t, p, "mallory", apptest.Password), p.URL+"/test/panic")
		if status != http.StatusInternalServerError || strings.Contains(text, "/exceptions/") {
			t.Errorf("another's page: %d, %s", status, text)
		}
		apptest.Eventually(t, "all are notified", func() bool { return w.count() == [3]int{2, 1, 1} })
		names, _ := notifications(c, "exception.")
		if len(names) != 1 || names[0] != "Exception panic" {
			t.Errorf("notifications: %q", names)
		}
		if list := ownExceptions(t, p); len(list) != 1 || list[0].Count != 2 || list[0].Suppressed != 1 {
			t.Errorf("%+v", list)
		}
		if names, _ := notifications(p.Client("mallory"), "exception."); len(names) != 0 {
			t.Errorf("others read %q", names)
		}
		if status, _, _ := getPage(t, newHTTPClient(t), p.URL+"/readyz"); status != http.StatusOK {
			t.Errorf("afterwards: %d", status)
		}
		if n := len(deliveryLog(t, p, models.DeliveryFilter{})); n != 4 {
			t.Errorf("%d messages", n)
		}
	})
}

// Every response 500 is reported, for all users and routes. Errors of the client are not. The
// numbers are those of SecObserve's tests.
func TestRequestFaults_AreReported(t *testing.T) {
	t.Parallel()
	eachDatabaseWith(t, apptest.Options{Extra: faultyRoutes}, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		receiver := apptest.NewReceiver(t)
		first, second := newProduct(t, c, "First", receiver.URL), newProduct(t, c, "Second", receiver.URL)
		browser := signInAdmin(t, p)
		t.Run("81 to 83: what others do wrong", func(t *testing.T) {
			p.User("mallory")
			(&apptest.Client{URL: p.URL}).ForTest(t).Must(http.StatusUnauthorized, "GET", "/products", nil)
			p.Client("mallory").ForTest(t).Must(http.StatusForbidden, "GET", "/settings/gate", nil)
			c.ForTest(t).Must(http.StatusNotFound, "GET", "/products/4711", nil)
			c.ForTest(t).Must(http.StatusUnprocessableEntity, "POST", "/products", object{"name": ""})
			c.ForTest(t).Must(http.StatusBadRequest, "POST", "/products", []byte("{"))
			if a := c.ForTest(t).Must(http.StatusNotFound, "GET", "/products/4711", nil); a.Get("reference") != nil {
				t.Errorf("it has a reference: %s", a.Text)
			}
			if list := ownExceptions(t, p); len(list) != 0 {
				t.Errorf("%+v", list)
			}
		})
		t.Run("40 and 80: no user is named, there is a row", func(t *testing.T) {
			status, _, text := getPage(t, browser, p.URL+"/test/error/1")
			getPage(t, browser, p.URL+"/test/error/2") // the same
			if status != http.StatusInternalServerError || strings.Contains(text, "nowhere") {
				t.Errorf("%d: %s", status, text)
			}
			apptest.Eventually(t, "there is a row",
				func() bool { names, _ := notifications(c, "exception.request"); return len(names) == 1 })
			names, messages := notifications(c, "exception.request")
			if names[0] != "Exception syscall.Errno" ||
				!strings.Contains(messages[0], "read the file: open /nowhere/at/all") {
				t.Errorf("%q %q", names, messages)
			}
			if list := ownExceptions(t, p); len(list) != 1 || list[0].Count != 2 || list[0].Function != "GET /test/error/:id" {
				t.Errorf("%+v", list)
			}
		})
		t.Run("84: an answer of the interface", func(t *testing.T) {
			swapConfig(t, p, first.target, second.target)
			a := c.ForTest(t).Must(http.StatusInternalServerError, "GET", fmt.Sprintf("/targets/%d", first.target), nil)
			list := ownExceptions(t, p)
			if len(list) != 2 || a.Get("exception") != fmt.Sprintf("/exceptions/%d", list[0].ID) ||
				a.Get("reference") != a.Header.Get("X-Request-Id") || a.Get("reference") == "" {
				t.Errorf("%s, %+v", a.Text, list)
			}
			if list[0].Function != "GET /api/v1/targets/:id" {
				t.Errorf("%q", list[0].Function)
			}
		})
		t.Run("who is not signed in", func(t *testing.T) {
			if status, _, text := getPage(t, newHTTPClient(t), p.URL+"/test/open"); status != http.StatusInternalServerError ||
				strings.Contains(text, "/exceptions/") {
				t.Errorf("%d: %s", status, text)
			}
			if list := ownExceptions(t, p); len(list) != 3 {
				t.Errorf("%d groups", len(list))
			}
		})
		t.Run("after the answer", func(t *testing.T) {
			getPage(t, browser, p.URL+"/test/late")
			if list := ownExceptions(t, p); len(list) != 4 || !strings.Contains(list[0].Message, "after the answer") {
				t.Errorf("%+v", list)
			}
		})
		t.Run("who asked has gone", func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL+"/inbox", nil)
			if err != nil {
				t.Fatal(err)
			}
			if res, err := browser.Do(req); err == nil {
				t.Errorf("it was answered: %d", res.StatusCode)
				res.Body.Close() //nolint:errcheck // it should not be there
			}
			if list := ownExceptions(t, p); len(list) != 4 {
				t.Errorf("%+v", list)
			}
		})
	})
}

// The settings, the error page and the health page in a browser.
func TestRequestFaultsInTheBrowser(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{Extra: faultyRoutes})
	c := p.Client("admin")
	err := p.Store.Write(t.Context(), func(tx *models.Tx) error {
		e := models.Event{
			UUID:    "0192f0c8-0000-7000-8000-000000000001",
			Type:    "exception.task",
			Version: 1,
			At:      tx.Now(),
			Payload: []byte(`{"group": 7, "class": 5}`),
		}
		if err := tx.InsertEvent(&e, "notify"); err != nil {
			return err
		}
		const reason = "read the payload of a exception.task: json: " +
			"cannot unmarshal number into Go struct field Exception.class of type string"
		return tx.DelayWork("notify", e.ID, reason, tx.Now().Add(time.Hour), false)
	})
	if err != nil {
		t.Fatal(err)
	}
	c.Must(http.StatusOK, "PATCH", "/settings/exceptions", object{
		"exception_email_to":      "ops@example.org, dev@example.org",
		"exception_slack_webhook": "https://hooks.slack.com/services/T0/B0/abcdefgh1234",
	})
	b := apptest.NewBrowser(t, p.URL)
	b.Open("/admin/settings/exceptions")
	b.Fill("#f-name", "admin")
	b.Fill("#f-password", apptest.Password)
	b.Press("form[action='/login'] button")
	b.WantText("EXCEPTION_EMAIL_TO")
	b.CheckPage("settings-exceptions")
	b.Fill("#f-exception_email_to", "nobody")
	b.Press("form[action='/admin/settings/exceptions'] button[type=submit]")
	b.WantText("1 field needs attention")
	b.CheckPage("settings-exceptions-wrong")
	b.Open("/admin/health")
	b.WantText("Unrouted events")
	b.CheckPage("health-unrouted")
	b.Press("#unrouted-all")
	b.WantText("Retry all events")
	b.CheckPage("unrouted")
	b.Press("#unrouted-retry")
	b.WantText("1 event is being retried")
}
