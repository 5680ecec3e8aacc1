package jobs

import (
	"context"
	"errors"
	"strings"
	"time"

	"gatecrier/app/exception"
	"gatecrier/models"
)

const (
	// lease is how long a run counts as at work without being heard of.
	lease = 2 * time.Minute
	// extendEvery is how often it is heard of.
	extendEvery = 30 * time.Second
)

// errLost ends a run that was given up meanwhile.
var errLost = errors.New("the run was given up: its lease had ended")

// runDue runs a job for one of its times, unless that has been done.
func (s *Schedule) runDue(ctx context.Context, job Job, slot string) {
	run := models.JobRun{Job: job.Name, Slot: slot, Instance: s.Instance}
	var mine, may bool
	err := s.Store.Write(ctx, func(tx *models.Tx) (err error) {
		if mine, err = tx.TakeSlot(job.Name, slot, s.Instance); err != nil || !mine {
			return err
		}
		run.LeaseUntil = tx.Now().Add(lease)
		may, err = tx.StartRun(&run)
		return err
	})
	switch {
	case err != nil:
		if ctx.Err() == nil {
			s.Log.Error("job not begun", "job", job.Name, "error", err)
		}
	case may:
		s.execute(ctx, job, run)
	case mine:
		s.Log.Warn("job passed over: its last run is still at work", "job", job.Name, "slot", slot)
	}
}

// execute does the work of a run that has begun, and notes how it ended.
func (s *Schedule) execute(ctx context.Context, job Job, run models.JobRun) {
	kept, end := context.WithCancelCause(ctx)
	beating := make(chan struct{})
	go func() {
		defer close(beating)
		s.extendLease(kept, end, run.ID)
	}()
	w := &Work{Services: s.Services, store: s.Store, Keep: s.Keep()}
	err := safely(kept, job, w)
	if errors.Is(context.Cause(kept), errLost) {
		err = errLost
	}
	end(nil)
	<-beating
	s.finish(ctx, run, w, err)
}

// finish notes how a run ended. One that nobody waits for has been stopped.
func (s *Schedule) finish(ctx context.Context, run models.JobRun, w *Work, err error) {
	run.Result, run.Message, run.Affected = models.RunOK, w.message, w.affected
	switch {
	case err == nil:
		s.Log.Info("job done", "job", run.Job, "rows", run.Affected)
	case ctx.Err() != nil:
		run.Result, run.Message = models.RunStopped, "The program was stopped before it was done"
		s.Log.Info("job stopped", "job", run.Job, "rows", run.Affected)
	default:
		run.Result, run.Message = models.RunFailed, readable(err)
		s.Log.Error("job failed", "job", run.Job, "error", err)
	}
	last := context.WithoutCancel(ctx)
	if err := s.Store.Write(last, func(tx *models.Tx) error { return tx.FinishRun(run) }); err != nil {
		s.Log.Error("end of a job not noted", "job", run.Job, "error", err)
	}
	if run.Result != models.RunFailed {
		return
	}
	report := exception.Of(models.ExceptionTask, run.Job, err)
	report.User = run.By
	s.Exceptions.ReportOwn(last, report)
}

// maxMessage bounds the text of an error that is kept.
const maxMessage = 1000

// readable is an error's text as every database takes it.
func readable(err error) string {
	text := strings.ReplaceAll(strings.ToValidUTF8(err.Error(), "?"), "\x00", "?")
	if len(text) > maxMessage {
		text = strings.ToValidUTF8(text[:maxMessage], "") + "…"
	}
	return text
}

// extendLease extends a run's lease until its context ends, and ends the run where it
// does not count any more.
func (s *Schedule) extendLease(ctx context.Context, end context.CancelCauseFunc, id int64) {
	ticker := time.NewTicker(extendEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		var counts bool
		err := s.Store.Write(
			ctx, func(tx *models.Tx) (err error) { counts, err = tx.KeepRun(id, tx.Now().Add(lease)); return err },
		)
		switch {
		case err != nil && ctx.Err() == nil:
			s.Log.Error("lease of a job not extended", "error", err)
		case err == nil && !counts:
			end(errLost)
		}
	}
}

// safely runs a job; a panic of it is an error.
func safely(ctx context.Context, job Job, w *Work) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = exception.Caught(v)
		}
	}()
	return job.Run(ctx, w)
}
