package models_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"gatecrier/app/fault"
	"gatecrier/models"
)

// owned is a product with one of everything that a read with a scope can find.
type owned struct {
	name                                                       string
	product, branch, event, conn, delivery, finding, exception int64
	silence, source, vex                                       int64
	gate                                                       models.GateState
	state                                                      models.DeliveryState
	news                                                       []int64
}

// make fills a product. Two of them differ in their gates, in the states of their deliveries and
// in how many notifications they have: reads that only count show by these which of them they
// have seen.
func (o owned) make(w world) owned {
	w.t.Helper()
	o.product = w.product(o.name, w.user("owner of "+o.name))
	o.conn = w.connection(o.product, o.name)
	o.news = w.tell(o.product, len(o.news))
	o.event = o.news[0]
	w.delay(w.event(o.product, "notify").ID, time.Time{})
	d := w.insert(
		models.Delivery{EventID: o.event, ConnectionID: o.conn, ProductID: o.product, State: o.state, NextAt: w.s.Now()},
	)
	o.delivery = d.ID
	w.write(func(tx *models.Tx) error {
		b, err := tx.BranchByName(tx.Context(), all, o.product, "")
		if err != nil {
			return err
		}
		b.Gate, o.branch = o.gate, b.ID
		if err := tx.SaveGate(b); err != nil {
			return err
		}
		if err := tx.SaveStale(b.ID, tx.Now()); err != nil {
			return err
		}
		s := models.Source{BranchID: b.ID, Scanner: "trivy", Format: "sarif", LastReportAt: tx.Now()}
		if err := tx.SaveSource(&s); err != nil {
			return err
		}
		err = tx.InsertObservations([]models.Observation{{
			BranchID: b.ID, SourceID: s.ID, Identity: []byte{1}, Title: "CVE-1",
			ReportStatus: models.StatusOpen, Status: models.StatusOpen, FirstSeenAt: tx.Now(), ChangedAt: tx.Now(),
		}})
		if err != nil {
			return err
		}
		known, err := tx.Observations(tx.Context(), all, models.ObservationFilter{BranchID: b.ID, Limit: 1})
		if err != nil {
			return err
		}
		o.finding, o.source = known[0].ID, s.ID
		if err := tx.Assess(
			[]int64{o.finding},
			models.AssessmentInput{Action: models.ActionAssess, Status: models.StatusInReview, Actor: "ann"},
		); err != nil {
			return err
		}
		if o.exception, err = raise(tx, o.product); err != nil {
			return err
		}
		quiet := models.Silence{
			ProductID: o.product,
			Reason:    o.name,
			Author:    "ann",
			StartsAt:  tx.Now(),
			EndsAt:    tx.Now().Add(time.Hour),
		}
		if err := tx.InsertSilence(&quiet); err != nil {
			return err
		}
		o.silence = quiet.ID
		if o.vex, err = insertVEX(tx, o.product, o.name); err != nil {
			return err
		}
		return tx.InsertGateChange(
			models.GateChange{ProductID: o.product, EventID: o.event, Announced: o.event, From: models.GateNone, To: o.gate},
		)
	})
	return o
}

// holdBack sets the silence that has held a product's first notification back; nil for none.
func holdBack(ctx context.Context, s *models.Store, o owned, silence any) error {
	return s.Write(ctx, func(tx *models.Tx) error {
		_, err := tx.Exec("UPDATE notifications SET silence_id = ? WHERE event_id = ?", silence, o.event)
		return err
	})
}

// between asks for what happened to the product's observations.
func (o owned) between(what models.Between) models.BetweenFilter {
	return models.BetweenFilter{
		BranchID: o.branch,
		What:     what,
		From:     noon.Add(-time.Hour),
		To:       noon.Add(time.Hour),
		Limit:    5,
	}
}

// raise gives a product an exception, one that is merged into it, and a key to report them.
func raise(tx *models.Tx, product int64) (int64, error) {
	var ids []int64
	for _, key := range []string{"one", "other"} {
		c, err := tx.ClaimException(
			models.ExceptionReport{
				ProductID: product,
				Key:       key,
				Kind:      models.ExceptionReported,
				Class:     "E",
				Release:   "1",
				Sample:    []byte("{}"),
			},
			time.Hour,
			nil,
		)
		if err != nil {
			return 0, err
		}
		ids = append(ids, c.GroupID)
	}
	if err := tx.MergeExceptions(ids[0], ids[1:], "ann"); err != nil {
		return 0, err
	}
	members, err := tx.Members(tx.Context(), all, product)
	if err != nil {
		return 0, err
	}
	return ids[0], tx.SaveIngestKey(models.IngestKey{
		ProductID: product, Key: rand.Text(), CreatedBy: "ann", CreatedByID: members[0].UserID,
	})
}

// onlooker is the caller of a read: an inbox takes a viewer, all other reads a scope.
type onlooker struct {
	scope  models.Scope
	reader models.Viewer
}

// look reads with a scope of all it can, and says which of two products it saw.
type look func(ctx context.Context, s *models.Store, who onlooker, both []owned) ([]string, error)

// of makes a look from a read of one product at a time: a missing one is not seen.
func of(see func(ctx context.Context, s *models.Store, who onlooker, o owned) (bool, error)) look {
	return func(ctx context.Context, s *models.Store, who onlooker, both []owned) ([]string, error) {
		var seen []string
		for _, o := range both {
			ok, err := see(ctx, s, who, o)
			if err != nil && !fault.Is(err, fault.NotFound) {
				return nil, err
			}
			if ok && err == nil {
				seen = append(seen, o.name)
			}
		}
		return seen, nil
	}
}

// whose returns the names of the products for which ok holds.
func whose(both []owned, ok func(o owned) bool) []string {
	var seen []string
	for _, o := range both {
		if ok(o) {
			seen = append(seen, o.name)
		}
	}
	return seen
}

// looks has a look for each method of Store that takes a scope or a viewer.
var looks = map[string]look{
	"Product": of(func(ctx context.Context, s *models.Store, who onlooker, o owned) (bool, error) {
		p, err := s.Product(ctx, who.scope, o.product)
		return p.Name == o.name, err
	}),
	"Products": func(ctx context.Context, s *models.Store, who onlooker, both []owned) ([]string, error) {
		list, err := s.Products(ctx, who.scope, models.ProductFilter{Limit: 10})
		return whose(both, func(o owned) bool {
			return slices.ContainsFunc(list, func(p models.ProductRow) bool { return p.Name == o.name })
		}), err
	},
	"CountProducts": of(func(ctx context.Context, s *models.Store, who onlooker, o owned) (bool, error) {
		n, err := s.CountProducts(ctx, who.scope, models.ProductFilter{Name: o.name})
		return n > 0, err
	}),
	"SearchProducts": func(ctx context.Context, s *models.Store, who onlooker, both []owned) ([]string, error) {
		list, err := s.SearchProducts(ctx, who.scope, "s", 10) // both names have one
		return whose(both, func(o owned) bool {
			return slices.ContainsFunc(list, func(m models.Match) bool { return m.ID == o.product })
		}), err
	},
	"FindObservations": func(ctx context.Context, s *models.Store, who onlooker, both []owned) ([]string, error) {
		page, err := s.FindObservations(ctx, who.scope, models.FindFilter{
			Text: "CVE-1", All: true, AllBranches: true, Limit: 10, // by the index of titles: these branches have no counts
		})
		return whose(both, func(o owned) bool {
			return slices.ContainsFunc(page.Rows, func(r models.FoundObservation) bool { return r.ID == o.finding })
		}), err
	},
	"GateTally": func(ctx context.Context, s *models.Store, who onlooker, both []owned) ([]string, error) {
		tally, err := s.GateTally(ctx, who.scope, 0)
		return whose(both, func(o owned) bool { return tally[o.gate] == 1 }), err
	},
	"GateSums": func(ctx context.Context, s *models.Store, who onlooker, both []owned) ([]string, error) {
		list, err := s.GateSums(ctx, who.scope)
		return whose(both, func(o owned) bool {
			return slices.ContainsFunc(list, func(g models.GateSum) bool {
				return g.State == o.gate && g.N == 1 && g.Stale == 1
			})
		}), err
	},
	"BranchByName": of(func(ctx context.Context, s *models.Store, who onlooker, o owned) (bool, error) {
		b, err := s.BranchByName(ctx, who.scope, o.product, "main")
		return b.ID == o.branch, err
	}),
	"Branch": of(func(ctx context.Context, s *models.Store, who onlooker, o owned) (bool, error) {
		b, err := s.Branch(ctx, who.scope, o.branch)
		return b.ProductID == o.product, err
	}),
	"BranchRows": of(func(ctx context.Context, s *models.Store, who onlooker, o owned) (bool, error) {
		list, err := s.BranchRows(ctx, who.scope, models.BranchFilter{ProductID: o.product, Limit: 10})
		return len(list) > 0, err
	}),
	"Branches": of(func(ctx context.Context, s *models.Store, who onlooker, o owned) (bool, error) {
		list, err := s.Branches(ctx, who.scope, o.product)
		return len(list) > 0, err
	}),
	"Sources": of(func(ctx context.Context, s *models.Store, who onlooker, o owned) (bool, error) {
		list, err := s.Sources(ctx, who.scope, o.product)
		return len(list) > 0, err
	}),
	"SourceByID": of(func(ctx context.Context, s *models.Store, who onlooker, o owned) (bool, error) {
		source, err := s.SourceByID(ctx, who.scope, o.source)
		return source.ProductID == o.product, err
	}),
	"Observations": of(func(ctx context.Context, s *models.Store, who onlooker, o owned) (bool, error) {
		list, err := s.Observations(ctx, who.scope, models.ObservationFilter{BranchID: o.branch, Limit: 10})
		return len(list) > 0, err
	}),
	"CountObservations": of(func(ctx context.Context, s *models.Store, who onlooker, o owned) (bool, error) {
		n, err := s.CountObservations(ctx, who.scope, models.ObservationFilter{BranchID: o.branch, Limit: 10})
		return n > 0, err
	}),
	"ObservationsLike": of(func(ctx context.Context, s *models.Store, who onlooker, o owned) (bool, error) {
		list, err := s.ObservationsLike(ctx, who.scope, models.Observation{BranchID: o.branch, Title: "CVE-1"}, 10)
		return len(list) > 0, err
	}),
	"Observation": of(func(ctx context.Context, s *models.Store, who onlooker, o owned) (bool, error) {
		found, product, err := s.Observation(ctx, who.scope, o.finding)
		return found.Title == "CVE-1" && product == o.product, err
	}),
	"VEXDocuments": of(func(ctx context.Context, s *models.Store, who onlooker, o owned) (bool, error) {
		list, err := s.VEXDocuments(ctx, who.scope, o.product)
		return len(list) > 0, err
	}),
	"VEXDocument": of(func(ctx context.Context, s *models.Store, who onlooker, o owned) (bool, error) {
		found, err := s.VEXDocument(ctx, who.scope, o.vex)
		return found.Document == o.name, err
	}),
	"ExceptionGroup": of(func(ctx context.Context, s *models.Store, who onlooker, o owned) (bool, error) {
		g, err := s.ExceptionGroup(ctx, who.scope, o.exception)
		return g.ProductID == o.product, err
	}),
	"ExceptionGroups": func(ctx context.Context, s *models.Store, who onlooker, both []owned) ([]string, error) {
		list, err := s.ExceptionGroups(ctx, who.scope, models.ExceptionFilter{Limit: 10})
		return whose(both, func(o owned) bool {
			return slices.ContainsFunc(
				list, func(g models.ExceptionGroup) bool { return g.ID == o.exception && g.Product == o.name },
			)
		}), err
	},
	"CountExceptionGroups": of(func(ctx context.Context, s *models.Store, who onlooker, o owned) (bool, error) {
		n, err := s.CountExceptionGroups(ctx, who.scope, models.ExceptionFilter{ProductID: o.product})
		return n > 0, err
	}),
	"CountSilences": of(func(ctx context.Context, s *models.Store, who onlooker, o owned) (bool, error) {
		n, err := s.CountSilences(ctx, who.scope, models.SilenceFilter{IDs: []int64{o.silence}})
		return n == 1, err
	}),
	"CountDeliveries": of(func(ctx context.Context, s *models.Store, who onlooker, o owned) (bool, error) {
		n, err := s.CountDeliveries(ctx, who.scope, models.DeliveryFilter{IDs: []int64{o.delivery}})
		return n == 1, err
	}),
	"CountBranches": of(func(ctx context.Context, s *models.Store, who onlooker, o owned) (bool, error) {
		n, err := s.CountBranches(ctx, who.scope, models.BranchFilter{ProductID: o.product})
		return n > 0, err
	}),
	"Silence": of(func(ctx context.Context, s *models.Store, who onlooker, o owned) (bool, error) {
		found, err := s.Silence(ctx, who.scope, o.silence)
		return found.Reason == o.name, err
	}),
	"Silences": func(ctx context.Context, s *models.Store, who onlooker, both []owned) ([]string, error) {
		list, err := s.Silences(ctx, who.scope, models.SilenceFilter{Open: true, Limit: 10})
		return whose(both, func(o owned) bool {
			return slices.ContainsFunc(list, func(q models.Silence) bool { return q.ID == o.silence && q.ScopeName == o.name })
		}), err
	},
	"SilencedRows": of(func(ctx context.Context, s *models.Store, who onlooker, o owned) (bool, error) {
		var list []models.Notification
		err := holdBack(ctx, s, o, o.silence)
		if err == nil {
			list, err = s.SilencedRows(ctx, who.reader, o.silence, 0, 10)
		}
		return len(list) == 1, errors.Join(err, holdBack(ctx, s, o, nil))
	}),
	"IngestKey": of(func(ctx context.Context, s *models.Store, who onlooker, o owned) (bool, error) {
		_, ok, err := s.IngestKey(ctx, who.scope, o.product)
		return ok, err
	}),
	"Members": of(func(ctx context.Context, s *models.Store, who onlooker, o owned) (bool, error) {
		list, err := s.Members(ctx, who.scope, o.product)
		return len(list) > 0, err
	}),
	"MadeCredentials": of(func(ctx context.Context, s *models.Store, who onlooker, o owned) (bool, error) {
		members, err := s.Members(ctx, all, o.product)
		if err != nil {
			return false, err
		}
		for _, member := range members {
			list, err := s.MadeCredentials(ctx, who.scope, member.UserID, time.Time{}.Add(time.Hour), 10)
			if err != nil || slices.ContainsFunc(list, func(m models.MadeCredential) bool { return m.Product == o.name }) {
				return err == nil, err
			}
		}
		return false, nil
	}),
	"Event": of(func(ctx context.Context, s *models.Store, who onlooker, o owned) (bool, error) {
		e, err := s.Event(ctx, who.scope, o.event)
		return e.Product == o.name, err
	}),
	"FailedWork": of(func(ctx context.Context, s *models.Store, who onlooker, o owned) (bool, error) {
		list, err := s.FailedWork(ctx, who.scope, "notify", 0, 10)
		return slices.ContainsFunc(
			list, func(p models.FailedWork) bool {
				return p.Event.Product == o.name && p.Error == "broken" && p.Attempts == 1
			},
		), err
	}),
	"GateHistory": of(func(ctx context.Context, s *models.Store, who onlooker, o owned) (bool, error) {
		list, err := s.GateHistory(ctx, who.scope, o.product, 0, 10)
		return len(list) > 0, err
	}),
	"GateChangesAround": of(func(ctx context.Context, s *models.Store, who onlooker, o owned) (bool, error) {
		last, next, err := s.GateChangesAround(ctx, who.scope, o.product, noon)
		return last.EventID == o.event && next.EventID == 0, err
	}),
	"StaleTally": func(ctx context.Context, s *models.Store, who onlooker, both []owned) ([]string, error) {
		tally, err := s.StaleTally(ctx, who.scope)
		return whose(both, func(o owned) bool { return tally[o.gate] == 1 }), err
	},
	"ObservationsBetween": of(func(ctx context.Context, s *models.Store, who onlooker, o owned) (bool, error) {
		list, err := s.ObservationsBetween(ctx, who.scope, o.between(models.WasAssessed))
		return len(list) > 0 && list[0].ID == o.finding, err
	}),
	"TallyBetween": of(func(ctx context.Context, s *models.Store, who onlooker, o owned) (bool, error) {
		tally, err := s.TallyBetween(ctx, who.scope, o.between(models.Came))
		return tally.Total() == 1, err
	}),
	"GateSpans": func(ctx context.Context, s *models.Store, who onlooker, both []owned) ([]string, error) {
		spans, err := s.GateSpans(ctx, who.scope, ids(both), noon.Add(-time.Hour))
		return whose(both, func(o owned) bool { return len(spans[o.product]) > 0 }), err
	},
	"LastChanges": func(ctx context.Context, s *models.Store, who onlooker, both []owned) ([]string, error) {
		last, err := s.LastChanges(ctx, who.scope, ids(both))
		return whose(both, func(o owned) bool { return last[o.product].To == o.gate }), err
	},
	"Connection": of(func(ctx context.Context, s *models.Store, who onlooker, o owned) (bool, error) {
		c, err := s.Connection(ctx, who.scope, o.conn)
		return c.Name == o.name, err
	}),
	"ConnectionRowsOf": of(func(ctx context.Context, s *models.Store, who onlooker, o owned) (bool, error) {
		list, err := s.ConnectionRowsOf(ctx, who.scope, o.product)
		return len(list) > 0, err
	}),
	"Delivery": of(func(ctx context.Context, s *models.Store, who onlooker, o owned) (bool, error) {
		d, err := s.Delivery(ctx, who.scope, o.delivery)
		return d.ID == o.delivery, err
	}),
	"Deliveries": func(ctx context.Context, s *models.Store, who onlooker, both []owned) ([]string, error) {
		list, err := s.Deliveries(ctx, who.scope, models.DeliveryFilter{Limit: 10})
		return whose(both, func(o owned) bool {
			return slices.ContainsFunc(list, func(l models.DeliveryRow) bool { return l.ID == o.delivery })
		}), err
	},
	"DeliveryIDs": func(ctx context.Context, s *models.Store, who onlooker, both []owned) ([]string, error) {
		list, err := s.DeliveryIDs(ctx, who.scope, models.DeliveryFilter{Limit: 10}, 0)
		return whose(both, func(o owned) bool { return slices.Contains(list, o.delivery) }), err
	},
	"ConnectionTally": func(ctx context.Context, s *models.Store, who onlooker, both []owned) ([]string, error) {
		list, err := s.ConnectionTally(ctx, who.scope, models.DeliveryFilter{})
		return whose(both, func(o owned) bool {
			return slices.ContainsFunc(list, func(l models.ConnectionTally) bool { return l.ConnectionID == o.conn && l.N == 1 })
		}), err
	},
	"DeliveryTally": func(ctx context.Context, s *models.Store, who onlooker, both []owned) ([]string, error) {
		tally, err := s.DeliveryTally(ctx, who.scope, []int64{both[0].event, both[1].event})
		return whose(both, func(o owned) bool { return tally[o.event][o.state] == 1 }), err
	},
	"DeliveriesSince": func(ctx context.Context, s *models.Store, who onlooker, both []owned) ([]string, error) {
		tally, err := s.DeliveriesSince(ctx, who.scope, noon.Add(-time.Hour))
		return whose(both, func(o owned) bool { return tally[o.state] == 1 }), err
	},
	"DeliveriesByHour": func(ctx context.Context, s *models.Store, who onlooker, both []owned) ([]string, error) {
		list, err := s.DeliveriesByHour(ctx, who.scope, noon.Add(-time.Hour))
		return whose(both, func(o owned) bool {
			return slices.ContainsFunc(list, func(h models.HourTally) bool { return h.States[o.state] == 1 })
		}), err
	},
	"Notification": of(func(ctx context.Context, s *models.Store, who onlooker, o owned) (bool, error) {
		n, err := s.Notification(ctx, who.reader, o.event)
		return n.Product == o.name, err
	}),
	"NotifiedEvent": of(func(ctx context.Context, s *models.Store, who onlooker, o owned) (bool, error) {
		e, err := s.NotifiedEvent(ctx, who.reader, o.event)
		return e.Product == o.name, err
	}),
	"Inbox": func(ctx context.Context, s *models.Store, who onlooker, both []owned) ([]string, error) {
		list, err := s.Inbox(ctx, who.reader, models.InboxFilter{Limit: 10})
		return whose(both, func(o owned) bool {
			return slices.ContainsFunc(list, func(n models.Notification) bool { return n.Product == o.name })
		}), err
	},
	"FindInboxPage": func(ctx context.Context, s *models.Store, who onlooker, both []owned) ([]string, error) {
		page, err := s.FindInboxPage(ctx, who.reader, models.InboxFilter{Limit: 10})
		return whose(both, func(o owned) bool {
			return slices.ContainsFunc(page.Rows, func(n models.Notification) bool { return n.Product == o.name })
		}), err
	},
	"FindInboxOnTop": func(ctx context.Context, s *models.Store, who onlooker, both []owned) ([]string, error) {
		page, err := s.FindInboxOnTop(ctx, who.reader, models.InboxFilter{Limit: 10})
		return whose(both, func(o owned) bool {
			return slices.ContainsFunc(page.Rows, func(n models.Notification) bool { return n.Product == o.name })
		}), err
	},
	"RowsOnTop": func(ctx context.Context, s *models.Store, who onlooker, both []owned) ([]string, error) {
		marks := fmt.Sprintf("FROM marks WHERE user_id = %d AND event_id IN (%d, %d)",
			who.reader.UserID, both[0].event, both[1].event)
		if err := s.Write(ctx, func(tx *models.Tx) error {
			_, err := tx.Exec(fmt.Sprintf(`
				INSERT INTO marks (user_id, event_id, viewed, snoozed_until)
				SELECT %d, event_id, FALSE, 1
				FROM notifications
				WHERE event_id IN (%d, %d)
				AND EXISTS (SELECT 1 FROM users WHERE id = %d)`, // tokens are no users
				who.reader.UserID, both[0].event, both[1].event, who.reader.UserID))
			return err
		}); err != nil {
			return nil, err
		}
		list, err := s.RowsOnTop(ctx, who.reader, models.InboxFilter{})
		if err != nil {
			return nil, err
		}
		err = s.Write(ctx, func(tx *models.Tx) error { _, err := tx.Exec("DELETE " + marks); return err })
		return whose(both, func(o owned) bool {
			return slices.ContainsFunc(list, func(n models.Notification) bool { return n.Product == o.name })
		}), err
	},
	"InboxIDs": func(ctx context.Context, s *models.Store, who onlooker, both []owned) ([]string, error) {
		ids, _, err := s.InboxIDs(ctx, who.reader, models.InboxFilter{Limit: 10})
		return whose(both, func(o owned) bool { return slices.Contains(ids, o.event) }), err
	},
	"CountInbox": func(ctx context.Context, s *models.Store, who onlooker, both []owned) ([]string, error) {
		n, _, err := s.CountInbox(ctx, who.reader, models.InboxFilter{}, 10)
		return whose(both, func(o owned) bool { return n&len(o.news) != 0 }), err // 1 and 2 are bits
	},
	"ReadStates": of(func(ctx context.Context, s *models.Store, who onlooker, o owned) (bool, error) {
		list, err := s.ReadStates(ctx, who.reader, []int64{o.event})
		return len(list) == 1, err
	}),
	"CountUnread": func(ctx context.Context, s *models.Store, who onlooker, both []owned) ([]string, error) {
		n, err := s.CountUnread(ctx, who.reader, 10)
		return whose(both, func(o owned) bool { return n&len(o.news) != 0 }), err // 1 and 2 are bits
	},
}

func ids(both []owned) []int64 { return []int64{both[0].product, both[1].product} }

func TestScopes(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		people := map[string]int64{"nobody": 0}
		for _, name := range []string{
			"stranger",
			"former",
			"upload",
			"reader",
			"writer",
			"maintainer",
			"owner",
			"mixed",
			"by group",
			"upload by group",
			"by users",
			"by users in group",
			"upload and by group",
		} {
			people[name] = w.user(name)
		}
		both := []owned{
			{name: "ours", gate: models.GateFailed, state: models.DeliveryDead, news: make([]int64, 1)},
			{name: "theirs", gate: models.GatePassed, state: models.DeliveryDelivered, news: make([]int64, 2)},
		}
		for i := range both {
			// They are members before the first notification, else it counts as read.
			both[i] = both[i].withMembers(w, people)
		}
		w.leave(people["former"], both[0].product)
		for name, want := range map[string]string{
			"nobody": "", "stranger": "", "former": "", "upload": "",
			"reader": "ours", "writer": "ours", "maintainer": "ours", "owner": "ours",
			"mixed":    "theirs", // and upload in ours
			"by group": "ours", "upload by group": "", "by users": "ours", "by users in group": "ours",
			"upload and by group": "ours", // a user's rights are the union
		} {
			check(t, w, onlooker{models.MemberScope(people[name]), models.Viewer{UserID: people[name]}}, name, want, both)
		}
		admin := models.Viewer{UserID: people["stranger"], Administrator: true}
		check(t, w, onlooker{all, admin}, "administrator", "ours theirs", both)
	})
}

func (o owned) withMembers(w world, people map[string]int64) owned {
	made := o.make(w)
	if o.name == "theirs" {
		w.member(people["mixed"], made.product, models.RoleReader)
	} else {
		w.member(people["mixed"], made.product, models.RoleUpload)
		w.member(people["former"], made.product, models.RoleOwner)
		for _, r := range models.Roles() {
			w.member(people[string(r)], made.product, r)
		}
		w.member(people["upload and by group"], made.product, models.RoleUpload)
		group := w.group("group of ours", people["owner"])
		w.write(func(tx *models.Tx) error { return tx.MoveProduct(made.product, &group) })
		w.groupMember(people["by group"], group, models.RoleReader)
		w.groupMember(people["upload and by group"], group, models.RoleReader)
		w.groupMember(people["upload by group"], group, models.RoleUpload)
		w.usersIn("in product", models.Owner{ProductID: made.product}, models.RoleReader, people["by users"])
		w.usersIn("in group", models.Owner{GroupID: group}, models.RoleReader, people["by users in group"])
	}
	w.longSince()
	return made
}

func check(t *testing.T, w world, who onlooker, name, want string, both []owned) {
	t.Helper()
	for method, look := range looks {
		seen, err := look(t.Context(), w.s, who, both)
		if got := strings.Join(seen, " "); err != nil || got != want {
			t.Errorf("%s: %s sees %q, want %q, %v", method, name, got, want, err)
		}
	}
}

// A product's token sees its product, and has no inbox.
func TestScopeOfToken(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		both := []owned{
			{name: "ours", gate: models.GateFailed, state: models.DeliveryDead, news: make([]int64, 1)},
			{name: "theirs", gate: models.GatePassed, state: models.DeliveryDelivered, news: make([]int64, 2)},
		}
		for i := range both {
			both[i] = both[i].make(w)
		}
		for name, scope := range map[string]models.Scope{
			"ours":   models.ProductScope(both[0].product),
			"theirs": models.ProductScope(both[1].product),
			"":       {},
		} {
			for method, look := range looks {
				want := name
				if slices.Contains(methodsWith[models.Viewer](), method) {
					want = ""
				}
				seen, err := look(t.Context(), w.s, onlooker{scope: scope}, both)
				if got := strings.Join(seen, " "); err != nil || got != want {
					t.Errorf("%s: the token of %q sees %q, %v", method, name, got, err)
				}
			}
		}
	})
}

// A row out of scope returns the same error as a missing row.
func TestOutOfScopeIsMissing(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		o := owned{name: "ours", gate: models.GateFailed, state: models.DeliveryDead, news: make([]int64, 1)}.make(w)
		stranger := w.user("stranger")
		scope, reader := models.MemberScope(stranger), models.Viewer{UserID: stranger}
		const never = 1 << 40
		for name, get := range map[string]func(id int64) error{
			"product":      func(id int64) error { _, err := w.s.Product(t.Context(), scope, id); return err },
			"branch":       func(id int64) error { _, err := w.s.BranchByName(t.Context(), scope, id, ""); return err },
			"event":        func(id int64) error { _, err := w.s.Event(t.Context(), scope, id); return err },
			"target":       func(id int64) error { _, err := w.s.Connection(t.Context(), scope, id); return err },
			"delivery":     func(id int64) error { _, err := w.s.Delivery(t.Context(), scope, id); return err },
			"notification": func(id int64) error { _, err := w.s.Notification(t.Context(), reader, id); return err },
		} {
			id := map[string]int64{
				"product":      o.product,
				"branch":       o.product,
				"event":        o.event,
				"target":       o.conn,
				"delivery":     o.delivery,
				"notification": o.event,
			}[name]
			hidden, missing := get(id), get(never)
			if !fault.Is(hidden, fault.NotFound) || hidden.Error() != missing.Error() ||
				!strings.Contains(hidden.Error(), name) {
				t.Errorf("%s: hidden %v, missing %v", name, hidden, missing)
			}
		}
	})
}

// ofGroups are the reads of groups themselves: TestGroupScopes.
var ofGroups = []string{"Group", "Groups", "CountGroups", "SearchGroups"}

// Every read with a scope has a look.
func TestEveryScopedReadHasALook(t *testing.T) {
	have := append(methodsWith[models.Scope](), methodsWith[models.Viewer]()...)
	for _, method := range have {
		if looks[method] == nil && !slices.Contains(ofGroups, method) {
			t.Errorf("%s has no look", method)
		}
	}
	if len(have) != len(looks)+len(ofGroups) {
		t.Errorf("%d methods, %d looks", len(have), len(looks)+len(ofGroups))
	}
}

// methodsWith names Store's methods that take a T.
func methodsWith[T any]() []string {
	var list []string
	store := reflect.TypeFor[*models.Store]()
	for i := range store.NumMethod() {
		m := store.Method(i)
		for j := range m.Type.NumIn() {
			if m.Type.In(j) == reflect.TypeFor[T]() {
				list = append(list, m.Name)
			}
		}
	}
	return list
}
