package jobs

import (
	"context"
	"fmt"
	"time"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// Status is a job with its schedule and its last run.
type Status struct {
	Job
	Spec    string        // the current cron expression
	Next    time.Time     // the next due time
	Last    models.JobRun // the newest run, zero if there is none
	Running bool
}

func requireAdministrator(actor authz.Actor) error {
	if !actor.Administrator() {
		return fault.New(fault.Forbidden, "Only administrators can see and run jobs")
	}
	return nil
}

// List lists the jobs with their last runs.
func (s *Schedule) List(ctx context.Context, actor authz.Actor) ([]Status, error) {
	if err := requireAdministrator(actor); err != nil {
		return nil, err
	}
	list := make([]Status, 0, len(s.entries))
	for _, job := range s.Jobs {
		status, err := s.Get(ctx, actor, job.Name)
		if err != nil {
			return nil, err
		}
		list = append(list, status)
	}
	return list, nil
}

// Get finds a job by its name.
func (s *Schedule) Get(ctx context.Context, actor authz.Actor, name string) (Status, error) {
	if err := requireAdministrator(actor); err != nil {
		return Status{}, err
	}
	status, ok := s.status(name)
	if !ok {
		return Status{}, fault.NewNotFound("job")
	}
	runs, err := s.Store.JobRuns(ctx, models.RunFilter{Job: name, Limit: 1})
	if err == nil && len(runs) > 0 {
		status.Last, status.Running = runs[0], runs[0].Result == models.RunRunning
	}
	return status, err
}

// status returns a job with its current schedule.
func (s *Schedule) status(name string) (Status, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.find(name)
	if e == nil {
		return Status{}, false
	}
	return Status{Job: e.Job, Spec: e.spec, Next: e.next}, true
}

// Runs lists the runs of a job, newest first unless the place has another order.
func (s *Schedule) Runs(ctx context.Context, actor authz.Actor, f models.RunFilter) ([]models.JobRun, error) {
	if _, err := s.Get(ctx, actor, f.Job); err != nil {
		return nil, err
	}
	return s.Store.JobRuns(ctx, f)
}

// CountRuns counts the runs of a job, up to one more than models.MaxCounted.
func (s *Schedule) CountRuns(ctx context.Context, actor authz.Actor, name string) (int, error) {
	if _, err := s.Get(ctx, actor, name); err != nil {
		return 0, err
	}
	return s.Store.CountJobRuns(ctx, name)
}

// RunNow starts a run of a job. It returns a Conflict error if one is running.
func (s *Schedule) RunNow(ctx context.Context, actor authz.Actor, name string) (models.JobRun, error) {
	status, err := s.Get(ctx, actor, name)
	if err != nil {
		return models.JobRun{}, err
	}
	run := models.JobRun{Job: name, By: actor.Label, Instance: s.Instance}
	var started bool
	err = s.Store.Write(ctx, func(tx *models.Tx) (err error) {
		run.LeaseUntil = tx.Now().Add(lease)
		if started, err = tx.StartRun(&run); err != nil || !started {
			return err
		}
		return audit.Write(tx, actor, audit.Entry{Action: audit.Run, Kind: audit.Job, Name: name})
	})
	if err != nil {
		return models.JobRun{}, err
	}
	if !started {
		return models.JobRun{}, fault.New(fault.Conflict, fmt.Sprintf("%s: a run is in progress already", status.Title))
	}
	s.mu.Lock()
	s.requested = append(s.requested, run)
	s.mu.Unlock()
	s.Wake()
	return run, nil
}
