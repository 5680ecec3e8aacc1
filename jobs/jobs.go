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
			About: "Removes sessions that have expired.",
			Spec:  "17 * * * *",
			Run:   expireSessions,
		},
		{
			Name:  "forget_keys",
			Title: "Idempotency-Keys",
			About: "Removes answers that were kept for repeats of requests, after 25 hours.",
			Spec:  "23 * * * *",
			Run:   forgetKeys,
		},
		{
			Name:  "forget_sign_ins",
			Title: "Failed sign-ins",
			About: "Removes failures that slow nobody down any more, and networks and devices of sign-ins 180 days ago.",
			Spec:  "29 * * * *",
			Run:   forgetSignIns,
		},
		{
			Name:  "forget_resends",
			Title: "Records of resends",
			About: "Removes what was asked to be sent again together, after 90 days; not the deliveries.",
			Spec:  "37 * * * *",
			Run:   forgetResends,
		},
		{
			Name:  "forget_links",
			Title: "Links by mail",
			About: "Removes links of mails, for passwords and addresses, that have expired.",
			Spec:  "43 * * * *",
			Run:   forgetLinks,
		},
	}
}

// checkJobs check products and gates.
func checkJobs() []Job {
	return []Job{
		{
			Name:  "expire_waivers",
			Title: "Waivers",
			About: "Ends accepted risks whose time has come, and tells of those that end within seven days.",
			Spec:  "*/5 * * * *",
			Run:   expireWaivers,
		},
		{
			Name:  "find_stale_products",
			Title: "Stale products",
			About: "Tells of products that have got no report for their time, and of those that get some again.",
			Spec:  "*/5 * * * *",
			Run:   findStale,
		},
		{
			Name:  "reconcile_gates",
			Title: "All gates",
			About: "Compares all counts with their observations and all gates with what counts for them, and mends " +
				"what has drifted.",
			Spec: "41 * * * *",
			Run:  reconcileGates,
		},
		{
			Name:   IntegrityJob,
			Title:  "Integrity of the database",
			About:  "Reads all tables, and reports damage.",
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
			About: "Removes branches that no report came of for so long, by the settings of reports; " +
				"not default ones nor protected ones.",
			Spec:   "57 1 * * *",
			MakeUp: true,
			Run:    forgetBranches,
		},
		{
			Name:   "forget_notifications",
			Title:  "Old notifications",
			About:  "Removes notifications, read or not, by the settings of retention.",
			Spec:   "7 2 * * *",
			MakeUp: true,
			Run:    forgetNotifications,
		},
		{
			Name:   "forget_deliveries",
			Title:  "Old deliveries",
			About:  "Removes deliveries that have ended, with their attempts, by the settings of retention.",
			Spec:   "17 2 * * *",
			MakeUp: true,
			Run:    forgetDeliveries,
		},
		{
			Name:   "forget_observations",
			Title:  "Resolved observations",
			About:  "Removes observations that were resolved long ago, by the settings of retention.",
			Spec:   "27 2 * * *",
			MakeUp: true,
			Run:    forgetObservations,
		},
	}
}

// historyJobs remove old records of what happened, every day.
func historyJobs() []Job {
	return []Job{
		{
			Name:   "forget_gate_history",
			Title:  "Old gate history",
			About:  "Removes changes of gates but the last of each product, by the settings of retention.",
			Spec:   "37 2 * * *",
			MakeUp: true,
			Run:    forgetGateHistory,
		},
		{
			Name:   "forget_events",
			Title:  "Old events",
			About:  "Removes events that nothing refers to any more, by the settings of retention.",
			Spec:   "47 2 * * *",
			MakeUp: true,
			Run:    forgetEvents,
		},
		{
			Name:   "forget_audit",
			Title:  "Old audit",
			About:  "Removes who changed what, by the settings of retention.",
			Spec:   "57 2 * * *",
			MakeUp: true,
			Run:    forgetAudit,
		},
		{
			Name:   "forget_job_runs",
			Title:  "Old runs of jobs",
			About:  "Removes runs but the last of each job, by the settings of retention.",
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
