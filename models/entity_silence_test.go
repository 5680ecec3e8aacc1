package models_test

import (
	"slices"
	"testing"
	"time"

	"gatecrier/app/fault"
	"gatecrier/models"
)

func (w world) silence(s models.Silence) models.Silence {
	w.t.Helper()
	s.Reason, s.Author = "maintenance", "ann"
	w.write(func(tx *models.Tx) error { return tx.InsertSilence(&s) })
	return s
}

func silenceIDs(list []models.Silence) []int64 {
	ids := []int64{}
	for _, s := range list {
		ids = append(ids, s.ID)
	}
	return ids
}

func TestSilences(t *testing.T) {
	t.Parallel()
	each(t, silencesOf)
}

func silencesOf(t *testing.T, w world) {
	ann := w.user("ann")
	ours, theirs := w.product("ours", ann), w.product("theirs", w.user("bob"))
	group := w.group("group", ann)
	w.write(func(tx *models.Tx) error {
		_, err := tx.Exec("UPDATE products SET group_id = ? WHERE id = ?", group, ours)
		return err
	})
	now := w.s.Now()
	hour := func(n int) time.Time { return now.Add(time.Duration(n) * time.Hour) }
	past := w.silence(models.Silence{ProductID: ours, StartsAt: hour(-2), EndsAt: hour(-1)})
	own := w.silence(models.Silence{ProductID: ours, StartsAt: hour(-1), EndsAt: hour(1)})
	later := w.silence(models.Silence{ProductID: theirs, StartsAt: hour(1), EndsAt: hour(2)})
	ofGroup := w.silence(models.Silence{GroupID: group, StartsAt: now, EndsAt: hour(1)})
	ofAll := w.silence(models.Silence{StartsAt: now, EndsAt: hour(1)})

	for name, test := range map[string]struct {
		f     models.SilenceFilter
		scope models.Scope
		want  []int64
	}{
		"all":                 {models.SilenceFilter{}, all, []int64{ofAll.ID, ofGroup.ID, later.ID, own.ID, past.ID}},
		"open":                {models.SilenceFilter{Open: true}, all, []int64{ofAll.ID, ofGroup.ID, later.ID, own.ID}},
		"active":              {models.SilenceFilter{State: models.SilenceActive}, all, []int64{ofAll.ID, ofGroup.ID, own.ID}},
		"scheduled":           {models.SilenceFilter{State: models.SilenceScheduled}, all, []int64{later.ID}},
		"ended":               {models.SilenceFilter{State: models.SilenceEnded}, all, []int64{past.ID}},
		"of a product":        {models.SilenceFilter{ProductID: ours, Open: true}, all, []int64{ofAll.ID, ofGroup.ID, own.ID}},
		"next page":           {models.SilenceFilter{Before: later.ID}, all, []int64{own.ID, past.ID}},
		"some":                {models.SilenceFilter{IDs: []int64{own.ID, ofAll.ID}}, all, []int64{ofAll.ID, own.ID}},
		"a member sees":       {models.SilenceFilter{}, models.MemberScope(ann), []int64{ofGroup.ID, own.ID, past.ID}},
		"nobody sees nothing": {models.SilenceFilter{}, models.Scope{}, []int64{}},
	} {
		test.f.Limit = 10
		list, err := w.s.Silences(t.Context(), test.scope, test.f)
		if got := silenceIDs(list); err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v, %v", name, got, test.want, err)
		}
	}
	if n, err := w.s.OpenSilences(t.Context(), ours, 0); n != 1 || err != nil {
		t.Errorf("%d are open, %v", n, err)
	}

	// What happened before an end is held, whenever it is routed.
	within := func(first, last time.Time, want ...int64) {
		t.Helper()
		list, err := w.s.SilencesWithin(t.Context(), first, last)
		if got := silenceIDs(list); err != nil || !slices.Equal(got, want) {
			t.Errorf("%v, want %v, %v", got, want, err)
		}
	}
	within(hour(-2), hour(-2).Add(time.Minute), past.ID)
	within(now, now, own.ID, ofGroup.ID, ofAll.ID)
	within(hour(1), hour(1), later.ID)

	// It ends once, and what has ended is not changed.
	end := func(s models.Silence, want bool) {
		t.Helper()
		w.write(func(tx *models.Tx) error {
			if first, err := tx.EndSilence(s.ID); err != nil || first != want {
				t.Errorf("the first: %v, %v", first, err)
			}
			return nil
		})
	}
	end(own, false) // it goes on
	end(past, true)
	end(past, false)
	stale := own
	w.write(func(tx *models.Tx) error { own.EndedBy = "ann"; return tx.SaveSilence(&own) })
	for _, s := range []models.Silence{stale, past} {
		if err := w.s.Write(t.Context(), func(tx *models.Tx) error { return tx.SaveSilence(&s) }); !fault.Is(
			err, fault.Conflict,
		) {
			t.Errorf("%v", err)
		}
	}
	within(hour(-2), hour(-2).Add(time.Minute), past.ID) // it ended only now

	// What it has held, and that to be routed first.
	news := w.tell(ours, 3)
	w.write(func(tx *models.Tx) error {
		_, err := tx.Exec("UPDATE notifications SET silence_id = ? WHERE event_id IN (?, ?)", own.ID, news[0], news[1])
		return err
	})
	held, err := w.s.HeldBy(t.Context(), []int64{own.ID, past.ID})
	if err != nil || held[own.ID] != (models.SilencedCounts{Rows: 2, Products: 1}) ||
		held[past.ID] != (models.SilencedCounts{}) {
		t.Errorf("%v, %v", held, err)
	}
	if list, err := w.s.HeldRows(
		t.Context(), models.Viewer{UserID: ann}, own.ID, news[1], 10,
	); err != nil || len(list) != 1 ||
		list[0].EventID != news[0] {
		t.Errorf("%v, %v", list, err)
	}
	unrouted := func(want bool) {
		t.Helper()
		if waits, err := w.s.UnroutedEvents(t.Context(), "notify", hour(1)); err != nil || waits != want {
			t.Errorf("unrouted: %v, %v", waits, err)
		}
	}
	unrouted(false)
	e := w.event(ours, "notify")
	unrouted(true)
	w.finish("notify", e.ID)
	unrouted(false)

	// It goes with its product; what it has held stays.
	if err := w.deleteProduct(theirs); err != nil {
		t.Fatal(err)
	}
	if n := w.count("silences"); n != 4 {
		t.Errorf("%d silences", n)
	}
}
