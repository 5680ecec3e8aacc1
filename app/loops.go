package app

import (
	"context"
	"errors"
	"time"

	"gatecrier/jobs"
)

// The intervals of the loops.
const (
	flushEvery    = 5 * time.Second // the times of reports, tokens and sessions in memory
	tidyEvery     = time.Minute     // what a large import has left behind
	countEvery    = time.Second     // the counts of exceptions in memory
	announceEvery = time.Second     // gate changes whose time on hold is over
	silenceEvery  = time.Second     // silences that have ended
	assessEvery   = time.Second     // assessments of many observations that were interrupted
	heldEvery     = time.Second     // a decision about held messages
	refreshEvery  = time.Second     // settings that another instance has changed
	lockEvery     = time.Second     // the lock file, which can be removed
)

// loopList returns the loops. Their names are on the health page and in the answer of /readyz.
func (a *App) loopList() []jobs.Loop {
	every := func(interval time.Duration, what string, fn func(context.Context) error) func(context.Context) {
		return jobs.Every(interval, a.log, what, fn)
	}
	return []jobs.Loop{
		{Name: "delivery", Run: a.Dispatcher.Run, Quiet: true},
		{Name: "routing", Run: a.router.Run, Quiet: true},
		{Name: "inboxes", Run: a.hub.Run},
		{Name: "account emails", Run: a.Accounts.Run},
		{Name: "password requests", Run: a.Accounts.RunRequests},
		{Name: "schedule", Run: a.schedule.Run},
		{Name: "gates", Run: a.Sweeper.Run},
		{Name: "restored gate changes", Run: every(announceEvery, "announce gate changes", a.announceDue)},
		{Name: "silences", Run: every(silenceEvery, "end silences", a.Silences.End)},
		{Name: "settings", Run: every(refreshEvery, "refresh settings", a.Settings.Refresh)},
		{Name: "imports", Run: every(tidyEvery, "tidy large imports", a.Ingest.Tidy)},
		{Name: "removals", Run: a.remover().Run},
		{Name: "assessments", Run: every(assessEvery, "assess observations", a.Observations.Continue)},
		{Name: "VEX", Run: every(tidyEvery, "follow VEX documents", a.Observations.TidyVEX)},
		{Name: "exceptions", Run: every(countEvery, "write exception counts", a.countExceptions), Quiet: true},
		{Name: "restored messages", Run: every(heldEvery, "decide held messages", a.Held.Apply)},
		{Name: "clock", Run: a.clock.Run},
		{Name: "lock", Run: every(lockEvery, "keep the lock of the database", a.keepLock)},
		{Name: "flush", Run: every(flushEvery, "write times in memory", a.flush)},
	}
}

func (a *App) remover() *jobs.Remover {
	return &jobs.Remover{Store: a.Store, Log: a.log, Source: a.Products.ContinueRemoval}
}

// announceDue announces the gate changes whose time on hold is over.
func (a *App) announceDue(ctx context.Context) error { return a.Gates.AnnounceDue(ctx, a.Store) }

// countExceptions stores the counts of exceptions and of ingest keys, and appends the summaries of
// hours that are over.
func (a *App) countExceptions(ctx context.Context) error {
	return errors.Join(a.Exceptions.Flush(ctx), a.Exceptions.Summarize(ctx), a.keyBudget.Flush(ctx))
}

// flush writes the times that are kept in memory.
func (a *App) flush(ctx context.Context) error {
	return errors.Join(a.Ingest.Flush(ctx), a.Accounts.Flush(ctx), a.sessions.Flush(ctx))
}
