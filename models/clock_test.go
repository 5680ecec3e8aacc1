package models_test

import (
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// maxTimes are the longest times in these tests.
var maxTimes = models.MaxTimes{
	Send: lease, Import: time.Minute, Job: 2 * time.Minute, Retry: 12 * time.Hour, Probe: 6 * time.Hour,
	Routing: 5 * time.Minute, Hold: 10 * time.Minute, Part: time.Minute, Exception: time.Hour,
	Links: map[string]time.Duration{"password": time.Hour, "email": 24 * time.Hour},
	Mail:  10 * time.Minute, MailLife: 7 * 24 * time.Hour,
}

// notPlanned are the stored times that nothing waits for, or that a user has chosen, by table.
var notPlanned = map[string]string{
	"account_mails":         "created_at",
	"assessments":           "at waiver_until",
	"attempts":              "at",
	"audit":                 "at",
	"authorization_groups":  "created_at updated_at",
	"authorization_members": "created_at",
	"assessment_runs":       "created_at finished_at", // a later end only keeps it longer
	"authorization_roles":   "created_at",
	"branches":              "gate_since counted_at stale_since created_at",
	"connection_health":     "paused_at broken_at", // only a user or a probe ends them
	"connections":           "created_at updated_at",
	"deliveries":            "created_at finished_at",
	"events":                "at",
	"exception_groups":      "last_at notified_at was_notified_at muted_until resolved_at regressed_at sample_at",
	"exception_merges":      "at",
	"exception_quotas":      "began_at", // an hour in the future has ended
	"exception_releases":    "first_at last_at",
	"feeds":                 "created_at",
	"gate_sweeps":           "started_at finished_at",
	"group_members":         "created_at",
	"inbox_undos":           "expires_at undone_at", // a later end only keeps it longer
	"inbox_undo_rows":       "old_snoozed_until new_snoozed_until",
	"ingest_keys":           "created_at exceeded_at", // a time in the future does not count
	"job_runs":              "started_at finished_at",
	"known_clients":         "at", // a later one only keeps it longer
	"marks":                 "snoozed_until",
	"members":               "created_at",
	"migration_hashes":      "applied_at",
	"notifications":         "at",
	"observation_changes":   "at since",
	"observations":          "assessed_at waiver_until first_seen_at changed_at resolved_at moved_at since",
	"product_groups":        "created_at updated_at",
	"products":              "created_at updated_at",
	"removals":              "created_at",
	"resends":               "created_at stopped_at",
	"restores":              "backup_at restored_at decided_at",
	"saved_views":           "created_at",
	"sessions":              "seen_at",
	"settings":              "updated_at",
	"silences":              "created_at starts_at ends_at ended_at",
	"sources":               "created_at made_at",
	"tokens":                "created_at expires_at last_used_at",
	"user_links":            "used_at",
	"users":                 "created_at updated_at last_sign_in_at",
	"vex_documents":         "made_at uploaded_at",
	"vex_statements":        "at",
	"sign_in_notices":       "at", // a time in the future does not count
}

// Each stored time has a rule for a clock that was ahead, or nothing waits for it. A new column must
// be in models.MaxTimes.rules or in notPlanned.
func TestStoredTimes_HaveRules(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		isTime := regexp.MustCompile(`(^|_)(at|until|since|expiry)$`)
		query := `SELECT t.name, c.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c
			WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' AND t.name <> 'goose_db_version'`
		if w.s.Dialect() == models.Postgres {
			query = `SELECT table_name, column_name FROM information_schema.columns
				WHERE table_schema = 'public' AND table_name <> 'goose_db_version'`
		}
		rules := models.TimeRules(maxTimes)
		err := w.s.Query(t.Context(), query, nil, func(rows *sql.Rows) error {
			var table, column string
			if err := rows.Scan(&table, &column); err != nil || !isTime.MatchString(column) {
				return err
			}
			exempt := slices.Contains(strings.Fields(notPlanned[table]), column)
			has := regexp.MustCompile(`\b` + column + `\b`).MatchString(rules[table])
			if !has && !exempt {
				t.Errorf("%s.%s has no rule: add one to models.MaxTimes.rules, or the column to notPlanned", table, column)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// plannedTime is a stored time that a clock has written which was a day ahead.
type plannedTime struct {
	name   string
	write  func(w world) // with the clock ahead
	column string        // "table.column" of the only row with a value
	most   time.Duration // how far ahead of the clock it can be afterwards
	least  time.Duration
}

func plannedTimes(product int64, d *models.Delivery, c int64) []plannedTime {
	exec := func(query string, args ...any) func(w world) {
		return func(w world) {
			w.write(func(tx *models.Tx) error { _, err := tx.Exec(query, args...); return err })
		}
	}
	at := func(w world, d time.Duration) int64 { return w.s.Now().Add(d).UnixMicro() }
	set := func(table, columns string, times ...time.Duration) func(w world) {
		return func(w world) {
			args := make([]any, len(times))
			for i, d := range times {
				args[i] = at(w, d)
			}
			exec("UPDATE "+table+" SET "+columns, args...)(w)
		}
	}
	return []plannedTime{
		{"lease of an import", func(w world) {
			w.write(func(tx *models.Tx) error {
				_, err := tx.TakeLease("import/1", "gone", tx.Now().Add(time.Minute))
				return err
			})
		}, "leases.until", time.Minute, time.Minute},
		{"lease of a run", func(w world) {
			w.write(func(tx *models.Tx) error {
				_, err := tx.StartRun(&models.JobRun{Job: "x", LeaseUntil: tx.Now().Add(2 * time.Minute)})
				return err
			})
		}, "job_runs.lease_until", 2 * time.Minute, 2 * time.Minute},
		{"lease of a delivery", func(w world) { w.claim("gone", d.ID) }, "deliveries.locked_until", lease, lease},
		{
			"message that is due", set("deliveries", "state = 'pending', claim = '', locked_until = NULL, next_at = ?", 0),
			"deliveries.next_at", 0, 0,
		},
		{"retry", func(w world) {
			set("deliveries", "state = 'sending', claim = 'c', locked_until = ?", lease)(w)
			d.NextAt = w.s.Now().Add(30 * time.Second)
			w.settle(*d, "c", models.DeliveryRetrying, &models.Attempt{At: w.s.Now(), Result: "retry"})
			set("deliveries", "next_at = ?", 30*time.Second)(w)
		}, "deliveries.next_at", 30 * time.Second, 30 * time.Second},
		{"lifetime", set("deliveries", "due_since = ?", 0), "deliveries.due_since", 0, 0},
		{"probe", set("connection_health", "opened_at = ?, probe_at = ?", 0, time.Hour), "connection_health.probe_at", 0, 0},
		{"rate", set("connection_health", "slot_at = ?", 2*time.Second), "connection_health.slot_at", 0, 0},
		{
			"wait that a receiver asked for", set("connection_health", "failures = 1, free_at = ?", time.Hour),
			"connection_health.free_at", 0, 0,
		},
		{"failing since", set("connection_health", "failing_since = ?", 0), "connection_health.failing_since", 0, 0},
		{
			"try to route", func(w world) { w.delay(w.event(product, "notify").ID, w.s.Now().Add(time.Minute)) },
			"event_work.next_at", 0, 0,
		},
		{
			"hold time", set("branches", "held_until = ?, held_event = NULL", 10*time.Minute), "branches.held_until",
			10 * time.Minute, 10 * time.Minute,
		},
		{"hold between two parts of a cause", func(w world) {
			exec("UPDATE products SET hold_seconds = 0")(w)
			set("branches", "held_until = ?", time.Minute)(w)
		}, "branches.held_until", time.Minute, 0},
		{"wait after a failed sign-in", func(w world) {
			for range 3 {
				w.write(func(tx *models.Tx) error {
					_, err := tx.TrySignIn(models.SignInTry{
						Limits: []models.SignInLimit{{Key: "ann", Free: 1, Max: 15 * time.Minute}},
					})
					return err
				})
			}
		}, "sign_in_tries.until", 2 * time.Second, time.Second},
		{"window of an exception", func(w world) {
			w.write(func(tx *models.Tx) error {
				_, err := tx.ClaimException(models.ExceptionReport{
					ProductID: product, Key: "k", By: "exact", Kind: "reported",
					Sample: []byte("{}"),
				}, time.Hour, nil)
				return err
			})
		}, "exception_groups.until", time.Hour, time.Hour},
		{"session", func(w world) {
			w.write(func(tx *models.Tx) error {
				return tx.SaveSession(models.Session{Token: "t", Data: []byte{1}, Expiry: tx.Now().Add(12 * time.Hour)})
			})
		}, "sessions.expiry", 12 * time.Hour, 12 * time.Hour},
	}
}

// What a clock has stored that was a day ahead is off by no more than its own longest time after the
// clock is right again. A second repair changes nothing.
func TestCapTimes_ClockWasADayAhead(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		product := w.product("ours", w.user("ann"))
		c := w.connection(product, "a")
		d := w.delivery(c, product)
		for _, one := range plannedTimes(product, &d, c) {
			w.clock.Advance(24 * time.Hour)
			one.write(w)
			w.clock.Advance(-24 * time.Hour)
			if _, err := w.s.CapTimes(t.Context(), maxTimes, true); err != nil {
				t.Fatalf("%s: %v", one.name, err)
			}
			table, column, _ := strings.Cut(one.column, ".")
			var at int64
			query := fmt.Sprintf("SELECT coalesce(max(%s), 0) FROM %s", column, table)
			if err := w.s.Get(t.Context(), query, nil, &at); err != nil {
				t.Fatal(err)
			}
			ahead := time.UnixMicro(at).Sub(w.s.Now())
			if ahead > one.most || ahead < one.least {
				t.Errorf("%s: %s lies %s ahead, want %s to %s", one.name, one.column, ahead, one.least, one.most)
			}
			if changed, err := w.s.CapTimes(t.Context(), maxTimes, true); err != nil || len(changed) != 0 {
				t.Errorf("%s: a second repair changed %v, %v", one.name, changed, err)
			}
		}
	})
}

// Times within their longest one are left alone.
func TestCapTimes_LeavesRightTimesAlone(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		product := w.product("ours", w.user("ann"))
		c := w.connection(product, "a")
		d := w.delivery(c, product)
		for _, one := range plannedTimes(product, &d, c) {
			one.write(w)
			changed, err := w.s.CapTimes(t.Context(), maxTimes, true)
			if err != nil || len(changed) != 0 {
				t.Errorf("%s: changed %v, %v", one.name, changed, err)
			}
		}
	})
}

// The check that runs now and then finds the deliveries by index, however many there are.
func TestCapTimes_FindsDeliveriesByIndex(t *testing.T) {
	clock := modelstest.NewClock(noon)
	s := modelstest.SQLiteAt(t, clock.Now)
	query, args := models.TimesQuery(s, maxTimes)
	err := s.Query(t.Context(), "EXPLAIN QUERY PLAN "+query, args, func(rows *sql.Rows) error {
		var id, parent, unused int
		var step string
		err := rows.Scan(&id, &parent, &unused, &step)
		if strings.HasPrefix(step, "SCAN deliveries") || strings.HasPrefix(step, "SCAN idempotency_keys") {
			t.Error(step)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
