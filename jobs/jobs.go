package jobs

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gatecrier/app/settings"
	"gatecrier/models"
)

// Job is work that runs on a schedule.
type Job struct {
	Name   string
	Title  string
	About  string // what it does, in a sentence
	Spec   string // the default cron expression of five fields, in UTC
	MakeUp bool   // whether a time missed while nothing ran is made up at the start
	Run    func(ctx context.Context, w *Work) error
}

// All returns the product's own jobs.
func All() []Job {
	return slices.Concat(expiryJobs(), checkJobs(), retentionJobs(), historyJobs(), backupJobs())
}

// expiryJobs remove what has expired, every hour.
func expiryJobs() []Job {
	return []Job{
		{
			Name:  "expire_sessions",
			Title: "Expired sessions",
			About: "Deletes sessions that have expired.",
			Spec:  "17 * * * *",
			Run:   expireSessions,
		},
		{
			Name:  "forget_keys",
			Title: "Idempotency keys",
			About: "Deletes stored answers to requests with an Idempotency-Key after 25 hours.",
			Spec:  "23 * * * *",
			Run:   forgetKeys,
		},
		{
			Name:  "forget_sign_ins",
			Title: "Failed sign-ins",
			About: "Deletes failed sign-ins that no longer count, and networks and devices not used for 180 days.",
			Spec:  "29 * * * *",
			Run:   forgetSignIns,
		},
		{
			Name:  "forget_resends",
			Title: "Bulk resends",
			About: "Deletes records of bulk resends after 90 days. Deliveries are kept.",
			Spec:  "37 * * * *",
			Run:   forgetResends,
		},
		{
			Name:  "forget_links",
			Title: "Email links",
			About: "Deletes expired links for passwords and email addresses.",
			Spec:  "43 * * * *",
			Run:   forgetLinks,
		},
		{
			Name:  "forget_undos",
			Title: "Undo steps",
			About: "Deletes what is needed to undo steps in inboxes after an hour.",
			Spec:  "49 * * * *",
			Run:   forgetUndos,
		},
	}
}

// checkJobs check products and gates.
func checkJobs() []Job {
	return []Job{
		{
			Name:  "expire_waivers",
			Title: "Expiring waivers (accepted risks)",
			About: "Ends waivers whose time is over, so that the accepted risks count again, and notifies of those that " +
				"end within seven days.",
			Spec: "*/5 * * * *",
			Run:  expireWaivers,
		},
		{
			Name:  "find_stale_products",
			Title: "Stale products",
			About: "Notifies of products that have stopped receiving reports, and of those that receive them again.",
			Spec:  "*/5 * * * *",
			Run:   findStale,
		},
		{
			Name:  "reconcile_gates",
			Title: "Gate consistency",
			About: "Recalculates the counts of all branches and the states of all gates, and repairs those that " +
				"differ.",
			Spec: "41 * * * *",
			Run:  reconcileGates,
		},
		{
			Name:   IntegrityJob,
			Title:  "Database integrity",
			About:  "Reads all tables and reports damage.",
			Spec:   "27 3 * * *",
			MakeUp: true,
			Run:    checkIntegrity,
		},
	}
}

// retentionJobs remove old branches, messages and observations, every day.
func retentionJobs() []Job {
	return []Job{
		{
			Name:  "forget_branches",
			Title: "Abandoned branches",
			About: "Deletes branches without recent reports, as set in the section Reports. " +
				"Default and protected branches are kept.",
			Spec:   "57 1 * * *",
			MakeUp: true,
			Run:    forgetBranches,
		},
		{
			Name:   "forget_notifications",
			Title:  "Old notifications",
			About:  "Deletes old notifications, read or not, as set in the section Retention.",
			Spec:   "7 2 * * *",
			MakeUp: true,
			Run:    forgetNotifications,
		},
		{
			Name:   "forget_deliveries",
			Title:  "Old deliveries",
			About:  "Deletes old deliveries that have ended, with their attempts, as set in the section Retention.",
			Spec:   "17 2 * * *",
			MakeUp: true,
			Run:    forgetDeliveries,
		},
		{
			Name:   "forget_observations",
			Title:  "Resolved observations",
			About:  "Deletes observations that were resolved long ago, as set in the section Retention.",
			Spec:   "27 2 * * *",
			MakeUp: true,
			Run:    forgetObservations,
		},
	}
}

// historyJobs delete old records, every day.
func historyJobs() []Job {
	return []Job{
		{
			Name:   "forget_gate_history",
			Title:  "Old gate history",
			About:  "Deletes old gate changes, except the last one of each product, as set in the section Retention.",
			Spec:   "37 2 * * *",
			MakeUp: true,
			Run:    forgetGateHistory,
		},
		{
			Name:   "forget_events",
			Title:  "Old events",
			About:  "Deletes old events that nothing refers to, as set in the section Retention.",
			Spec:   "47 2 * * *",
			MakeUp: true,
			Run:    forgetEvents,
		},
		{
			Name:   "forget_audit",
			Title:  "Old audit entries",
			About:  "Deletes old entries of the audit log, as set in the section Retention.",
			Spec:   "57 2 * * *",
			MakeUp: true,
			Run:    forgetAudit,
		},
		{
			Name:   "forget_job_runs",
			Title:  "Old job runs",
			About:  "Deletes old runs, except the last one of each job, as set in the section Retention.",
			Spec:   "7 3 * * *",
			MakeUp: true,
			Run:    forgetRuns,
		},
	}
}

// Fields returns the jobs for the settings.
func Fields() []settings.Job {
	list := make([]settings.Job, 0, len(All()))
	for _, j := range All() {
		list = append(list, settings.Job{Name: j.Name, Title: j.Title, About: j.About, Spec: j.Spec})
	}
	return list
}

func expireSessions(ctx context.Context, w *Work) error {
	return w.Repeat(ctx, (*models.Tx).DeleteExpiredSessions)
}

// keyRetention is the time that Idempotency-Keys are valid, and an hour.
const keyRetention = 25 * time.Hour

func forgetKeys(ctx context.Context, w *Work) error {
	return w.Repeat(ctx, func(tx *models.Tx, limit int) (int64, error) {
		return tx.DeleteAnswered(tx.Now().Add(-keyRetention), limit)
	})
}

func forgetSignIns(ctx context.Context, w *Work) error {
	for _, old := range []func(tx *models.Tx, limit int) (int64, error){
		(*models.Tx).DeleteOldSignIns,
		(*models.Tx).DeleteOldClients,
		(*models.Tx).DeleteOldReports,
	} {
		if err := w.Repeat(ctx, old); err != nil {
			return err
		}
	}
	return nil
}

func forgetLinks(ctx context.Context, w *Work) error {
	return w.Repeat(ctx, (*models.Tx).DeleteOldUserLinks)
}

func forgetUndos(ctx context.Context, w *Work) error {
	return w.Repeat(ctx, (*models.Tx).DeleteExpiredUndos)
}

// resendRetention is how long the record of a resend is kept.
const resendRetention = 90 * 24 * time.Hour

func forgetResends(ctx context.Context, w *Work) error {
	return w.Repeat(ctx, func(tx *models.Tx, limit int) (int64, error) {
		return tx.DeleteOldResends(tx.Now().Add(-resendRetention), limit)
	})
}

func expireWaivers(ctx context.Context, w *Work) error {
	ended, err := w.Observations.Expire(ctx)
	if err != nil {
		return err
	}
	notified, err := w.Observations.Notice(ctx)
	w.affected = ended
	if ended > 0 || notified > 0 {
		w.message = fmt.Sprintf("%d ended, %d end soon", ended, notified)
	}
	return err
}

func findStale(ctx context.Context, w *Work) error {
	found, err := w.Ingest.FindStale(ctx)
	w.affected = found.Stale + found.Returned
	if w.affected > 0 {
		w.message = fmt.Sprintf("%d stale, %d back", found.Stale, found.Returned)
	}
	return err
}

func reconcileGates(ctx context.Context, w *Work) error {
	repairs, err := w.Gates.Reconcile(ctx)
	w.affected, w.message = int64(repairs.Branches), repairs.String()
	return err
}
