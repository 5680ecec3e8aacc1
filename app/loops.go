package app

import (
	"context"
	"errors"
	"slices"
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
func (a *App) loopList() []jobs.Loop { return slices.Concat(a.messageLoops(), a.workLoops()) }

// every returns the run of a loop that calls fn in an interval.
func (a *App) every(interval time.Duration, what string, fn func(context.Context) error) func(context.Context) {
	return jobs.Every(interval, a.log, what, fn)
}

// messageLoops returns the loops that notify users.
func (a *App) messageLoops() []jobs.Loop {
	return []jobs.Loop{
		{
			Name:  "delivery",
			Halt:  "Messages wait.",
			Run:   a.Dispatcher.Run,
			Quiet: true,
		},
		{
			Name:  "routing",
			Halt:  "New events cause no notifications and no messages yet.",
			Run:   a.router.Run,
			Quiet: true,
		},
		{
			Name: "inboxes",
			Halt: "Open pages show new data only after a reload.",
			Run:  a.hub.Run,
		},
		{
			Name: "account emails",
			Halt: "Invitations, password links and security emails wait.",
			Run:  a.Accounts.Run,
		},
		{
			Name: "password requests",
			Halt: "Requests for a password link wait.",
			Run:  a.Accounts.RunRequests,
		},
		{
			Name: "restored gate changes",
			Halt: "Gate changes on hold are not announced.",
			Run:  a.every(announceEvery, "announce gate changes", a.announceDue),
		},
		{
			Name: "silences",
			Halt: "Summaries of ended silences wait.",
			Run:  a.every(silenceEvery, "end silences", a.Silences.End),
		},
		{
			Name:  "exceptions",
			Halt:  "Counts of exceptions and their summaries wait.",
			Run:   a.every(countEvery, "write exception counts", a.countExceptions),
			Quiet: true,
		},
		{
			Name: "restored messages",
			Halt: "Messages held after a restore wait, also after a decision.",
			Run:  a.every(heldEvery, "decide held messages", a.Held.Apply),
		},
	}
}

// workLoops returns the loops that keep the data up to date.
func (a *App) workLoops() []jobs.Loop {
	return []jobs.Loop{
		{
			Name: "schedule",
			Halt: "No job runs: no backups, no retention, no checks for stale products and ending waivers.",
			Run:  a.schedule.Run,
		},
		{
			Name: "gates",
			Halt: "Gates are not evaluated after a change of the global gate settings.",
			Run:  a.Sweeper.Run,
		},
		{
			Name: "settings",
			Halt: "Settings that another instance changed do not take effect here.",
			Run:  a.every(refreshEvery, "refresh settings", a.Settings.Refresh),
		},
		{
			Name: "imports",
			Halt: "Rows of interrupted imports are not removed.",
			Run:  a.every(tidyEvery, "tidy large imports", a.Ingest.Tidy),
		},
		{
			Name: "removals",
			Halt: "Rows of deleted products and connections are not removed.",
			Run:  a.remover().Run,
		},
		{
			Name: "assessments",
			Halt: "Interrupted assessments of many observations stay unfinished.",
			Run:  a.every(assessEvery, "assess observations", a.Observations.Continue),
		},
		{
			Name: "VEX",
			Halt: "Changed VEX documents do not apply to all observations.",
			Run:  a.every(tidyEvery, "follow VEX documents", a.Observations.TidyVEX),
		},
		{
			Name: "clock",
			Halt: "A jump of the server's clock is not noticed.",
			Run:  a.clock.Run,
		},
		{
			Name: "lock",
			Halt: "A second server could open the database after its lock file was removed.",
			Run:  a.every(lockEvery, "keep the lock of the database", a.keepLock),
		},
		{
			Name: "flush",
			Halt: "The times of the last reports, sign-ins and uses of tokens are not stored.",
			Run:  a.every(flushEvery, "write times in memory", a.flush),
		},
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
