package exception

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

func TestEachRoleCanActOnItsGroups(t *testing.T) {
	eachDatabase(t, func(t *testing.T, r *fixture) {
		w := newRoleFixture(t, r)
		acts := map[string]func(a authz.Actor, id int64) error{
			"resolve": func(a authz.Actor, id int64) error { return w.Resolve(t.Context(), a, id) },
			"reopen":  func(a authz.Actor, id int64) error { return w.Reopen(t.Context(), a, id) },
			"mute":    func(a authz.Actor, id int64) error { return w.Mute(t.Context(), a, id, noon.Add(time.Hour)) },
			"unmute":  func(a authz.Actor, id int64) error { return w.Unmute(t.Context(), a, id) },
		}
		actors := map[string]authz.Actor{
			"admin": w.admin, "owner": w.owner, "writer": w.writer, "reader": w.reader, "stranger": w.stranger,
		}
		refused := map[string]fault.Kind{"reader": fault.Forbidden, "stranger": fault.NotFound}
		for name, act := range acts {
			for who, actor := range actors {
				kind := refused[who]
				if err := act(actor, w.reported); err != nil && fault.KindOf(err) != kind || (err == nil) != (kind == 0) {
					t.Errorf("%s can %s: %v", who, name, err)
				}
				for _, id := range []int64{w.request, w.own} {
					if err := act(actor, id); who != "admin" && !fault.Is(err, fault.NotFound) || who == "admin" && err != nil {
						t.Errorf("%s can %s a group of administrators: %v", who, name, err)
					}
				}
			}
		}
		for _, who := range []authz.Actor{w.writer, w.reader} {
			if err := w.Delete(t.Context(), who, w.reported); !fault.Is(err, fault.Forbidden) {
				t.Errorf("%s deletes: %v", who.Label, err)
			}
		}
		rights, err := w.May(t.Context(), w.writer, Group{ExceptionGroup: r.group(w.reported)})
		if err != nil || !rights.Assess || rights.Delete {
			t.Errorf("%+v, %v", rights, err)
		}
		if err := w.Delete(t.Context(), w.owner, w.reported); err != nil {
			t.Error(err)
		}
		got := r.report(Report{
			Kind:      models.ExceptionReported,
			ProductID: w.product,
			Class:     "ValueError",
			Message:   secret,
			Frames:    []Frame{{Module: "shop", Function: "pay4711", InApp: true}},
		})
		if !got.Notified || got.Group == w.reported {
			t.Errorf("a deleted group is not new: %+v", got)
		}
		filter := models.AuditFilter{ProductID: w.product, Kind: string(audit.Exception), Limit: 100}
		rows, err := r.store.Audits(t.Context(), filter)
		if err != nil || len(rows) < 5 || rows[0].Action != "delete" {
			t.Errorf("%d rows of the audit, %v", len(rows), err)
		}
		for _, row := range rows {
			text, _ := json.Marshal(row) //nolint:errcheck,errchkjson // it is a struct of texts
			if strings.Contains(string(text), "4711") {
				t.Errorf("the audit log has a message: %s", text)
			}
		}
	})
}

// An action on a group affects its next report at once, although its window is in memory.
func TestActionsAffectNextReport(t *testing.T) {
	eachDatabase(t, func(t *testing.T, r *fixture) {
		w := newRoleFixture(t, r)
		again := func() Result {
			return r.report(Report{
				Kind:      models.ExceptionReported,
				ProductID: w.product,
				Class:     "ValueError",
				Message:   "x",
				Frames:    []Frame{{Module: "shop", Function: "pay4711", InApp: true}},
			})
		}
		if got := again(); got.Group != w.reported || got.Notified {
			t.Fatalf("%+v", got)
		}
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(w.Resolve(t.Context(), w.writer, w.reported))
		if got := again(); !got.Notified {
			t.Error("a resolved group does not notify")
		}
		must(w.Mute(t.Context(), w.writer, w.reported, noon.Add(3*time.Hour)))
		r.clock.Advance(2 * time.Hour)
		if got := again(); got.Notified {
			t.Error("a muted group notifies")
		}
		must(w.Unmute(t.Context(), w.writer, w.reported))
		if got := again(); !got.Notified {
			t.Error("no notification after the unmute")
		}
		valid := map[time.Duration]bool{
			-time.Hour: false, 0: false, 20 * 366 * 24 * time.Hour: false, time.Hour: true,
		}
		for until, want := range valid {
			if err := w.Mute(t.Context(), w.writer, w.reported, r.clock.Now().Add(until)); (err == nil) != want ||
				err != nil && fault.FieldsOf(err)[0].Name != "muted_until" {
				t.Errorf("muted for %s: %v", until, err)
			}
		}
	})
}

func TestMergeAndSplitAffectNextReport(t *testing.T) {
	eachDatabase(t, func(t *testing.T, r *fixture) {
		w := newRoleFixture(t, r)
		different := Report{Kind: models.ExceptionReported, ProductID: w.product, Class: "Other", Message: "x"}
		other := r.report(different).Group
		invalid := map[string][]int64{
			"none":            nil,
			"itself":          {w.reported},
			"another kind":    {w.task},
			"one unseen":      {w.request},
			"another product": {w.own},
			"one gone":        {4711},
		}
		for name, groups := range invalid {
			if err := w.Merge(t.Context(), w.writer, w.reported, groups); !fault.Is(err, fault.Invalid) ||
				fault.FieldsOf(err)[0].Name != "groups" {
				t.Errorf("merged with %s: %v", name, err)
			}
		}
		if err := w.Merge(t.Context(), w.writer, w.reported, []int64{other, other}); err != nil {
			t.Fatal(err)
		}
		if got := r.report(different); got.Group != w.reported {
			t.Errorf("%+v", got)
		}
		d, err := w.Get(t.Context(), w.reader, w.reported)
		if err != nil || len(d.Merges) != 1 || d.Hours[23] == 0 {
			t.Fatalf("%+v, %v", d, err)
		}
		if err := w.Split(t.Context(), w.writer, w.reported, d.Merges[0].Key); err != nil {
			t.Fatal(err)
		}
		if got := r.report(different); got.Group == w.reported || !got.Notified {
			t.Errorf("%+v", got)
		}
		if err := w.Split(t.Context(), w.writer, w.reported, "none"); !fault.Is(err, fault.NotFound) {
			t.Errorf("%v", err)
		}
	})
}
