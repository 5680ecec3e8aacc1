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
	"gatecrier/app/account"
	"gatecrier/app/apptest"
	"gatecrier/app/module"
	"gatecrier/jobs"
	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// eachDatabaseWith is on, with a program of its own kind.
func eachDatabaseWith(t *testing.T, o apptest.Options, fn func(t *testing.T, p *apptest.Program)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, apptest.Start(t, o)) })
	t.Run("postgres", func(t *testing.T) {
		o.DatabaseURL = modelstest.MigratedURL(t)
		fn(t, apptest.Start(t, o))
	})
}

// faultyRoutes are pages that fail.
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

// getPage asks for a page, and returns its status, its request's id and its text.
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

// ownExceptions are the exceptions of Gatecrier itself, with what was counted so far.
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

// notifications are the names of the notifications of types, oldest first.
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

// exceptionTargets are those whom the settings name.
type exceptionTargets struct {
	box          *mailServer
	teams, slack *apptest.Receiver
}

func (w exceptionTargets) count() [3]int {
	return [3]int{len(w.box.received()), len(w.teams.Messages()), len(w.slack.Messages())}
}

// newExceptionTargets names two addresses and two webhooks for exceptions.
func newExceptionTargets(t *testing.T, c *apptest.Client) exceptionTargets {
	t.Helper()
	box, port := newMailServer(t)
	w := exceptionTargets{box, apptest.NewReceiver(t), apptest.NewReceiver(t)}
	c.Must(http.StatusOK, "PATCH", "/settings/mail",
		object{"email_from": "gates@example.org", "smtp_host": "127.0.0.1", "smtp_port": port, "smtp_tls": "none"})
	c.Must(http.StatusOK, "PATCH", "/settings/exceptions", object{
		"exception_email_to":         "eve@example.org, ops@example.org",
		"exception_ms_teams_webhook": w.teams.URL + "/teams",
		"exception_slack_webhook":    w.slack.URL + "/slack",
	})
	return w
}

// A panic in the middle of a write: it is undone, everybody is told once, and
// the process lives. Who runs the server finds it by the reference.
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
			t.Error("what it had written is there")
		}
		status, _, text = getPage(t, signInAs(t, p, "mallory", apptest.Password), p.URL+"/test/panic")
		if status != http.StatusInternalServerError || strings.Contains(text, "/exceptions/") {
			t.Errorf("another's page: %d, %s", status, text)
		}
		apptest.Eventually(t, "all are told", func() bool { return w.count() == [3]int{2, 1, 1} })
		names, _ := notifications(c, "exception.")
		if len(names) != 1 || names[0] != `Exception "panic" has occurred` {
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
		if n := len(deliveryLog(t, p, models.LedgerFilter{})); n != 4 {
			t.Errorf("%d messages", n)
		}
	})
}

// What is answered by a 500 is reported, whoever asked and however; what is
// somebody else's fault is not. The numbers are those of SecObserve's tests.
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
		t.Run("40 and 80: nobody is named, there is a row", func(t *testing.T) {
			status, _, text := getPage(t, browser, p.URL+"/test/error/1")
			getPage(t, browser, p.URL+"/test/error/2") // the same
			if status != http.StatusInternalServerError || strings.Contains(text, "nowhere") {
				t.Errorf("%d: %s", status, text)
			}
			apptest.Eventually(t, "there is a row",
				func() bool { names, _ := notifications(c, "exception.request"); return len(names) == 1 })
			names, messages := notifications(c, "exception.request")
			if names[0] != `Exception "syscall.Errno" has occurred` ||
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

// swapConfig gives a connection the configuration of another one, so that it
// cannot be opened.
func swapConfig(t *testing.T, p *apptest.Program, id, other int64) {
	t.Helper()
	err := p.Store.Write(t.Context(), func(tx *models.Tx) error {
		from, err := tx.Connection(tx.Context(), apptest.AllProducts(), other)
		if err != nil {
			return err
		}
		to, err := tx.Connection(tx.Context(), apptest.AllProducts(), id)
		if err != nil {
			return err
		}
		to.Config = from.Config
		return tx.SaveConnection(&to)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// failingJob is a job that always fails, in each minute.
func failingJob(err error) jobs.Job {
	return jobs.Job{
		Name:  "bill",
		Title: "Bills",
		About: "Fails.",
		Spec:  "* * * * *",
		Run:   func(context.Context, *jobs.Work) error { return err },
	}
}

// advanceMinute lets a minute go by, and waits for its run to be counted.
func advanceMinute(t *testing.T, p *apptest.Program, want int64) models.ExceptionGroup {
	t.Helper()
	p.Clock.Advance(time.Minute)
	p.WakeJobs()
	var g models.ExceptionGroup
	apptest.Eventually(t, fmt.Sprintf("run %d is counted", want), func() bool {
		list := ownExceptions(t, p)
		if len(list) > 0 {
			g = list[0]
		}
		return g.Count == want
	})
	return g
}

// A job that fails each minute of a day is told of once an hour, with how often
// it has failed since.
func TestFailingJob_NotifiesOncePerHour(t *testing.T) {
	t.Parallel()
	options := apptest.Options{Jobs: []jobs.Job{failingJob(errors.New("the till is empty"))}}
	eachDatabaseWith(t, options, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		const runs = 24 * 60
		for i := range runs {
			advanceMinute(t, p, int64(i+1))
		}
		apptest.Eventually(t, "all notices are there",
			func() bool { names, _ := notifications(c, "exception.task"); return len(names) == 24 })
		names, messages := notifications(c, "exception.task")
		for i, message := range messages {
			if again := strings.Contains(message, "(+59 since "); !strings.HasPrefix(message, "the till is empty") ||
				again != (i > 0) {
				t.Errorf("notice %d: %q", i, message)
			}
		}
		if names[0] != `Exception "*errors.errorString" has occurred in background task` {
			t.Errorf("%q", names[0])
		}
		if g := ownExceptions(t, p)[0]; g.Count != runs || g.Notified != 24 || g.Suppressed != runs-24 ||
			g.Function != "bill" {
			t.Errorf("%+v", g)
		}
	})
}

// Failures of tasks, as SecObserve's tests number them.
func TestTaskFaults_AreReported(t *testing.T) {
	t.Parallel()
	options := apptest.Options{Jobs: []jobs.Job{failingJob(errors.New("test_exception"))}}
	eachDatabaseWith(t, options, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		_, err := p.Accounts.Create(t.Context(),
			account.NewUser{Name: "eve", FirstName: "Eve", Email: "eve@example.org", Password: apptest.Password})
		if err != nil {
			t.Fatal(err)
		}
		var w exceptionTargets
		named := func() { w = newExceptionTargets(t, c) } // with receivers that stay
		t.Run("43: nobody is named, there is a row", func(t *testing.T) {
			g := advanceMinute(t, p, 1)
			if g.Kind != models.ExceptionTask || g.Function != "bill" || g.ProductID != 0 {
				t.Errorf("%+v", g)
			}
			apptest.Eventually(t, "there is a row",
				func() bool { names, _ := notifications(c, "exception.task"); return len(names) == 1 })
			if n := len(deliveryLog(t, p, models.LedgerFilter{})); n != 0 {
				t.Errorf("%d messages", n)
			}
		})
		t.Run("41 and 44: within the limit nobody is told", func(t *testing.T) {
			named()
			advanceMinute(t, p, 2)
			if names, _ := notifications(c, "exception."); len(names) != 1 || w.count() != [3]int{} {
				t.Errorf("%q, %v", names, w.count())
			}
		})
		t.Run("42 and 45: each is told once, by name", func(t *testing.T) {
			p.Clock.Advance(58 * time.Minute)
			advanceMinute(t, p, 3) // of the times that went by, one is made up
			apptest.Eventually(t, "all are told", func() bool { return w.count() == [3]int{2, 1, 1} })
			for _, m := range w.box.received() {
				hello := "Hello,"
				if m.to == "eve@example.org" {
					hello = "Hello Eve,"
				}
				for _, want := range []string{hello, "has occurred in background task", "test_exception", "bill"} {
					if !strings.Contains(m.text, want) {
						t.Errorf("the mail to %s lacks %q:\n%s", m.to, want, m.text)
					}
				}
			}
			for name, r := range map[string]*apptest.Receiver{"Teams": w.teams, "Slack": w.slack} {
				if text := string(r.Messages()[0].Body); !strings.Contains(strings.ReplaceAll(text, `\\`, ""), "test_exception") ||
					!strings.Contains(text, "bill") {
					t.Errorf("%s: %s", name, text)
				}
			}
		})
		t.Run("without a sender mails are skipped, and say so", func(t *testing.T) {
			c.ForTest(t).Must(http.StatusOK, "PATCH", "/settings/mail", object{"email_from": ""})
			c.ForTest(t).Must(http.StatusOK, "PATCH", "/settings/exceptions", object{"exception_rate_limit": 0})
			p.Clock.Advance(time.Hour)
			advanceMinute(t, p, 4)
			apptest.Eventually(t, "both are skipped", func() bool {
				return itemCount(c.Do("GET", "/deliveries?state=skipped", nil)) >= 2
			})
			if a := c.ForTest(t).Do("GET", "/deliveries?state=skipped", nil); !strings.Contains(a.Text, "EMAIL_FROM is empty") {
				t.Errorf("why: %s", a.Text)
			}
		})
		t.Run("87: the run has failed, and the schedule goes on", func(t *testing.T) {
			if job := findJob(t, c, "bill"); job.Get("last.result") != "failed" ||
				!strings.Contains(fmt.Sprint(job.Get("last.message")), "test_exception") {
				t.Errorf("%v", job.JSON)
			}
		})
	})
}

// panickingModule is a module whose sends panic.
type panickingModule struct{}

func (panickingModule) Descriptor() module.Descriptor {
	return module.Descriptor{
		Name:    "exploding",
		Title:   "Mine",
		Icon:    "plug",
		Summary: "Fails",
		Limits:  module.Limits{Parallel: 1},
	}
}
func (panickingModule) Prepare(c module.Config) (module.Config, error) { return c, nil }
func (panickingModule) Hint(module.Config) string                      { return "" }
func (panickingModule) Send(context.Context, module.Config, module.Message) module.Result {
	panic("the sender itself")
}

// What fails while people are told of an exception makes no other one.
func TestExceptionNotification_FailureReportsNoException(t *testing.T) {
	t.Parallel()
	options := apptest.Options{Extra: faultyRoutes, Modules: []module.Module{panickingModule{}}}
	eachDatabaseWith(t, options, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		c.Must(http.StatusOK, "PATCH", "/settings/exceptions", object{"exception_rate_limit": 0})
		c.Must(http.StatusCreated, "POST", "/connections",
			object{"owner": "system", "module": "exploding", "name": "Mine", "config": map[string]string{}})
		browser := signInAdmin(t, p)
		only := func(t *testing.T, want int) {
			t.Helper()
			if names, _ := notifications(c, "exception."); len(names) != want {
				t.Errorf("told of %d exceptions: %q", len(names), names)
			}
			if list := ownExceptions(t, p); len(list) != 1 || list[0].Count != int64(want) {
				t.Errorf("%+v", list)
			}
		}
		t.Run("a send that panics", func(t *testing.T) {
			getPage(t, browser, p.URL+"/test/error/1")
			apptest.Eventually(t, "it is given up", func() bool {
				return itemCount(c.Do("GET", "/deliveries?state=dead", nil)) == 1
			})
			only(t, 1)
		})
		t.Run("a connection that fails is told of once", func(t *testing.T) {
			receiver := apptest.NewReceiver(t)
			failUntilRepaired(receiver)
			c.ForTest(t).
				Must(http.StatusOK, "PATCH", "/settings/exceptions", object{"exception_slack_webhook": receiver.URL})
			getPage(t, browser, p.URL+"/test/error/1")
			broken := func() int { names, _ := notifications(c, "connector.error"); return len(names) }
			apptest.Eventually(t, "it is told of", func() bool {
				p.Clock.Advance(3 * time.Minute)
				p.Wake()
				return broken() == 1
			})
			only(t, 2)
			for range 5 {
				p.Clock.Advance(2 * time.Hour)
				p.Wake()
			}
			before := len(receiver.Messages())
			apptest.Eventually(t, "it is tried again", func() bool {
				p.Clock.Advance(2 * time.Hour)
				p.Wake()
				return len(receiver.Messages()) > before
			})
			if n := broken(); n != 1 {
				t.Errorf("told of %d times", n)
			}
			only(t, 2)
		})
	})
}

// An exception whose event cannot be routed is put aside after some tries: it is
// shown, and nobody is told.
func TestException_ThatCannotBeRouted(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		receiver := apptest.NewReceiver(t)
		c.Must(http.StatusOK, "PATCH", "/settings/exceptions", object{"exception_slack_webhook": receiver.URL})
		err := p.Store.Write(t.Context(), func(tx *models.Tx) error {
			return tx.InsertEvent(&models.Event{
				UUID:    "0192f0c8-0000-7000-8000-000000000001",
				Type:    "exception.task",
				Version: 1,
				At:      tx.Now(),
				Payload: []byte(`{"group": 7, "class": 5}`),
			}, "notify")
		})
		if err != nil {
			t.Fatal(err)
		}
		parked := func() []models.Parked {
			list, err := p.Store.ParkedWork(t.Context(), apptest.AllProducts(), "notify", 10)
			if err != nil {
				t.Fatal(err)
			}
			return list
		}
		apptest.Eventually(t, "it is put aside", func() bool {
			p.Clock.Advance(2 * time.Minute)
			p.Wake()
			return len(parked()) == 1
		})
		if got := parked()[0]; got.Attempts != 5 || !strings.Contains(got.Error, "class") {
			t.Errorf("%+v", got)
		}
		names, _ := notifications(c, "")
		if len(names) != 0 || len(ownExceptions(t, p)) != 0 || len(receiver.Messages()) != 0 {
			t.Errorf("it is told of: %q", names)
		}
		_, _, text := getPage(t, signInAdmin(t, p), p.URL+"/admin/health")
		for _, want := range []string{"Events that nobody was told of", "exception.task", `href="/exceptions/7"`, "class"} {
			if !strings.Contains(text, want) {
				t.Errorf("the page about health lacks %q", want)
			}
		}
	})
}

// The settings, the page of a fault and that about health, in a browser.
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
		return tx.DelayWork("notify", e.ID, reason, time.Time{})
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
	b.WantText("1 field needs another value")
	b.CheckPage("settings-exceptions-wrong")
	b.Open("/admin/health")
	b.WantText("Events that nobody was told of")
	b.CheckPage("health-parked")
}

// Whom exceptions are told are settings, that are connections.
func TestExceptionSettings_CreateConnections(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		const hook = "https://hooks.slack.com/services/T0/B0/abcdefgh1234"
		a := c.Must(http.StatusOK, "GET", "/settings/exceptions", nil)
		for _, field := range []string{"exception_email_to", "exception_ms_teams_webhook", "exception_slack_webhook"} {
			if a.Get(field) != "" {
				t.Errorf("%s is %v by default", field, a.Get(field))
			}
		}
		a = c.Must(http.StatusUnprocessableEntity, "PATCH", "/settings/exceptions", object{
			"exception_email_to":         "ops@example.org, nobody",
			"exception_ms_teams_webhook": "ftp://x",
			"exception_slack_webhook":    5,
			"exception_rate_limit":       -1,
		})
		for _, field := range []string{
			"exception_email_to", "exception_ms_teams_webhook", "exception_slack_webhook", "exception_rate_limit",
		} {
			if !strings.Contains(a.Text, `"name":"`+field+`"`) {
				t.Errorf("%s is not named: %s", field, a.Text)
			}
		}
		a = c.Must(http.StatusOK, "PATCH", "/settings/exceptions", object{
			"exception_email_to":      "ops@example.org,dev@example.org",
			"exception_slack_webhook": hook,
			"grouping":                "exact",
		})
		if a.Get("exception_email_to") != "ops@example.org, dev@example.org" || a.ID("version") != 1 {
			t.Errorf("stored: %s", a.Text)
		}
		hint := a.Get("exception_slack_webhook")
		if hint == "" || strings.Contains(a.Text, "abcdefgh") {
			t.Errorf("the hint is %v", hint)
		}
		connections := c.Must(http.StatusOK, "GET", "/connections?owner=system", nil)
		if itemCount(connections) != 3 || !strings.Contains(connections.Text, "Exceptions: Slack") {
			t.Errorf("connections: %s", connections.Text)
		}

		// What was shown, sent back, changes nothing; what is no address is refused.
		c.Must(http.StatusOK, "PATCH", "/settings/exceptions", object{"exception_slack_webhook": hint})
		if again := c.Must(http.StatusOK, "GET", "/connections?owner=system", nil); again.Text != connections.Text {
			t.Errorf("it has changed: %s", again.Text)
		}
		a = c.Must(http.StatusUnprocessableEntity, "PATCH", "/settings/exceptions",
			object{"exception_slack_webhook": "another.host…9999", "exception_rate_limit": 5})
		if a.Get("errors.0.name") != "exception_slack_webhook" ||
			c.Do("GET", "/settings/exceptions", nil).ID("exception_rate_limit") != 3600 {
			t.Errorf("%s", a.Text)
		}
		a = c.Must(http.StatusConflict, "PATCH", "/settings/exceptions", object{"exception_email_to": "", "version": 1})
		if !strings.Contains(a.Text, "Meanwhile admin has changed") {
			t.Errorf("%s", a.Text)
		}

		// The audit has it, without what is secret.
		a = c.Must(http.StatusOK, "GET", "/audit?kind=settings", nil)
		if !strings.Contains(a.Text, "exception_slack_webhook") || !strings.Contains(a.Text, "exception_email_to") ||
			strings.Contains(a.Text, "abcdefgh") {
			t.Errorf("audit: %s", a.Text)
		}

		// The page does the same.
		browser := signInAdmin(t, p)
		_, _, text := getPage(t, browser, p.URL+"/admin/settings/exceptions")
		if !strings.Contains(text, "EXCEPTION_MS_TEAMS_WEBHOOK") ||
			!strings.Contains(text, "ops@example.org, dev@example.org") || strings.Contains(text, "abcdefgh") {
			t.Errorf("the page: %s", text)
		}
		fields := func(version, email, slack string) io.Reader {
			return encodeForm("version", version, "exception_email_to", email, "exception_ms_teams_webhook", "",
				"exception_slack_webhook", slack, "exception_rate_limit", "3600", "grouping", "smart")
		}
		status, text := postForm(t, browser, p.URL+"/admin/settings/exceptions", fields("2", "nobody", fmt.Sprint(hint)))
		if status != http.StatusUnprocessableEntity || !strings.Contains(text, "#f-exception_email_to") ||
			!strings.Contains(text, `value="nobody"`) {
			t.Errorf("%d: %s", status, text)
		}
		status, _ = submitForm(t, browser, p.URL+"/admin/settings/exceptions", fields("2", "", fmt.Sprint(hint)), formKind)
		if status != http.StatusSeeOther {
			t.Errorf("%d", status)
		}
		a = c.Must(http.StatusOK, "GET", "/settings/exceptions", nil)
		if a.Get("exception_email_to") != "" || a.Get("exception_slack_webhook") != hint {
			t.Errorf("%s", a.Text)
		}
		c.Must(http.StatusOK, "PATCH", "/settings/exceptions", object{"exception_slack_webhook": nil})
		if n := itemCount(c.Must(http.StatusOK, "GET", "/connections?owner=system", nil)); n != 0 {
			t.Errorf("%d are left", n)
		}
	})
}

// A loop that panics is started again and told of, unless it is one that people
// are told by.
func TestLoop_PanicRestartsAndNotifies(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		ctx, stop := context.WithCancel(t.Context())
		loops := jobs.NewLoops(p.Logger(), p.Clock.Now, p.Exceptions.ReportOwn)
		t.Cleanup(loops.Wait)
		t.Cleanup(stop)
		boom := func(context.Context) { panic("out of order") }
		loops.Start(ctx, jobs.Loop{Name: "loud", Run: boom})
		loops.Start(ctx, jobs.Loop{Name: "stale", Run: boom, Quiet: true})
		apptest.Eventually(t, "both were started again", func() bool {
			states := loops.States()
			return len(states) == 2 && states[0].Restarts > 0 && states[1].Restarts > 0
		})
		for _, s := range loops.States() {
			if !strings.Contains(s.Why, "out of order") || s.FailedAt.IsZero() {
				t.Errorf("%+v", s)
			}
		}
		apptest.Eventually(t, "one is told of", func() bool { return len(ownExceptions(t, p)) == 1 })
		if g := ownExceptions(t, p)[0]; g.Function != "loud" || g.Class != "panic" || g.Kind != models.ExceptionTask {
			t.Errorf("%+v", g)
		}
	})
}
