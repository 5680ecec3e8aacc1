package jobs

import (
	"context"
	"time"

	"gatecrier/models"
)

// overdueTime is how long after its time a job counts as overdue.
const overdueTime = 10 * time.Minute

// Trouble is a job with what is wrong with it.
type Trouble struct {
	Name    string
	Title   string
	Failed  string    // the message of its last run, if that failed or its process ended unexpectedly; "" if not
	Overdue time.Time // the due time that no instance has taken, zero for none
}

// Troubles lists all jobs with what is wrong with each.
func (s *Schedule) Troubles(ctx context.Context) ([]Trouble, error) {
	list := make([]Trouble, 0, len(s.entries))
	for _, job := range s.Jobs {
		t := Trouble{Name: job.Name, Title: job.Title}
		runs, err := s.Store.JobRuns(ctx, models.RunFilter{Job: job.Name, Limit: 1})
		if err != nil {
			return nil, err
		}
		if len(runs) > 0 && (runs[0].Result == models.RunFailed || runs[0].Result == models.RunLost) {
			if t.Failed = runs[0].Message; t.Failed == "" {
				t.Failed = "its process ended unexpectedly"
			}
		}
		last, err := s.Store.LastSlot(ctx, job.Name)
		if err != nil {
			return nil, err
		}
		if due := s.lastDueOf(job.Name); last != "" && !due.IsZero() && last < slotOf(due) {
			t.Overdue = due
		}
		list = append(list, t)
	}
	return list, nil
}

// lastDueOf returns the latest due time of a job that it should have been started at by now, zero for
// none. A server has as much time after its start for what was due before, if it makes that up at all.
func (s *Schedule) lastDueOf(name string) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.find(name)
	if e == nil || e.times == nil {
		return time.Time{}
	}
	now := s.Store.Now()
	due := lastDue(e.times, now.Add(-overdueTime))
	if due.Before(s.Since) && (!e.MakeUp || now.Sub(s.Since) < overdueTime) {
		return time.Time{}
	}
	return due
}
