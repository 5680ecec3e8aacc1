package models_test

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// plan returns the steps by which SQLite runs a statement.
func (w world) plan(said models.Said) []string {
	w.t.Helper()
	var list []string
	err := w.s.Query(w.t.Context(), "EXPLAIN QUERY PLAN "+said.Query, said.Args, func(rows *sql.Rows) error {
		var id, parent, unused int
		var detail string
		err := rows.Scan(&id, &parent, &unused, &detail)
		list = append(list, detail)
		return err
	})
	if err != nil {
		w.t.Fatalf("%v: %s", err, said.Query)
	}
	return list
}

// plans returns the plans of all statements that a read, or a write, runs.
func (w world) plans(read func(ctx context.Context) error, write func(tx *models.Tx) error) []string {
	w.t.Helper()
	var said []models.Said
	var err error
	if read != nil {
		said, err = w.s.Overheard(func() error { return read(w.t.Context()) })
	} else {
		err = w.s.Write(w.t.Context(), func(tx *models.Tx) (err error) {
			said, err = tx.Overheard(func() error { return write(tx) })
			return err
		})
	}
	if err != nil {
		w.t.Fatal(err)
	}
	var list []string
	for _, one := range said {
		list = append(list, w.plan(one)...)
	}
	return list
}

// derived are the scans of parts of a statement, not of tables.
var derived = []string{
	"SCAN page",
	"SCAN x",
	"SCAN endpoints",
	"SCAN l",
	"SCAN u",
	"SCAN a",
	"SCAN b",
	"SCAN y",
	"SCAN vis",
	"SCAN w",
	"SCAN CONSTANT ROW",
	"SCAN j VIRTUAL TABLE INDEX 1:",
}

// scans returns the steps of a plan that read a whole table.
func scans(plan []string) []string {
	var list []string
	for _, step := range plan {
		if strings.HasPrefix(step, "SCAN ") && !strings.Contains(step, " USING ") && !slices.Contains(derived, step) &&
			!strings.HasPrefix(step, "SCAN (subquery-") ||
			strings.Contains(step, "BLOOM") {
			list = append(list, step)
		}
	}
	return list
}

// hot is a statement that is run often, with a step that its plan must have.
type hot struct {
	read  func(ctx context.Context) error
	write func(tx *models.Tx) error
	want  string // a step of its plan
	walk  bool   // it reads the notifications newest first, as far as the page goes
	work  bool   // it reads all of event_work, which is almost empty
	set   bool   // it reads all products that a user sees, once
}

func TestPlans(t *testing.T) {
	clock := modelstest.NewClock(noon)
	w := world{t, modelstest.SQLiteAt(t, clock.Now), clock}
	ann := w.user("ann")
	product := w.product("ours", ann)
	conn := w.connection(product, "a")
	d := w.delivery(conn, product)
	w.tell(product, 1)
	for name, h := range w.hots(ann, d) {
		plan := w.plans(h.read, h.write)
		found := scans(plan)
		if h.walk && slices.Equal(found, []string{"SCAN n"}) {
			found = nil
		}
		if (h.work || h.set) && slices.Equal(found, []string{"CREATE BLOOM FILTER"}) {
			found = nil
		}
		if len(found) > 0 || !slices.Contains(plan, h.want) {
			t.Errorf("%s scans %q, or lacks %q:\n\t%s", name, found, h.want, strings.Join(plan, "\n\t"))
		}
	}
}

// A plan that reads a table without an index must be found.
func TestPlansFindScans(t *testing.T) {
	s := modelstest.SQLite(t)
	w := world{t: t, s: s}
	if got := scans(w.plan(models.Said{Query: "SELECT * FROM deliveries WHERE title = 'x'"})); !slices.Equal(
		got, []string{"SCAN deliveries"},
	) {
		t.Errorf("scans %q", got)
	}
}

// hots has a statement of each kind that is run often.
func (w world) hots(ann int64, d models.Delivery) map[string]hot {
	list := w.hotDeliveries(d)
	maps.Copy(list, w.hotClaims(d))
	maps.Copy(list, w.hotGates(ann, d))
	maps.Copy(list, w.hotObservations())
	maps.Copy(list, w.hotWaivers())
	maps.Copy(list, w.hotInbox(ann))
	maps.Copy(list, w.hotProducts(ann))
	maps.Copy(list, w.hotPagesBack(d))
	maps.Copy(list, w.hotDeliveryLog(ann))
	maps.Copy(list, w.hotRetention())
	return list
}

func hotRead(want string, fn func(ctx context.Context) error) hot { return hot{read: fn, want: want} }

func hotWrite(want string, fn func(tx *models.Tx) error) hot { return hot{write: fn, want: want} }

func (w world) hotDeliveries(d models.Delivery) map[string]hot {
	return map[string]hot{
		"expired": hotRead(
			"SEARCH deliveries USING COVERING INDEX deliveries_leased (locked_until<?)",
			func(ctx context.Context) error {
				_, err := w.s.HasExpiredLease(ctx)
				return err
			},
		),
		"to be probed": hotRead("SEARCH h USING INDEX connection_health_open (probe_at<?)", func(ctx context.Context) error {
			_, err := w.s.EndpointsToProbe(ctx, 10)
			return err
		}),
		"to be paused": hotRead("SCAN connection_health USING INDEX connection_health_open", func(ctx context.Context) error {
			_, err := w.s.FailingEndpoints(ctx, life, 10)
			return err
		}),
		"too old": hotRead("SEARCH d USING INDEX deliveries_old (due_since<?)", func(ctx context.Context) error {
			_, err := w.s.ExpiredDeliveries(ctx, noon, 10)
			return err
		}),
		"endpoint": hotRead(
			"SEARCH d USING INDEX deliveries_endpoint (endpoint_id=? AND id<?)",
			func(ctx context.Context) error {
				_, err := w.s.BacklogOf(ctx, d.EndpointID, 9)
				return err
			},
		),
		"what was told": hotRead("SEARCH g USING PRIMARY KEY (product_id=?)", func(ctx context.Context) error {
			_, err := w.s.LastNotifiedOf(ctx, d)
			return err
		}),
		"queue": hotRead(
			"SEARCH deliveries USING INDEX deliveries_queue (connection_id=? AND product_id=? AND rank=?)",
			func(ctx context.Context) error {
				_, err := w.s.SendObstacleOf(ctx, d)
				return err
			},
		),
		"claim": hotWrite("SEARCH deliveries USING INTEGER PRIMARY KEY (rowid=?)", func(tx *models.Tx) error {
			_, err := tx.Claim("one", noon, []int64{d.ID, d.ID + 1})
			return err
		}),
		"settle": hotWrite("SEARCH deliveries USING INTEGER PRIMARY KEY (rowid=?)", func(tx *models.Tx) error {
			_, err := tx.Settle(d, "one", &models.Attempt{At: noon})
			return err
		}),
		"sweep": hotWrite("SEARCH deliveries USING INDEX deliveries_leased (locked_until<?)", func(tx *models.Tx) error {
			_, err := tx.ReturnExpired(noon)
			return err
		}),
		"work": hotRead("SEARCH w USING INDEX sqlite_autoindex_event_work_1 (reader=?)", func(ctx context.Context) error {
			_, err := w.s.EventWork(ctx, "notify", 10)
			return err
		}),
		"deliveries of a product": hotRead(
			"SEARCH d USING COVERING INDEX deliveries_product (product_id=?)",
			func(ctx context.Context) error {
				_, err := w.s.Deliveries(ctx, all, models.DeliveryFilter{ProductID: d.ProductID, Limit: 10})
				return err
			},
		),
	}
}

func (w world) hotClaims(d models.Delivery) map[string]hot {
	return map[string]hot{
		"due": hotRead(
			"SEARCH x USING INDEX deliveries_turn (endpoint_id=? AND rank=?)",
			func(ctx context.Context) error {
				_, err := w.s.DueDeliveries(ctx, nil, 10)
				return err
			},
		),
		"due, its queues": hotRead(
			"SEARCH f USING INDEX deliveries_queue (connection_id=? AND product_id=? AND rank=? AND id<?)",
			func(ctx context.Context) error {
				_, err := w.s.DueDeliveries(ctx, []int64{1, 2}, 10)
				return err
			},
		),
		"next due": hotRead("SEARCH deliveries USING INDEX deliveries_due", func(ctx context.Context) error {
			_, err := w.s.NextDue(ctx)
			return err
		}),
		"due, its endpoints": hotRead("SEARCH d USING INDEX deliveries_due (endpoint_id>?)", func(ctx context.Context) error {
			_, err := w.s.DueDeliveries(ctx, nil, 10)
			return err
		}),
		"what is due before it": hotRead(
			"SEARCH deliveries USING INDEX deliveries_share (endpoint_id=? AND rank<?)",
			func(ctx context.Context) error {
				_, err := w.s.SendObstacleOf(ctx, d)
				return err
			},
		),
		"turn of what is sent now": hotWrite(
			"SEARCH t USING INDEX deliveries_turn (endpoint_id=? AND rank=?)",
			func(tx *models.Tx) error {
				_, err := tx.FreeBlocked()
				return err
			},
		),
		"turn of its product": hotWrite(
			"SEARCH t USING INDEX deliveries_share (endpoint_id=? AND rank=? AND <expr>=?)",
			func(tx *models.Tx) error {
				_, err := tx.FreeBlocked()
				return err
			},
		),
	}
}

func (w world) hotGates(ann int64, d models.Delivery) map[string]hot {
	return map[string]hot{
		"silence": hotRead("SEARCH s USING INDEX sqlite_autoindex_sources_1 (branch_id=?)", func(ctx context.Context) error {
			_, err := w.s.StaleChanges(ctx, time.Hour, 0, 10)
			return err
		}),
		"stale products": hotRead("SEARCH b USING INDEX branches_stale (stale_since>?)", func(ctx context.Context) error {
			_, err := w.s.StaleTally(ctx, all)
			return err
		}),
		"changes around": hotRead("SEARCH c USING PRIMARY KEY (product_id=?)", func(ctx context.Context) error {
			_, _, err := w.s.GateChangesAround(ctx, all, d.ProductID, noon)
			return err
		}),
		"history": hotRead("SEARCH c USING PRIMARY KEY (product_id=? AND event_id<?)", func(ctx context.Context) error {
			_, err := w.s.GateHistory(ctx, models.MemberScope(ann), d.ProductID, 5, 10)
			return err
		}),
		"held changes": hotRead(
			"SEARCH b USING INDEX branches_held (held_until>? AND held_until<?)",
			func(ctx context.Context) error {
				_, err := w.s.HeldBranches(ctx, 10)
				return err
			},
		),
		"all gates": hotWrite("SEARCH b USING INTEGER PRIMARY KEY (rowid>?)", func(tx *models.Tx) error {
			_, err := tx.LockGates(1, 10)
			return err
		}),
	}
}

func (w world) hotObservations() map[string]hot {
	return map[string]hot{
		"observations between": hotRead(
			"SEARCH o USING INDEX observations_branch (branch_id=?)",
			func(ctx context.Context) error {
				_, err := w.s.ObservationsBetween(
					ctx, all, models.BetweenFilter{BranchID: 1, What: models.WasAssessed, From: noon, To: noon, Limit: 10},
				)
				return err
			},
		),
		"observations": hotRead(
			"SEARCH o USING INDEX observations_branch (branch_id=? AND active=?)",
			func(ctx context.Context) error {
				_, err := w.s.Observations(ctx, all, models.ObservationFilter{BranchID: 1, Limit: 10})
				return err
			},
		),
		"observations by what reports know": hotRead(
			"SEARCH o USING INDEX observations_branch (branch_id=? AND active=?)",
			func(ctx context.Context) error {
				_, err := w.s.Observations(ctx, all, models.ObservationFilter{
					BranchID: 1, KEV: true, Fix: models.FixAvailable, CWE: "CWE-79", Limit: 10,
				})
				return err
			},
		),
		"observations by identity": hotRead(
			"SEARCH o USING INDEX sqlite_autoindex_observations_1 (source_id=? AND identity=?)",
			func(ctx context.Context) error {
				_, err := w.s.ActiveObservationIDs(ctx, 1, []string{"a", "b"})
				return err
			},
		),
		"what fails a gate": hotRead(
			"SEARCH o USING INDEX observations_branch (branch_id=? AND active=? AND severity=?)",
			func(ctx context.Context) error {
				_, err := w.s.FailingObservations(ctx, 1, []models.Severity{models.High}, models.Counting{}, 5)
				return err
			},
		),
		"the known exploited that fail a gate": hotRead(
			"SEARCH o USING INDEX observations_kev (branch_id=? AND active=?)",
			func(ctx context.Context) error {
				c := models.Counting{OnlyFixable: true, KEVAsCritical: true}
				_, err := w.s.FailingObservations(ctx, 1, []models.Severity{models.Critical}, c, 5)
				return err
			},
		),
		"duplicates of an observation": hotRead(
			"SEARCH o USING INDEX observations_duplicates (duplicate_of=?)",
			func(ctx context.Context) error {
				_, err := w.s.Observations(ctx, all, models.ObservationFilter{ProductID: 1, Same: 1, All: true, Limit: 10})
				return err
			},
		),
		"observations like one": hotRead(
			"SEARCH o USING INDEX observations_branch (branch_id=? AND active=?)",
			func(ctx context.Context) error {
				_, err := w.s.ObservationsLike(
					ctx, all, models.Observation{ID: 1, BranchID: 1, Title: "CVE-1", Component: "a 1"}, 10,
				)
				return err
			},
		),
		"ending waivers of a product": hotRead(
			"SEARCH o USING INDEX observations_waivers (waiver_until>? AND waiver_until<?)",
			func(ctx context.Context) error {
				_, err := w.s.EndingWaiversOf(ctx, 1, noon, noon, 10)
				return err
			},
		),
		"duplicates of one": hotRead(
			"SEARCH observations USING INDEX observations_duplicates (duplicate_of=?)",
			func(ctx context.Context) error {
				_, err := w.s.DuplicatesOf(ctx, []int64{1, 2})
				return err
			},
		),
		"duplicates of resolved ones": hotRead(
			"SEARCH d USING INDEX observations_duplicates (duplicate_of>?)",
			func(ctx context.Context) error {
				_, err := w.s.OrphanedDuplicates(ctx, models.Duplicate{}, 10)
				return err
			},
		),
	}
}

func (w world) hotWaivers() map[string]hot {
	return map[string]hot{
		"ended waivers": hotRead(
			"SEARCH o USING INDEX observations_waivers (waiver_until>? AND waiver_until<?)",
			func(ctx context.Context) error {
				_, err := w.s.EndedWaivers(ctx, noon, models.Waiver{}, 10)
				return err
			},
		),
		"ended waivers of a product": hotRead(
			"SEARCH o USING INDEX observations_waivers (waiver_until>? AND waiver_until<?)",
			func(ctx context.Context) error {
				_, err := w.s.EndedWaiversOf(ctx, 1, noon, 10)
				return err
			},
		),
		"sources counted anew": hotRead(
			"SEARCH o USING INDEX observations_branch (branch_id=? AND active=?)",
			func(ctx context.Context) error {
				_, err := w.s.TallySources(ctx, []int64{1, 2})
				return err
			},
		),
	}
}

func (w world) hotInbox(ann int64) map[string]hot {
	const byProduct = "SEARCH n USING COVERING INDEX notifications_product (product_id=?"
	const byKey = "SEARCH n USING INTEGER PRIMARY KEY (rowid=?)"
	const unreadOf = "SEARCH n USING INDEX notifications_product (product_id=? AND event_id>?)" // a silence is in the row
	inbox := func(want string, who models.Viewer, f models.InboxFilter) hot {
		f.Limit = 10
		return hot{want: want, walk: who.Administrator && f.Before == 0, read: func(ctx context.Context) error {
			_, err := w.s.Inbox(ctx, who, f)
			return err
		}}
	}
	count := func(want string, who models.Viewer) hot {
		return hot{want: want, walk: who.Administrator, read: func(ctx context.Context) error {
			_, err := w.s.CountUnread(ctx, who, 10)
			return err
		}}
	}
	member, admin := models.Viewer{UserID: ann}, models.Viewer{UserID: ann, Administrator: true}
	return map[string]hot{
		"inbox":            inbox(byProduct+")", member, models.InboxFilter{}),
		"inbox, next page": inbox(byProduct+" AND event_id<?)", member, models.InboxFilter{Before: 9}),
		"inbox, unread":    inbox(unreadOf, member, models.InboxFilter{Unread: true}),
		"inbox of all":     inbox(byKey, admin, models.InboxFilter{}),
		"inbox of all, next page": inbox(
			"SEARCH n USING INTEGER PRIMARY KEY (rowid<?)", admin, models.InboxFilter{Before: 9},
		),
		"inbox of all, unread next page": inbox(
			"SEARCH n USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)", admin, models.InboxFilter{Unread: true, Before: 9},
		),
		"badge":        count(unreadOf, member),
		"badge of all": count("SEARCH n USING INTEGER PRIMARY KEY (rowid>?)", admin),
	}
}

func (w world) hotProducts(ann int64) map[string]hot {
	list := map[string]hot{}
	for name, scope := range map[string]models.Scope{"member's": models.MemberScope(ann), "all": all} {
		for page, f := range map[string]models.ProductFilter{
			"first": {Limit: 10}, "next": {Limit: 10, Place: models.Place{Key: "a"}},
		} {
			want := "SEARCH s USING INDEX sqlite_autoindex_sources_1 (branch_id=?)"
			if f.Key != "" {
				want = "SEARCH p USING INDEX sqlite_autoindex_products_1 (name>?)"
			}
			list[name+" products, "+page] = hot{want: want, set: !scope.All(), read: func(ctx context.Context) error {
				_, err := w.s.Products(ctx, scope, f)
				return err
			}}
		}
	}
	return list
}

// hotDeliveryLog are pages of the delivery log. None reads deliveries that it does not show.
func (w world) hotDeliveryLog(ann int64) map[string]hot {
	log := func(want string, scope models.Scope, f models.DeliveryFilter) hot {
		f.Limit = 10
		return hotRead(want, func(ctx context.Context) error {
			_, err := w.s.Deliveries(ctx, scope, f)
			return err
		})
	}
	since := func(want string, scope models.Scope) hot {
		return hotRead(want, func(ctx context.Context) error {
			_, err := w.s.DeliveriesSince(ctx, scope, noon)
			return err
		})
	}
	member := models.MemberScope(ann)
	return map[string]hot{
		"log of a user": log(
			"SEARCH d USING COVERING INDEX deliveries_product (product_id=?)",
			member, models.DeliveryFilter{},
		),
		"log of a user, own": log(
			"SEARCH d USING COVERING INDEX deliveries_connection (connection_id=?)",
			member, models.DeliveryFilter{},
		),
		"log of a user, tests": log(
			"SEARCH d USING INDEX deliveries_without_product (connection_id=?)",
			member, models.DeliveryFilter{},
		),
		"failed ones of a user": log(
			"SEARCH d USING COVERING INDEX deliveries_product_state (product_id=? AND state=?)",
			member, models.DeliveryFilter{State: models.DeliveryDead},
		),
		"trouble of a user": log(
			"SEARCH d USING INDEX deliveries_product_state (product_id=? AND state=? AND id>?)",
			member, models.DeliveryFilter{Trouble: true, Since: noon},
		),
		"failed ones": log(
			"SEARCH d USING COVERING INDEX deliveries_state (state=?)",
			all, models.DeliveryFilter{State: models.DeliveryDead},
		),
		"failed ones, a connection": log(
			"SEARCH d USING INDEX deliveries_state (state=?)",
			all, models.DeliveryFilter{State: models.DeliveryDead, ConnectionID: 1},
		),
		"log since a time": log(
			"SEARCH d USING INTEGER PRIMARY KEY (rowid>?)",
			all, models.DeliveryFilter{Since: noon},
		),
		"last day":           since("SEARCH d USING INTEGER PRIMARY KEY (rowid>?)", all),
		"last day of a user": since("SEARCH d USING INDEX deliveries_product (product_id=? AND id>?)", member),
		"waiting": hotRead("SEARCH d USING INDEX deliveries_queue (connection_id=?)", func(ctx context.Context) error {
			_, err := w.s.ConnectionRow(ctx, 1)
			return err
		}),
	}
}

// hotPagesBack are the pages before a row. They read the same indexes as those after it.
func (w world) hotPagesBack(d models.Delivery) map[string]hot {
	before := func(key string) models.Place { return models.Place{Key: key, Back: true} }
	return map[string]hot{
		"products, back": hotRead(
			"SEARCH p USING INDEX sqlite_autoindex_products_1 (name<?)",
			func(ctx context.Context) error {
				_, err := w.s.Products(ctx, all, models.ProductFilter{Place: before("x"), Limit: 10})
				return err
			},
		),
		"deliveries, back": hotRead(
			"SEARCH d USING COVERING INDEX deliveries_product (product_id=? AND id>?)",
			func(ctx context.Context) error {
				_, err := w.s.Deliveries(ctx, all, models.DeliveryFilter{ProductID: d.ProductID, Place: before("1"), Limit: 10})
				return err
			},
		),
		"audit, back": hotRead("SEARCH a USING INTEGER PRIMARY KEY (rowid>?)", func(ctx context.Context) error {
			_, err := w.s.Audits(ctx, models.AuditFilter{Place: before("1"), Limit: 10})
			return err
		}),
		"runs, back": hotRead("SEARCH job_runs USING INDEX job_runs_job (job=? AND id>?)", func(ctx context.Context) error {
			_, err := w.s.JobRuns(ctx, models.RunFilter{Job: "sweep", Place: before("1"), Limit: 10})
			return err
		}),
		"exceptions, back": hotRead(
			"SEARCH g USING INDEX exception_groups_last (last_at>?)",
			func(ctx context.Context) error {
				_, err := w.s.ExceptionGroups(ctx, all, models.ExceptionFilter{Place: before("1,1"), Limit: 10})
				return err
			},
		),
		"observations, back": hotRead(
			"SEARCH o USING INDEX observations_branch (branch_id=? AND active=? AND severity<?)",
			func(ctx context.Context) error {
				_, err := w.s.Observations(ctx, all, models.ObservationFilter{BranchID: 1, Place: before("1,1"), Limit: 10})
				return err
			},
		),
	}
}
