package models_test

import (
	"slices"
	"testing"

	"gatecrier/models"
)

// found lists the names of the connections that a filter finds, in order.
func (w world) found(f models.ConnectionFilter) []string {
	w.t.Helper()
	f.Limit = 100
	list, err := w.s.Connections(w.t.Context(), f)
	if err != nil {
		w.t.Fatal(err)
	}
	names := []string{}
	for _, c := range list {
		names = append(names, c.Name)
	}
	return names
}

// The worst comes first; a connection that is back is not in trouble, even if its recovery is
// not reported yet.
func TestConnectionsInTrouble(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		ann := w.user("ann")
		product := w.product("Shop", ann)
		states := map[string]func(h *models.Health){
			"back":      func(h *models.Health) { h.BrokenAt, h.ClosedAt, h.RecoverUpTo, h.LastSuccessAt = noon, noon, 7, noon },
			"failing":   func(h *models.Health) { h.Failures, h.FailingSince = 2, noon },
			"rejecting": func(h *models.Health) { h.Rejected, h.BrokenAt = 3, noon },
			"down":      func(h *models.Health) { h.Failures, h.OpenedAt, h.ProbeAt, h.BrokenAt = 5, noon, noon, noon },
			"paused":    func(h *models.Health) { h.Failures, h.OpenedAt, h.PausedAt, h.BrokenAt = 50, noon, noon, noon },
		}
		for _, name := range []string{"back", "failing", "rejecting", "down", "paused"} {
			w.change(w.connection(product, name), states[name])
		}
		gone := w.connection(product, "gone")
		w.write(func(tx *models.Tx) error { return tx.DisableConnection(gone, "410 Gone") })

		for what, want := range map[string]struct {
			filter models.ConnectionFilter
			names  []string
		}{
			"all":         {models.ConnectionFilter{}, []string{"paused", "gone", "down", "rejecting", "failing", "back"}},
			"trouble":     {models.ConnectionFilter{Trouble: true}, []string{"paused", "gone", "down", "rejecting", "failing"}},
			"broken":      {models.ConnectionFilter{Broken: true}, []string{"paused", "gone", "down", "rejecting"}},
			"by product":  {models.ConnectionFilter{Broken: true, Text: "sHO"}, []string{"paused", "gone", "down", "rejecting"}},
			"by name":     {models.ConnectionFilter{Text: "OW"}, []string{"down"}},
			"by no joker": {models.ConnectionFilter{Text: "%"}, []string{}},
		} {
			want.filter.UserID = ann
			if got := w.found(want.filter); !slices.Equal(got, want.names) {
				t.Errorf("%s: %v, want %v", what, got, want.names)
			}
		}
		for limit, want := range map[int]int{100: 5, 3: 3} {
			if got, err := w.s.CountTrouble(t.Context(), limit); err != nil || got != want {
				t.Errorf("in trouble, at most %d: %d, %v", limit, got, err)
			}
		}
		if got := w.found(models.ConnectionFilter{UserID: w.user("eve"), Trouble: true}); len(got) != 0 {
			t.Errorf("a stranger finds %v", got)
		}
	})
}

func TestConnectionsByOwner(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		ann, eve := w.user("ann"), w.user("eve")
		w.connection(w.product("Shop", ann), "product's")
		group := w.group("Shops", ann)
		for name, c := range map[string]models.Connection{
			"group's":  {GroupID: &group},
			"ann's":    {UserID: &ann},
			"eve's":    {UserID: &eve},
			"system's": {},
		} {
			c.Name, c.Module, c.Enabled = name, "webhook", true
			w.connectionOf(c)
		}
		for owner, want := range map[models.OwnerKind][]string{
			"":                  {"ann's", "group's", "product's", "system's"},
			models.OwnerMine:    {"ann's"},
			models.OwnerProduct: {"product's"},
			models.OwnerGroup:   {"group's"},
			models.OwnerSystem:  {"system's"},
			models.OwnerShared:  {"group's", "product's", "system's"},
			"nobody":            {"ann's", "group's", "product's", "system's"},
		} {
			if got := slices.Sorted(
				slices.Values(w.found(models.ConnectionFilter{UserID: ann, All: true, Owner: owner})),
			); !slices.Equal(got, want) {
				t.Errorf("%q: an administrator finds %v, want %v", owner, got, want)
			}
			want = slices.DeleteFunc(want, func(name string) bool { return name == "system's" })
			if got := slices.Sorted(slices.Values(w.found(models.ConnectionFilter{UserID: ann, Owner: owner}))); !slices.Equal(
				got, want,
			) {
				t.Errorf("%q: a member finds %v, want %v", owner, got, want)
			}
		}
	})
}
