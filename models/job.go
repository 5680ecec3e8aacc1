package models

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// RunResult is the outcome of a run of a job.
type RunResult string

// The results.
const (
	RunRunning RunResult = "running"
	RunOK      RunResult = "ok"
	RunFailed  RunResult = "failed"
	RunStopped RunResult = "stopped" // the program ended before it was done
	RunLost    RunResult = "lost"    // its process died
)

// JobRun is one run of a job.
type JobRun struct {
	ID         int64
	Job        string
	Slot       string // the due time that it is for, "" if a user started it
	By         string // the user who started it, "" = the schedule
	Instance   string
	StartedAt  time.Time
	LeaseUntil time.Time
	FinishedAt time.Time // zero while it runs; the end of the lease of a lost run
	Result     RunResult
	Message    string
	Affected   int64 // rows
}

// Took returns how long a run has taken.
func (j JobRun) Took() time.Duration { return j.FinishedAt.Sub(j.StartedAt) }

const runColumns = "id, job, slot, by_name, instance, started_at, lease_until, finished_at, result, message, affected"

func (j *JobRun) dst() []any {
	return []any{
		&j.ID, &j.Job, &j.Slot, &j.By, &j.Instance, timeTo(&j.StartedAt), timeTo(&j.LeaseUntil),
		timeTo(&j.FinishedAt), &j.Result, &j.Message, &j.Affected,
	}
}

// TakeSlot inserts the slot of a job's due time, and reports whether this instance did. Only
// that instance runs the job then.
func (tx *Tx) TakeSlot(job, slot, instance string) (bool, error) {
	n, err := tx.exec(`
		INSERT INTO job_slots (job, slot, instance, started_at)
		VALUES (?, ?, ?, ?)
		ON CONFLICT (job, slot) DO NOTHING`, job, slot, instance, micro(tx.Now()))
	return n == 1, err
}

// LastSlot returns the newest slot of a job, "" when it has never been due.
func (r queries) LastSlot(ctx context.Context, job string) (slot string, err error) {
	err = r.get(ctx, "SELECT coalesce(max(slot), '') FROM job_slots WHERE job = ?", []any{job}, &slot)
	return slot, err
}

// DeleteOldSlots removes some slots of a job before one, but never its newest.
func (tx *Tx) DeleteOldSlots(job, before string, limit int) (int64, error) {
	return tx.exec(`
		DELETE FROM job_slots
		WHERE job = ?
		AND slot IN (
			SELECT slot
			FROM job_slots
			WHERE job = ?
			AND slot < ?
			AND slot < (SELECT max(slot) FROM job_slots WHERE job = ?)
			ORDER BY slot
			LIMIT ?
		)`, job, job, before, job, limit)
}

// StartRun saves a run that begins now and sets its id. It reports false if another run of the
// job is running.
func (tx *Tx) StartRun(j *JobRun) (bool, error) {
	if _, err := tx.exec(`
		UPDATE job_runs
		SET result = 'lost', finished_at = lease_until
		WHERE job = ?
		AND result = 'running'
		AND lease_until < ?`, j.Job, micro(tx.Now())); err != nil {
		return false, err
	}
	j.StartedAt, j.Result = tx.Now(), RunRunning
	var err error
	j.ID, err = tx.insert(`
		INSERT INTO job_runs (job, slot, by_name, instance, started_at, lease_until, result)
		VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO NOTHING
		RETURNING id`,
		j.Job, j.Slot, j.By, j.Instance, micro(j.StartedAt), micro(j.LeaseUntil), j.Result)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// KeepRun extends the lease of a run, and reports whether it is still running.
func (tx *Tx) KeepRun(id int64, until time.Time) (bool, error) {
	n, err := tx.exec("UPDATE job_runs SET lease_until = ? WHERE id = ? AND result = 'running'", micro(until), id)
	return n == 1, err
}

// FinishRun writes how a run has ended, unless it was given up before.
func (tx *Tx) FinishRun(j JobRun) error {
	_, err := tx.exec(`
		UPDATE job_runs
		SET finished_at = ?, result = ?, message = ?, affected = ?
		WHERE id = ?
		AND result = 'running'`, micro(tx.Now()), j.Result, j.Message, j.Affected, j.ID)
	return err
}

// MarkRunsLost gives up all runs in progress. It is for the start of a program that is the only
// instance.
func (tx *Tx) MarkRunsLost() error {
	_, err := tx.exec("UPDATE job_runs SET result = 'lost', finished_at = ? WHERE result = 'running'",
		micro(tx.Now()))
	return err
}

// shown returns a run as it is at a time: one whose lease has ended is lost.
func (j JobRun) shown(now time.Time) JobRun {
	if j.Result == RunRunning && j.LeaseUntil.Before(now) {
		j.Result, j.FinishedAt = RunLost, j.LeaseUntil
	}
	return j
}

// RunFilter narrows a list of runs to those of a job.
type RunFilter struct {
	Place
	Job   string
	Limit int
}

// RunOrders has the order of a list of runs, newest first.
var RunOrders = Orders[JobRun]{
	"": {desc: true, columns: []orderColumn[JobRun]{{sql: "id", value: func(j JobRun) any { return j.ID }}}},
}

// JobRuns lists the runs of a job, newest first unless the place has another order.
func (r queries) JobRuns(ctx context.Context, f RunFilter) ([]JobRun, error) {
	cond := sqlFragment{"job = ?", []any{f.Job}}
	RunOrders.where(&cond, f.Place)
	var list []JobRun
	err := r.query(ctx, `
		SELECT `+runColumns+`
		FROM job_runs
		WHERE `+cond.text+`
		ORDER BY `+RunOrders.by(f.Place)+`
		LIMIT ?`, append(cond.args, f.Limit), collect(&list, (*JobRun).dst))
	inOrder(f.Place, list)
	for i, run := range list {
		list[i] = run.shown(r.Now())
	}
	return list, err
}

// CountJobRuns counts the runs of a job, up to one more than MaxCounted.
func (r queries) CountJobRuns(ctx context.Context, job string) (int, error) {
	return r.countUpTo(ctx, "FROM job_runs", sqlFragment{"job = ?", []any{job}})
}
