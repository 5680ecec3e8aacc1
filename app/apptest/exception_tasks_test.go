package apptest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatecrier/app/account"
	"gatecrier/app/apptest"
	"gatecrier/jobs"
	"gatecrier/models"
)

// swapConfig gives a connection the sealed configuration of another one, so that it cannot be
// opened.
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

// failingJob returns a job that runs every minute and always fails.
func failingJob(err error) jobs.Job {
	return jobs.Job{
		Name:  "bill",
		Title: "Bills",
		About: "Fails.",
		Spec:  "* * * * *",
		Run:   func(context.Context, *jobs.Work) error { return err },
	}
}

// advanceMinute advances the clock by a minute, and waits until the run of the job is counted.
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

// A job that fails every minute of three hours notifies once an hour, with the number of failures since.
func TestFailingJob_NotifiesOncePerHour(t *testing.T) {
	t.Parallel()
	options := apptest.Options{Jobs: []jobs.Job{failingJob(errors.New("the till is empty"))}}
	eachDatabaseWith(t, options, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		const hours, runs = 3, 3 * 60
		for i := range runs {
			advanceMinute(t, p, int64(i+1))
		}
		apptest.Eventually(t, "all notices are there",
			func() bool { names, _ := notifications(c, "exception.task"); return len(names) == hours })
		names, messages := notifications(c, "exception.task")
		for i, message := range messages {
			if again := strings.Contains(message, "(59 more since "); !strings.HasPrefix(message, "the till is empty") ||
				again != (i > 0) {
				t.Errorf("notice %d: %q", i, message)
			}
		}
		if names[0] != "Exception *errors.errorString (background task)" {
			t.Errorf("%q", names[0])
		}
		if g := ownExceptions(t, p)[0]; g.Count != runs || g.Notified != hours || g.Suppressed != runs-hours ||
			g.Function != "bill" {
			t.Errorf("%+v", g)
		}
	})
}

// Failed tasks are reported. The numbers are those of SecObserve's tests.
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
		t.Run("43: no user is named, there is a row", func(t *testing.T) {
			g := advanceMinute(t, p, 1)
			if g.Kind != models.ExceptionTask || g.Function != "bill" || g.ProductID != 0 {
				t.Errorf("%+v", g)
			}
			apptest.Eventually(t, "there is a row",
				func() bool { names, _ := notifications(c, "exception.task"); return len(names) == 1 })
			if n := len(deliveryLog(t, p, models.DeliveryFilter{})); n != 0 {
				t.Errorf("%d messages", n)
			}
		})
		t.Run("41 and 44: within the limit no one is notified", func(t *testing.T) {
			named()
			advanceMinute(t, p, 2)
			if names, _ := notifications(c, "exception."); len(names) != 1 || w.count() != [3]int{} {
				t.Errorf("%q, %v", names, w.count())
			}
		})
		t.Run("42 and 45: each is notified once, by name", func(t *testing.T) {
			p.Clock.Advance(58 * time.Minute)
			advanceMinute(t, p, 3) // of the times that went by, one is made up
			apptest.Eventually(t, "all are notified", func() bool { return w.count() == [3]int{2, 1, 1} })
			for _, m := range w.box.received() {
				hello := "Hello,"
				if m.to == "eve@example.org" {
					hello = "Hello Eve,"
				}
				for _, want := range []string{hello, "(background task)", "test_exception", "bill"} {
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

// A loop that panics restarts and notifies, unless it is one of the loops that send notifications.
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
		apptest.Eventually(t, "one is announced", func() bool { return len(ownExceptions(t, p)) == 1 })
		if g := ownExceptions(t, p)[0]; g.Function != "loud" || g.Class != "panic" || g.Kind != models.ExceptionTask {
			t.Errorf("%+v", g)
		}
	})
}
