package jobs

import (
	"context"
	"errors"
	"strings"
	"time"

	"gatecrier/app/exception"
	"gatecrier/app/scrub"
	"gatecrier/models"
)

const (
	// lease is how long a run counts as running without an extension.
	lease = 2 * time.Minute
	// MaxLease is the longest lease of a run.
	MaxLease = lease
	// extendEvery is how often a running one extends its lease.
	extendEvery = 30 * time.Second
)

// errLost ends a run that another instance has given up because its lease ended.
var errLost = errors.New("the run was stopped: its lease had ended")

// runDue runs a job for one of its times, unless another instance has taken that time.
func (s *Schedule) runDue(ctx context.Context, job Job, slot string) {
	run := models.JobRun{Job: job.Name, Slot: slot, Instance: s.Instance}
	var taken, started bool
	err := s.Store.Write(ctx, func(tx *models.Tx) (err error) {
		if taken, err = tx.TakeSlot(job.Name, slot, s.Instance); err != nil || !taken {
			return err
		}
		run.LeaseUntil = tx.Now().Add(lease)
		started, err = tx.StartRun(&run)
		return err
	})
	switch {
	case err != nil:
		if ctx.Err() == nil {
			s.Log.Error("start job", "job", job.Name, "error", err)
		}
	case started:
		s.execute(ctx, job, run)
	case taken:
		s.Log.Warn("skip job: its last run is not finished", "job", job.Name, "slot", slot)
	}
}

// execute does the work of a run that has started, and saves its result.
func (s *Schedule) execute(ctx context.Context, job Job, run models.JobRun) {
	runCtx, end := context.WithCancelCause(ctx)
	extending := make(chan struct{})
	go func() {
		defer close(extending)
		s.extendLease(runCtx, end, run.ID)
	}()
	w := &Work{Services: s.Services, store: s.Store, Keep: s.Keep()}
	err := runSafely(runCtx, job, w)
	if errors.Is(context.Cause(runCtx), errLost) {
		err = errLost
	}
	end(nil)
	<-extending
	s.finish(ctx, run, w, err)
}

// finish saves the result of a run. A run whose context ended has been stopped.
func (s *Schedule) finish(ctx context.Context, run models.JobRun, w *Work, err error) {
	run.Result, run.Message, run.Affected = models.RunOK, w.message, w.affected
	switch {
	case err == nil:
		s.Log.Info("finish job", "job", run.Job, "rows", run.Affected)
	case ctx.Err() != nil:
		run.Result, run.Message = models.RunStopped, "The program was stopped before the run finished"
		s.Log.Info("stop job", "job", run.Job, "rows", run.Affected)
	default:
		run.Result, run.Message = models.RunFailed, readable(err)
		s.Log.Error("run job", "job", run.Job, "error", err)
	}
	last := context.WithoutCancel(ctx)
	if err := s.Store.Write(last, func(tx *models.Tx) error { return tx.FinishRun(run) }); err != nil {
		s.Log.Error("record job end", "job", run.Job, "error", err)
	}
	if run.Result != models.RunFailed || models.StateOf(err) != models.Available {
		return
	}
	report := exception.FromError(models.ExceptionTask, run.Job, err)
	report.User = run.By
	s.Exceptions.ReportOwn(last, report)
}

// maxMessage bounds the stored text of an error, in bytes.
const maxMessage = 1000

// readable returns the text of an error without secrets, and without bytes that a database refuses.
func readable(err error) string {
	text := strings.ReplaceAll(strings.ToValidUTF8(err.Error(), "?"), "\x00", "?")
	text, _ = scrub.Cut(text, maxMessage)
	if len(text) > maxMessage {
		text = strings.ToValidUTF8(text[:maxMessage], "") + "…"
	}
	return text
}

// extendLease extends the lease of a run until its context ends. It ends the run if another
// instance has given it up.
func (s *Schedule) extendLease(ctx context.Context, end context.CancelCauseFunc, id int64) {
	ticker := time.NewTicker(extendEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		var extended bool
		err := s.Store.Write(ctx, func(tx *models.Tx) (err error) {
			extended, err = tx.KeepRun(id, tx.Now().Add(lease))
			return err
		})
		switch {
		case err != nil && ctx.Err() == nil:
			s.Log.Error("extend job lease", "error", err)
		case err == nil && !extended:
			end(errLost)
		}
	}
}

// runSafely runs a job. It returns a panic as an error.
func runSafely(ctx context.Context, job Job, w *Work) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = exception.FromPanic(v)
		}
	}()
	return job.Run(ctx, w)
}
