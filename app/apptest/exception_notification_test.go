package apptest_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/app/module"
	"gatecrier/models"
)

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

func (panickingModule) Hint(module.Config) string { return "" }

func (panickingModule) Send(context.Context, module.Config, module.Message) module.Result {
	panic("the sender itself")
}

// A failure of a notification about an exception reports no further exception.
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
				t.Errorf("notified of %d exceptions: %q", len(names), names)
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
		t.Run("a failing connection notifies once", func(t *testing.T) {
			receiver := apptest.NewReceiver(t)
			failUntilRepaired(receiver)
			c.ForTest(t).
				Must(http.StatusOK, "PATCH", "/settings/exceptions", object{"exception_slack_webhook": receiver.URL})
			getPage(t, browser, p.URL+"/test/error/1")
			broken := func() int { names, _ := notifications(c, "connector.error"); return len(names) }
			apptest.Eventually(t, "it is announced", func() bool {
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
				t.Errorf("announced %d times", n)
			}
			only(t, 2)
		})
	})
}

// An exception whose event cannot be routed is tried again forever. It is shown with its reason, and
// administrators are notified of that once, not by another exception.
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
		failed := func() models.FailedWork {
			list, err := p.Store.FailedWork(t.Context(), apptest.AllProducts(), "notify", 0, 10)
			if err != nil || len(list) > 1 {
				t.Fatal(list, err)
			}
			return append(list, models.FailedWork{})[0]
		}
		apptest.Eventually(t, "it is tried often", func() bool {
			p.Clock.Advance(10 * time.Minute)
			p.Wake()
			return failed().Attempts > 8
		})
		if got := failed(); !strings.Contains(got.Error, "class") {
			t.Errorf("%+v", got)
		}
		names, _ := notifications(c, "")
		if len(names) != 1 || names[0] != "Event not routed" || len(ownExceptions(t, p)) != 0 {
			t.Errorf("notifications: %q, exceptions %v", names, ownExceptions(t, p))
		}
		_, _, text := getPage(t, signInAdmin(t, p), p.URL+"/admin/health")
		for _, want := range []string{"Unrouted events", "exception.task", `href="/exceptions/7"`, "class"} {
			if !strings.Contains(text, want) {
				t.Errorf("the page about health lacks %q", want)
			}
		}
	})
}
