package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// jobName is the name that runs are stored under, beside those of jobs.
const jobName = "doctor"

// runTime bounds a run: its row is given up then.
const runTime = 10 * time.Minute

// Service runs the checks for administrators, one run at a time, and keeps the last result.
type Service struct {
	store    *models.Store
	log      *slog.Logger
	instance string
	parts    func(ctx context.Context) Parts
	step     atomic.Value // string: the current check of this instance
}

// New returns a service. parts returns what to look at now.
func New(store *models.Store, log *slog.Logger, instance string, parts func(ctx context.Context) Parts) *Service {
	return &Service{store: store, log: log, instance: instance, parts: parts}
}

// Status is the last result, and whether a run is in progress.
type Status struct {
	Report  Report // of the last run that ended
	Has     bool   // there was one
	By      string // who started it
	Running bool
	Step    string // the current check, "" if another instance runs it
}

// Status returns the last result.
func (s *Service) Status(ctx context.Context, actor authz.Actor) (st Status, err error) {
	if err := requireAdministrator(actor); err != nil {
		return st, err
	}
	runs, err := s.store.JobRuns(ctx, models.RunFilter{Job: jobName, Limit: 1})
	if err != nil {
		return st, err
	}
	if st.Running = len(runs) > 0 && runs[0].Result == models.RunRunning; st.Running {
		st.Step, _ = s.step.Load().(string)
	}
	run, ok, err := s.store.LastFinishedRun(ctx, jobName)
	if err != nil || !ok {
		return st, err
	}
	if err := json.Unmarshal([]byte(run.Message), &st.Report); err != nil {
		return st, fmt.Errorf("read the last result: %w", err)
	}
	st.Has, st.By = true, run.By
	return st, nil
}

// Run runs the checks and returns their result.
func (s *Service) Run(ctx context.Context, actor authz.Actor) (Report, error) {
	run, err := s.begin(ctx, actor)
	if err != nil {
		return Report{}, err
	}
	return s.finish(ctx, run)
}

// Start runs the checks in the background.
func (s *Service) Start(ctx context.Context, actor authz.Actor) error {
	run, err := s.begin(ctx, actor)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), runTime)
	go func() {
		defer cancel()
		if _, err := s.finish(ctx, run); err != nil {
			s.log.ErrorContext(ctx, "store the result of the checks", "error", err)
		}
	}()
	return nil
}

func (s *Service) begin(ctx context.Context, actor authz.Actor) (run models.JobRun, err error) {
	if err := requireAdministrator(actor); err != nil {
		return run, err
	}
	started := false
	err = s.store.Write(ctx, func(tx *models.Tx) (err error) {
		run = models.JobRun{Job: jobName, By: actor.Label, Instance: s.instance, LeaseUntil: tx.Now().Add(runTime)}
		started, err = tx.StartRun(&run)
		return err
	})
	if err == nil && !started {
		err = fault.New(fault.Conflict, "The checks are running already: wait for their result")
	}
	return run, err
}

func (s *Service) finish(ctx context.Context, run models.JobRun) (Report, error) {
	defer s.step.Store("")
	r := Run(ctx, s.parts(ctx), func(name string) { s.step.Store(name) })
	text, err := json.Marshal(r)
	if err != nil {
		return r, err
	}
	run.Result, run.Message, run.Affected = models.RunOK, string(text), int64(r.Count(Problem))
	if run.Affected > 0 {
		run.Result = models.RunFailed
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	err = s.store.Write(ctx, func(tx *models.Tx) error { return tx.FinishRun(run) })
	if err != nil {
		s.log.ErrorContext(ctx, "store the result of the checks", "error", err)
	}
	return r, nil // what was found counts more than that it could not be kept
}

func requireAdministrator(actor authz.Actor) error {
	if !actor.Administrator() {
		return fault.New(fault.Forbidden, "You need administrator rights to check the installation")
	}
	return nil
}
