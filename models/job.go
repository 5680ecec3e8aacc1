package models

import "context"

// TakeSlot inserts the slot of a job's due time, and reports whether this
// instance is the one that did: it alone runs the job then.
func (tx *Tx) TakeSlot(job, slot, instance string) (bool, error) {
	n, err := tx.exec("INSERT INTO job_slots (job, slot, instance, started_at) VALUES (?, ?, ?, ?) ON CONFLICT (job, slot) DO NOTHING",
		job, slot, instance, micro(tx.Now()))
	return n == 1, err
}

// FinishSlot notes how a run ended.
func (tx *Tx) FinishSlot(job, slot, result string) error {
	_, err := tx.exec("UPDATE job_slots SET finished_at = ?, result = ? WHERE job = ? AND slot = ?", micro(tx.Now()), result, job, slot)
	return err
}

// LastSlot returns the newest slot of a job, "" when it has never run, and
// its result.
func (r reads) LastSlot(ctx context.Context, job string) (slot, result string, err error) {
	err = r.get(ctx, "SELECT coalesce(max(slot), ''), coalesce((SELECT result FROM job_slots WHERE job = ? ORDER BY slot DESC LIMIT 1), '') FROM job_slots WHERE job = ?",
		[]any{job, job}, &slot, &result)
	return slot, result, err
}

// DeleteSlots removes the slots of a job before one.
func (tx *Tx) DeleteSlots(job, before string) error {
	_, err := tx.exec("DELETE FROM job_slots WHERE job = ? AND slot < ?", job, before)
	return err
}
