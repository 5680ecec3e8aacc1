package models_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// precise is a time in a zone of its own and finer than a microsecond, stored the same time as it
// comes back.
var (
	precise = time.Date(2026, 3, 1, 13, 30, 15, 123456789, time.FixedZone("CET", 3600))
	stored  = time.Date(2026, 3, 1, 12, 30, 15, 123456000, time.UTC)
)

// timed makes one of each entity, all at one time, and returns the times that come back.
func (w world) timed() map[string]time.Time {
	w.t.Helper()
	ann := w.user("ann")
	product := w.product("ours", ann)
	conn := w.connection(product, "a")
	token := models.Token{UserID: &ann, Name: "ci", Hash: []byte("h"), ExpiresAt: precise}
	e := models.Event{UUID: "u", Type: "gate.changed", Version: 1, ProductID: product, At: precise, Payload: []byte("{}")}
	d := models.Delivery{
		UUID:         "u",
		Origin:       models.OriginTest,
		ConnectionID: conn,
		ProductID:    product,
		State:        models.DeliverySending,
		NextAt:       precise,
		LockedUntil:  precise,
		CreatedAt:    precise,
		FinishedAt:   precise,
		Claim:        "one",
	}
	var branch models.Branch
	w.write(func(tx *models.Tx) (err error) {
		token.ID = 0
		if err := tx.CreateToken(&token); err != nil {
			return err
		}
		if err := tx.TouchTokens(map[int64]time.Time{token.ID: precise}); err != nil {
			return err
		}
		if err := tx.InsertEvent(&e); err != nil {
			return err
		}
		if err := tx.InsertGateChange(
			models.GateChange{ProductID: product, EventID: e.ID, Announced: e.ID, From: models.GateNone, To: models.GatePassed},
		); err != nil {
			return err
		}
		if err := tx.InsertNotification(models.Notification{EventID: e.ID, ProductID: product, At: precise}); err != nil {
			return err
		}
		if _, err := tx.InsertDelivery(&d); err != nil {
			return err
		}
		branch, err = tx.BranchByName(tx.Context(), all, product, "")
		return err
	})
	found := w.scanned(branch)
	got, err := w.s.Delivery(w.t.Context(), all, d.ID)
	w.no(err)
	found["delivery next"] = got.NextAt
	found["delivery locked"] = got.LockedUntil
	found["delivery created"] = got.CreatedAt
	found["delivery finished"] = got.FinishedAt
	w.settle(d, "one", models.DeliveryDelivered, &models.Attempt{At: precise})
	attempts, err := w.s.AttemptsOf(w.t.Context(), d)
	w.no(err)
	found["attempt"] = attempts[0].At
	for _, read := range []func(map[string]time.Time, int64, int64){w.timesOfProduct, w.timesOfNews} {
		read(found, product, ann)
	}
	bearer := models.Token{}
	w.no(w.s.DB(w.t.Context()).Take(&bearer, "id = ?", token.ID).Error)
	found["token created"] = bearer.CreatedAt
	found["token expires"] = bearer.ExpiresAt
	found["token used"] = bearer.LastUsedAt
	return found
}

func (w world) no(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// scanned is a branch with a report.
func (w world) scanned(b models.Branch) map[string]time.Time {
	w.t.Helper()
	w.write(func(tx *models.Tx) error {
		b.Since = precise
		if err := tx.SaveGate(b); err != nil {
			return err
		}
		s := models.Source{BranchID: b.ID, Scanner: "trivy", LastReportAt: precise}
		if err := tx.SaveSource(&s); err != nil {
			return err
		}
		o := models.Observation{
			BranchID:     b.ID,
			SourceID:     s.ID,
			Identity:     []byte{1},
			Status:       models.StatusOpen,
			ReportStatus: models.StatusOpen,
			FirstSeenAt:  precise,
			ChangedAt:    precise,
		}
		return tx.InsertObservations([]models.Observation{o})
	})
	list, err := w.s.Observations(w.t.Context(), all, models.ObservationFilter{BranchID: b.ID, Limit: 1})
	w.no(err)
	o := list[0]
	if !o.ResolvedAt.IsZero() {
		w.t.Errorf("resolved at %v, which it was never", o.ResolvedAt)
	}
	o.ResolvedAt = precise
	w.write(func(tx *models.Tx) error { return tx.UpdateObservation(o) })
	list, err = w.s.Observations(w.t.Context(), all, models.ObservationFilter{BranchID: b.ID, Limit: 1})
	w.no(err)
	return map[string]time.Time{
		"first seen": list[0].FirstSeenAt,
		"changed":    list[0].ChangedAt,
		"resolved":   list[0].ResolvedAt,
	}
}

func (w world) timesOfProduct(found map[string]time.Time, product, _ int64) {
	p, err := w.s.Product(w.t.Context(), all, product)
	w.no(err)
	found["product created"], found["product updated"], found["last report"] = p.CreatedAt, p.UpdatedAt, p.LastReportAt
	found["branch created"], found["gate since"] = p.Default.CreatedAt, p.Default.Since
	sources, err := w.s.Sources(w.t.Context(), all, product)
	w.no(err)
	found["source"] = sources[0].LastReportAt
	targets, err := w.s.ConnectionRowsOf(w.t.Context(), all, product)
	w.no(err)
	found["target created"], found["target updated"] = targets[0].CreatedAt, targets[0].UpdatedAt
	members, err := w.s.Members(w.t.Context(), all, product)
	w.no(err)
	found["member"] = members[0].CreatedAt
}

func (w world) timesOfNews(found map[string]time.Time, product, user int64) {
	u, err := w.s.User(w.t.Context(), user)
	w.no(err)
	found["user created"], found["user updated"] = u.CreatedAt, u.UpdatedAt
	history, err := w.s.GateHistory(w.t.Context(), all, product, 0, 1)
	w.no(err)
	found["gate change"] = history[0].At
	e, err := w.s.Event(w.t.Context(), all, history[0].EventID)
	w.no(err)
	found["event"] = e.At
	n, err := w.s.Notification(w.t.Context(), models.Viewer{UserID: user}, e.ID)
	w.no(err)
	found["notification"] = n.At
}

// Each time comes back as it was stored, in UTC and to the microsecond, the same from both
// databases.
func TestTimesOfEntities(t *testing.T) {
	seen := map[models.Dialect]map[string]time.Time{}
	modelstest.EachAt(t, func() time.Time { return precise }, func(t *testing.T, s *models.Store) {
		w := world{t: t, s: s}
		got := w.timed()
		seen[s.Dialect()] = got
		for name, at := range got {
			if at != stored { // the same instant, and the same zone
				t.Errorf("%s: %v, want %v", name, at, stored)
			}
		}
		var raw int64
		w.no(s.Get(t.Context(), "SELECT at FROM events", nil, &raw))
		if raw != precise.UnixMicro() {
			t.Errorf("stored as %d, want microseconds: %d", raw, precise.UnixMicro())
		}
	})
	if diff := cmp.Diff(seen[models.SQLite], seen[models.Postgres]); diff != "" || len(seen[models.SQLite]) != 25 {
		t.Errorf("of %d times, - is SQLite's, + is PostgreSQL's: %s", len(seen[models.SQLite]), diff)
	}
}

// Times that differ by a microsecond stay apart, wherever they are compared.
func TestMicrosecondsCount(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		product := w.product("ours", w.user("ann"))
		conn := w.connection(product, "a")
		for i := range 3 {
			w.clock.Advance(time.Microsecond)
			if d := w.test(conn, product); w.stored(d.ID).CreatedAt != noon.Add(time.Duration(i+1)*time.Microsecond) {
				t.Errorf("made at %v", w.stored(d.ID).CreatedAt)
			}
		}
		for since, want := range map[time.Duration]int{1: 3, 2: 2, 3: 1, 4: 0} {
			f := models.DeliveryFilter{Since: noon.Add(since * time.Microsecond), Limit: 10}
			list, err := w.s.Deliveries(t.Context(), all, f)
			if err != nil || len(list) != want {
				t.Errorf("since %d: %d deliveries, want %d, %v", since, len(list), want, err)
			}
		}
	})
}
