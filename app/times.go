package app

import (
	"context"
	"time"

	"gatecrier/app/account"
	"gatecrier/app/clock"
	"gatecrier/app/delivery"
	"gatecrier/app/gate"
	"gatecrier/app/ingest"
	"gatecrier/app/notify"
	"gatecrier/jobs"
	"gatecrier/models"
)

// maxTimes returns the longest time of everything that the program plans. No stored time is further
// ahead: see models.MaxTimes.
func (a *App) maxTimes() models.MaxTimes {
	return models.MaxTimes{
		Send:      delivery.MaxLease,
		Import:    ingest.MaxLease,
		Job:       jobs.MaxLease,
		Retry:     delivery.MaxRetry,
		Probe:     delivery.MaxProbe,
		Routing:   notify.MaxWait,
		Hold:      a.Settings.Gate().Hold,
		Part:      gate.MaxPartHold,
		Exception: a.Settings.Exceptions().RateLimit,
		Links:     account.MaxLinkTimes(),
		Mail:      account.MaxMailWait,
		MailLife:  account.MaxMailTime,
	}
}

// buildClock creates the watch of the clock. The machine's time only measures what has passed.
func (a *App) buildClock(passed func() time.Duration) {
	if began := time.Now(); passed == nil {
		passed = func() time.Duration { return time.Since(began) }
	}
	a.clock = clock.New(clock.Parts{
		Log:    a.log,
		Now:    a.Store.Now,
		Passed: passed,
		Repair: func(ctx context.Context, all bool) (map[string]int64, error) {
			return a.Store.CapTimes(ctx, a.maxTimes(), all)
		},
		Jumped: func() {
			a.Exceptions.ForgetWindows()
			a.Wake()
			a.WakeJobs()
		},
	})
}
