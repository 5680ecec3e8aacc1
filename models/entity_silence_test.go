package models_test

import (
	"slices"
	"strconv"
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

// silences are silences of two products, a group and all products, at times around now.
type silences struct {
	w                                world
	ann, ours, theirs                int64
	past, own, later, ofGroup, ofAll models.Silence
}

func (s silences) hour(n int) time.Time { return s.w.s.Now().Add(time.Duration(n) * time.Hour) }

func newSilences(w world) silences {
	w.t.Helper()
	s := silences{w: w, ann: w.user("ann")}
	s.ours, s.theirs = w.product("ours", s.ann), w.product("theirs", w.user("bob"))
	group := w.group("group", s.ann)
	w.write(func(tx *models.Tx) error {
		_, err := tx.Exec("UPDATE products SET group_id = ? WHERE id = ?", group, s.ours)
		return err
	})
	now := w.s.Now()
	s.past = w.silence(models.Silence{ProductID: s.ours, StartsAt: s.hour(-2), EndsAt: s.hour(-1)})
	s.own = w.silence(models.Silence{ProductID: s.ours, StartsAt: s.hour(-1), EndsAt: s.hour(1)})
	s.later = w.silence(models.Silence{ProductID: s.theirs, StartsAt: s.hour(1), EndsAt: s.hour(2)})
	s.ofGroup = w.silence(models.Silence{GroupID: group, StartsAt: now, EndsAt: s.hour(1)})
	s.ofAll = w.silence(models.Silence{StartsAt: now, EndsAt: s.hour(1)})
	return s
}

func (s silences) within(t *testing.T, first, last time.Time, want ...int64) {
	t.Helper()
	list, err := s.w.s.SilencesWithin(t.Context(), first, last)
	if got := silenceIDs(list); err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, want %v, %v", got, want, err)
	}
}

func TestSilences(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w world) {
		s := newSilences(w)
		s.areListed(t)
		s.end(t)
		s.holdNotifications(t)
	})
}

func (s silences) areListed(t *testing.T) {
	t.Helper()
	type filter = models.SilenceFilter
	later := strconv.FormatInt(s.later.ID, 10)
	for name, test := range map[string]struct {
		f     filter
		scope models.Scope
		want  []int64
	}{
		"all":                 {filter{}, all, []int64{s.ofAll.ID, s.ofGroup.ID, s.later.ID, s.own.ID, s.past.ID}},
		"open":                {filter{Open: true}, all, []int64{s.ofAll.ID, s.ofGroup.ID, s.later.ID, s.own.ID}},
		"active":              {filter{State: models.SilenceActive}, all, []int64{s.ofAll.ID, s.ofGroup.ID, s.own.ID}},
		"scheduled":           {filter{State: models.SilenceScheduled}, all, []int64{s.later.ID}},
		"ended":               {filter{State: models.SilenceEnded}, all, []int64{s.past.ID}},
		"of a product":        {filter{ProductID: s.ours, Open: true}, all, []int64{s.ofAll.ID, s.ofGroup.ID, s.own.ID}},
		"next page":           {filter{Place: models.Place{Key: later}}, all, []int64{s.own.ID, s.past.ID}},
		"some":                {filter{IDs: []int64{s.own.ID, s.ofAll.ID}}, all, []int64{s.ofAll.ID, s.own.ID}},
		"a member sees":       {filter{}, models.MemberScope(s.ann), []int64{s.ofGroup.ID, s.own.ID, s.past.ID}},
		"nobody sees nothing": {filter{}, models.Scope{}, []int64{}},
	} {
		test.f.Limit = 10
		list, err := s.w.s.Silences(t.Context(), test.scope, test.f)
		if got := silenceIDs(list); err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v, %v", name, got, test.want, err)
		}
	}
	if n, err := s.w.s.OpenSilences(t.Context(), s.ours, 0); n != 1 || err != nil {
		t.Errorf("%d are open, %v", n, err)
	}
}

// A silence ends once, and cannot be edited after its end. An event from before the end is
// silenced, if it is routed before the end is announced.
func (s silences) end(t *testing.T) {
	t.Helper()
	now := s.w.s.Now()
	s.within(t, s.hour(-2), s.hour(-2).Add(time.Minute), s.past.ID)
	s.within(t, now, now, s.own.ID, s.ofGroup.ID, s.ofAll.ID)
	s.within(t, s.hour(1), s.hour(1), s.later.ID)

	end := func(one models.Silence, want bool) {
		t.Helper()
		s.w.write(func(tx *models.Tx) error {
			if first, err := tx.EndSilence(one.ID); err != nil || first != want {
				t.Errorf("the first: %v, %v", first, err)
			}
			return nil
		})
	}
	end(s.own, false) // it has not ended
	end(s.past, true)
	end(s.past, false)
	stale := s.own
	s.w.write(func(tx *models.Tx) error { s.own.EndedBy = "ann"; return tx.SaveSilence(&s.own) })
	for _, one := range []models.Silence{stale, s.past} {
		if err := s.w.s.Write(t.Context(), func(tx *models.Tx) error { return tx.SaveSilence(&one) }); !fault.Is(
			err, fault.Conflict,
		) {
			t.Errorf("%v", err)
		}
	}
	s.within(t, s.hour(-2), s.hour(-2).Add(time.Minute)) // its end is announced
}

// Deleting a product deletes its silences, not the notifications that they silenced.
func (s silences) holdNotifications(t *testing.T) {
	t.Helper()
	news := s.w.tell(s.ours, 3)
	s.w.write(func(tx *models.Tx) error {
		_, err := tx.Exec("UPDATE notifications SET silence_id = ? WHERE event_id IN (?, ?)", s.own.ID, news[0], news[1])
		return err
	})
	held, err := s.w.s.SilencedBy(t.Context(), []int64{s.own.ID, s.past.ID})
	if err != nil || held[s.own.ID] != (models.SilencedCounts{Rows: 2, Products: 1}) ||
		held[s.past.ID] != (models.SilencedCounts{}) {
		t.Errorf("%v, %v", held, err)
	}
	if list, err := s.w.s.SilencedRows(
		t.Context(), models.Viewer{UserID: s.ann}, s.own.ID, news[1], 10,
	); err != nil || len(list) != 1 ||
		list[0].EventID != news[0] {
		t.Errorf("%v, %v", list, err)
	}
	unrouted := func(want bool) {
		t.Helper()
		if waits, err := s.w.s.UnroutedEvents(t.Context(), "notify", s.hour(1)); err != nil || waits != want {
			t.Errorf("unrouted: %v, %v", waits, err)
		}
	}
	unrouted(false)
	e := s.w.event(s.ours, "notify")
	unrouted(true)
	s.w.finish("notify", e.ID)
	unrouted(false)

	if err := s.w.deleteProduct(s.theirs); err != nil {
		t.Fatal(err)
	}
	if n := s.w.count("silences"); n != 4 {
		t.Errorf("%d silences", n)
	}
}
