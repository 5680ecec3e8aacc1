package apptest_test

import (
	"fmt"
	"net/http"
	"syscall"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models/modelstest"
)

// clockTime bounds what waits are off by after the clock is right again: the longest of them is a
// first retry, and the clock is checked once a second.
const clockTime = 6*time.Second + 3*time.Second

// aheadProgram is a program that has planned things while its clock was a day ahead: a retry, the
// announcement of a gate change on hold, a window of an exception, and a wait of a sign-in.
type aheadProgram struct {
	process           *process
	c                 *apptest.Client
	receiver, retried *apptest.Receiver
	idle, held        productFixture
}

func newAheadProgram(t *testing.T, o spawnOptions) *aheadProgram {
	t.Helper()
	a := &aheadProgram{
		process: startProcessWith(t, o), receiver: apptest.NewReceiver(t), retried: apptest.NewReceiver(t),
	}
	a.c = a.process.client(t)
	a.c.Must(http.StatusOK, "PATCH", "/settings/exceptions", object{"exception_rate_limit": 3})
	failing := newProduct(t, a.c, "failing", a.retried.URL)
	a.retried.Answer(500)
	setCritical(a.c, failing, 1)
	a.retried.Wait(t, 1)
	a.idle = newProduct(t, a.c, "idle", a.receiver.URL)
	a.held = newProduct(t, a.c, "held", a.receiver.URL)
	a.c.Must(http.StatusOK, "PATCH", a.held.path, object{"hold_seconds": 4})
	setCritical(a.c, a.held, 1)
	a.c.Must(http.StatusAccepted, "POST", "/exceptions", exceptionReport("paid twice", a.idle.id))
	a.receiver.Wait(t, 1)
	apptest.Eventually(t, "a retry is planned", func() bool {
		return a.c.Do("GET", "/deliveries?state=retrying", nil).Get("items.0.id") != nil
	})
	for range 7 {
		a.signIn(t, "wrong")
	}
	return a
}

func (a *aheadProgram) signIn(t *testing.T, password string) int {
	t.Helper()
	status, _, _ := trySignIn(t, &apptest.Program{URL: a.process.url}, "admin", password)
	return status
}

// restart kills the program and starts it with the right clock, or sets the clock of the running one.
func (a *aheadProgram) restart(t *testing.T, o spawnOptions, kill bool) {
	t.Helper()
	if !kill {
		if err := a.process.cmd.Process.Signal(syscall.SIGUSR2); err != nil {
			t.Fatal(err)
		}
		return
	}
	a.process.kill()
	o.ahead = 0
	a.process = startProcessWith(t, o)
	a.c = apptest.NewClient(t, a.process.url, a.c.Token)
}

// checkWaits fails unless everything that was planned happens in time.
func (a *aheadProgram) checkWaits(t *testing.T) {
	t.Helper()
	began := time.Now()
	within := func(what string, most time.Duration, ok func() bool) {
		t.Helper()
		apptest.Eventually(t, what, ok)
		if took := time.Since(began); took > most {
			t.Errorf("%s after %s", what, took.Round(100*time.Millisecond))
		}
	}
	setCritical(a.c, a.idle, 1)
	got := func(n int) func() bool { return func() bool { return len(a.receiver.Messages()) >= n } }
	within("a new event notifies", maxGap(t), got(2))
	within("a sign-in succeeds", clockTime, func() bool { return a.signIn(t, apptest.Password) == http.StatusSeeOther })
	within("the change on hold is announced", clockTime, got(3))
	within("the retry is made", clockTime, func() bool { return len(a.retried.Messages()) == 2 })
	within("the window of the exception ends", clockTime, func() bool {
		answer := a.c.Must(http.StatusAccepted, "POST", "/exceptions", exceptionReport("paid twice", a.idle.id))
		return answer.Get("notified") == true
	})
}

// After the clock was a day ahead, with and without a kill, no wait is off by more than its own
// longest time.
func TestClock_WasADayAhead(t *testing.T) {
	t.Parallel()
	for _, database := range []string{"sqlite", "postgres"} {
		for _, kill := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, killed %v", database, kill), func(t *testing.T) {
				t.Parallel()
				o := spawnOptions{dir: t.TempDir(), movable: true, ahead: wayAhead}
				if database == "postgres" {
					o.database = modelstest.MigratedURL(t)
				}
				a := newAheadProgram(t, o)
				a.restart(t, o, kill)
				a.checkWaits(t)
			})
		}
	}
}
