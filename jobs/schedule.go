package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/robfig/cron/v3"

	"gatecrier/models"
)

// Job is work of the schedule.
type Job struct {
	Name string
	Spec string // a cron expression of five fields, in UTC
	Run  func(ctx context.Context, tx *models.Tx) error
}

// sessionsAtOnce bounds what one run deletes in a transaction.
const sessionsAtOnce = 500

// All lists the jobs.
func All() []Job {
	return []Job{
		{Name: "expire_sessions", Spec: "17 * * * *", Run: expireSessions},
		{Name: "forget_keys", Spec: "23 * * * *", Run: forgetKeys},
		{Name: "forget_sign_ins", Spec: "29 * * * *", Run: forgetSignIns},
		{Name: "forget_resends", Spec: "37 * * * *", Run: forgetResends},
		{Name: "reconcile_gates", Spec: "41 * * * *", Run: reconcileGates},
	}
}

func expireSessions(_ context.Context, tx *models.Tx) error {
	_, err := tx.DeleteExpiredSessions(sessionsAtOnce)
	return err
}

// keepKeys is how long Idempotency-Keys are remembered, and an hour.
const keepKeys = 25 * time.Hour

func forgetKeys(_ context.Context, tx *models.Tx) error {
	_, err := tx.DeleteAnswered(tx.Now().Add(-keepKeys), 5000)
	return err
}

func forgetSignIns(_ context.Context, tx *models.Tx) error {
	_, err := tx.ForgetSignIns(5000)
	return err
}

// keepResends is how long it is known what was sent again together.
const keepResends = 90 * 24 * time.Hour

func forgetResends(_ context.Context, tx *models.Tx) error {
	_, err := tx.ForgetResends(tx.Now().Add(-keepResends), 500)
	return err
}

// reconcileGates has all gates looked at again, for what went past the look
// that follows a change of the settings.
func reconcileGates(_ context.Context, tx *models.Tx) error { return tx.RepeatGateSweep() }

// keepSlots is how long the slots of past runs are kept.
const keepSlots = 7 * 24 * time.Hour

// Schedule runs jobs at their times, each time on one instance: whichever
// inserts the row of that time's slot, in the transaction of the work.
type Schedule struct {
	store    *models.Store
	log      *slog.Logger
	instance string
	jobs     []Job
}

// NewSchedule returns a schedule.
func NewSchedule(store *models.Store, log *slog.Logger, instance string, jobs []Job) *Schedule {
	return &Schedule{store: store, log: log, instance: instance, jobs: jobs}
}

// Run keeps the schedule until ctx ends, and waits for a job that is at work.
func (s *Schedule) Run(ctx context.Context) {
	c := cron.New(cron.WithLocation(time.UTC), cron.WithChain(cron.Recover(cronLog{s.log}), cron.SkipIfStillRunning(cronLog{s.log})))
	for _, job := range s.jobs {
		if _, err := c.AddFunc(job.Spec, func() { s.due(ctx, job) }); err != nil {
			s.log.Error("job not scheduled", "job", job.Name, "error", err)
		}
	}
	c.Start()
	<-ctx.Done()
	<-c.Stop().Done()
}

func (s *Schedule) due(ctx context.Context, job Job) {
	ran, err := s.RunSlot(ctx, job, s.store.Now().Truncate(time.Minute))
	switch {
	case err != nil:
		s.log.Error("job failed", "job", job.Name, "error", err)
	case ran:
		s.log.Info("job done", "job", job.Name)
	}
}

// RunSlot runs a job for one of its times, unless that has been done. It
// reports whether it ran here.
func (s *Schedule) RunSlot(ctx context.Context, job Job, at time.Time) (bool, error) {
	slot := at.UTC().Format("2006-01-02T15:04Z")
	var mine bool
	err := s.store.Write(ctx, func(tx *models.Tx) error {
		var err error
		if mine, err = tx.TakeSlot(job.Name, slot, s.instance); err != nil || !mine {
			return err
		}
		if err := job.Run(ctx, tx); err != nil {
			return fmt.Errorf("run %s: %w", job.Name, err)
		}
		if err := tx.DeleteSlots(job.Name, at.Add(-keepSlots).UTC().Format("2006-01-02T15:04Z")); err != nil {
			return err
		}
		return tx.FinishSlot(job.Name, slot, "done")
	})
	return mine && err == nil, err
}

// cronLog gives cron our log.
type cronLog struct{ log *slog.Logger }

// Info is cron's chatter.
func (l cronLog) Info(msg string, pairs ...any) { l.log.Debug("cron: "+msg, pairs...) }

// Error is a panic in a job.
func (l cronLog) Error(err error, msg string, pairs ...any) {
	l.log.Error("cron: "+msg, append(pairs, "error", err)...)
}
