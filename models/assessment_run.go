package models

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gatecrier/app/fault"
)

// An assessment of many observations is stored as a run, which is written in parts: each part is a
// transaction that takes its observations from what is left of the run. After a crash the next
// start continues with the rest.

// AssessmentRun is an assessment of many observations of a product, and its progress.
type AssessmentRun struct {
	ID         int64
	ProductID  int64
	Input      AssessmentInput
	After      int64 // the ID of the last assessment when it began
	Total      int
	Changed    int
	Skipped    int // observations that were deleted, or that a user has assessed since it began
	CreatedAt  time.Time
	FinishedAt time.Time // zero while something is left
}

// Remaining returns how many observations are left.
func (a AssessmentRun) Remaining() int { return a.Total - a.Changed - a.Skipped }

// AssessmentRunRow is an observation that is left of a run.
type AssessmentRunRow struct {
	Number        int64
	ObservationID int64
	BranchID      int64
}

// assessmentRunColumns are the columns of a run. An input names a user by the column user_id.
const assessmentRunColumns = `r.id, r.product_id, coalesce(r.user_id, 0), r.input, r.after_id, r.total, r.changed,
	r.skipped, r.created_at, r.finished_at`

func (r queries) assessmentRuns(ctx context.Context, where string, args ...any) ([]AssessmentRun, error) {
	var list []AssessmentRun
	query := "SELECT " + assessmentRunColumns + " FROM assessment_runs r WHERE " + where
	err := r.query(ctx, query, args, func(rows scanner) error {
		var a AssessmentRun
		var user int64
		var input string
		if err := rows.Scan(&a.ID, &a.ProductID, &user, &input, &a.After, &a.Total, &a.Changed, &a.Skipped,
			timeTo(&a.CreatedAt), timeTo(&a.FinishedAt)); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(input), &a.Input); err != nil {
			return fmt.Errorf("decode the input of assessment run %d: %w", a.ID, err)
		}
		a.Input.UserID = user
		list = append(list, a)
		return nil
	})
	return list, err
}

// AssessmentRun returns a run. The caller must have checked the right to see it.
func (r queries) AssessmentRun(ctx context.Context, id int64) (AssessmentRun, error) {
	list, err := r.assessmentRuns(ctx, "r.id = ?", id)
	if err != nil || len(list) == 0 {
		return AssessmentRun{}, errors.Join(err, fault.NewNotFound("assessment"))
	}
	return list[0], nil
}

// OpenAssessmentRuns lists the runs of which something is left, the oldest first.
func (r queries) OpenAssessmentRuns(ctx context.Context) ([]AssessmentRun, error) {
	return r.assessmentRuns(ctx, "r.finished_at IS NULL ORDER BY r.id")
}

// OpenAssessmentRunsOf lists the runs of a product of which something is left, the oldest first.
// The caller must have checked the right to see it.
func (r queries) OpenAssessmentRunsOf(ctx context.Context, productID int64) ([]AssessmentRun, error) {
	return r.assessmentRuns(ctx, "r.product_id = ? AND r.finished_at IS NULL ORDER BY r.id", productID)
}

// BeginAssessmentRun stores a run of some observations, and sets its ID. rows must be in the order
// of their branches.
func (tx *Tx) BeginAssessmentRun(a *AssessmentRun, rows []AssessmentRunRow) error {
	input, err := json.Marshal(a.Input)
	if err != nil {
		return fmt.Errorf("encode the input of an assessment run: %w", err)
	}
	if err := tx.get(tx.Context(), "SELECT coalesce(max(id), 0) FROM assessments", nil, &a.After); err != nil {
		return err
	}
	a.Total, a.CreatedAt = len(rows), tx.Now()
	a.ID, err = tx.insert(`
		INSERT INTO assessment_runs (product_id, user_id, actor, input, after_id, total, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?)
		RETURNING id`, a.ProductID, nullID(a.Input.UserID), a.Input.Actor, string(input), a.After, a.Total,
		micro(a.CreatedAt))
	if err != nil {
		return err
	}
	const columns = 4
	values, number := "("+placeholders(columns)+")", 0
	for part := range slices.Chunk(rows, assessAtOnce) {
		args := make([]any, 0, len(part)*columns)
		for _, row := range part {
			number++
			args = append(args, a.ID, number, row.ObservationID, row.BranchID)
		}
		if _, err := tx.exec(`
			INSERT INTO assessment_run_rows (run_id, number, observation_id, branch_id)
			VALUES `+values+strings.Repeat(", "+values, len(part)-1), args...); err != nil {
			return err
		}
	}
	return nil
}

// AssessmentRunRows reads the first observations that are left of a run.
func (tx *Tx) AssessmentRunRows(runID int64, limit int) ([]AssessmentRunRow, error) {
	var list []AssessmentRunRow
	err := tx.query(tx.Context(), `
		SELECT number, observation_id, branch_id
		FROM assessment_run_rows
		WHERE run_id = ?
		ORDER BY number
		LIMIT ?`, []any{runID, limit}, collect(&list, func(row *AssessmentRunRow) []any {
		return []any{&row.Number, &row.ObservationID, &row.BranchID}
	}))
	return list, err
}

// AssessedSince returns which of some observations a user has assessed after an assessment. It reads by
// observation: the IDs after that one are those of the run itself.
func (tx *Tx) AssessedSince(ids []int64, after int64) (map[int64]bool, error) {
	found := map[int64]bool{}
	err := tx.query(tx.Context(), `
		SELECT DISTINCT observation_id
		FROM assessments
		WHERE observation_id IN (`+placeholders(len(ids))+`)
		AND id + 0 > ?
		AND action IN (?, ?)`, append(toAny(ids), after, ActionAssess, ActionClear), func(rows scanner) error {
		var id int64
		err := rows.Scan(&id)
		found[id] = true
		return err
	})
	return found, err
}

// SaveAssessmentPart takes the observations up to a number from what is left of a run, and adds to
// its counts.
func (tx *Tx) SaveAssessmentPart(runID, upto int64, changed, skipped int) error {
	if _, err := tx.exec("DELETE FROM assessment_run_rows WHERE run_id = ? AND number <= ?", runID, upto); err != nil {
		return err
	}
	_, err := tx.exec("UPDATE assessment_runs SET changed = changed + ?, skipped = skipped + ? WHERE id = ?",
		changed, skipped, runID)
	return err
}

// FinishAssessmentRun notes that nothing is left of a run.
func (tx *Tx) FinishAssessmentRun(runID int64) error {
	_, err := tx.exec("UPDATE assessment_runs SET finished_at = ? WHERE id = ? AND finished_at IS NULL",
		micro(tx.Now()), runID)
	return err
}

// AnyAssessmentRunBefore reports whether a run has finished before a time.
func (r queries) AnyAssessmentRunBefore(ctx context.Context, before time.Time) (bool, error) {
	var one int
	err := r.get(ctx, "SELECT 1 FROM assessment_runs WHERE finished_at < ? LIMIT 1", []any{micro(before)}, &one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// DropAssessmentRuns removes the runs that have finished before a time.
func (tx *Tx) DropAssessmentRuns(before time.Time) error {
	_, err := tx.exec("DELETE FROM assessment_runs WHERE finished_at < ?", micro(before))
	return err
}
