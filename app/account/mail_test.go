package account

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"gatecrier/app/module"
)

// fakeMailer answers sends with results in order, and repeats the last one.
type fakeMailer struct {
	results []module.Result
	sent    []string
	at      []time.Duration
	began   time.Time
}

func (o *fakeMailer) service() *Service {
	o.began = time.Now()
	return &Service{
		Parts: Parts{Mailer: Mailer{Ready: func() bool { return true }, Send: o.send}},
		log:   slog.New(slog.DiscardHandler),
		tasks: make(chan mailTask, maxMailTasks),
	}
}

func (o *fakeMailer) send(ctx context.Context, to string, _ module.Message) module.Result {
	if ctx.Err() != nil {
		return module.Transient("cancelled")
	}
	r := o.results[min(len(o.sent), len(o.results)-1)]
	o.sent, o.at = append(o.sent, to), append(o.at, time.Since(o.began))
	return r
}

func to(address string) mailTask { return ready(accountMail{to: address}) }

func TestMailIsRetried(t *testing.T) {
	for name, test := range map[string]struct {
		results []module.Result
		want    []time.Duration
	}{
		"taken": {[]module.Result{module.Delivered("ok")}, []time.Duration{0}},
		"taken late": {
			[]module.Result{module.Transient("down"), module.Transient("down"), module.Delivered("ok")},
			[]time.Duration{0, 5 * time.Second, 35 * time.Second},
		},
		"never taken": {
			[]module.Result{module.Transient("down")},
			[]time.Duration{0, 5 * time.Second, 35 * time.Second, 155 * time.Second},
		},
		"no such address": {[]module.Result{module.Permanent("no")}, []time.Duration{0}},
		"not set up":      {[]module.Result{module.Skipped("no")}, []time.Duration{0}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := fakeMailer{results: test.results}
				s := o.service()
				ctx, cancel := context.WithCancel(t.Context())
				go s.Run(ctx)
				s.sendLater(to("eve"))
				<-time.After(time.Hour)
				cancel()
				synctest.Wait()
				if !slices.Equal(o.at, test.want) {
					t.Errorf("sent after %v, want %v", o.at, test.want)
				}
			})
		})
	}
}

// Mails that were queued before the stop are still sent, once each. A mail that waits for its
// next attempt does not delay the stop.
func TestQueuedMailIsSentAtStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := fakeMailer{results: []module.Result{module.Transient("down")}}
		s := o.service()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); s.Run(ctx) }()
		s.sendLater(to("ann"))
		synctest.Wait() // it waits for the second try
		s.sendLater(func(context.Context) ([]accountMail, error) { return nil, errors.New("no database") })
		s.sendLater(to("eve"))
		cancel()
		<-done
		if !slices.Equal(o.sent, []string{"ann", "eve"}) || time.Since(o.began) != 0 {
			t.Errorf("sent %v, after %v", o.sent, time.Since(o.began))
		}
	})
}

// A request never waits, however many tasks are queued.
func TestMailQueueIsBounded(t *testing.T) {
	o := fakeMailer{results: []module.Result{module.Delivered("ok")}}
	s := o.service()
	for range 3 * maxMailTasks {
		s.sendLater(to("eve"))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.Run(ctx)
	if len(o.sent) != maxMailTasks {
		t.Errorf("%d sent, want %d", len(o.sent), maxMailTasks)
	}
}
