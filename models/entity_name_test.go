package models_test

import (
	"testing"

	"gatecrier/app/fault"
	"gatecrier/models"
)

// A name in Unicode's composed form and in the decomposed one, which look the same.
const (
	composed   = "K\u00e4se"
	decomposed = "Ka\u0308se"
)

// Earlier versions stored names as they were typed: such users go on signing in, and get no look-alike.
func TestUserByName_FindsAllForms(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		old := models.User{Name: "old", Active: true}
		w.write(func(tx *models.Tx) error {
			old.ID = 0
			if err := tx.CreateUser(&old); err != nil {
				return err
			}
			old.Name = decomposed
			return tx.SaveUser(&old)
		})
		for _, typed := range []string{composed, decomposed, "k\u00e4se", "KA\u0308SE"} {
			if u, err := w.s.UserByName(t.Context(), typed); err != nil || u.ID != old.ID {
				t.Errorf("%+q finds %+q: %v", typed, u.Name, err)
			}
			w.write(func(tx *models.Tx) error {
				if err := tx.CreateUser(&models.User{Name: typed}); !fault.Is(err, fault.Invalid) {
					t.Errorf("a second user %+q: %v", typed, err)
				}
				return nil
			})
		}
		if _, err := w.s.UserByName(t.Context(), "Kase"); !fault.Is(err, fault.NotFound) {
			t.Errorf("another name: %v", err)
		}
		if in, err := known(w, composed); err != nil || in {
			t.Fatalf("known before the sign-in: %v, %v", in, err)
		}
		w.write(func(tx *models.Tx) error { return tx.Remember(old.ID, models.KnownNetwork, "10.0.0.0/24") })
		if in, err := known(w, composed); err != nil || !in {
			t.Errorf("not known after the sign-in: %v, %v", in, err)
		}
		// Twins of earlier versions stay two: each is found by what is typed.
		twin := models.User{Name: "twin", Active: true}
		w.write(func(tx *models.Tx) error {
			twin.ID = 0
			if err := tx.CreateUser(&twin); err != nil {
				return err
			}
			twin.Name = composed
			return tx.SaveUser(&twin)
		})
		for typed, want := range map[string]int64{composed: twin.ID, decomposed: old.ID} {
			if u, err := w.s.UserByName(t.Context(), typed); err != nil || u.ID != want {
				t.Errorf("of the twins, %+q finds %+q: %v", typed, u.Name, err)
			}
		}
	})
}

func known(w world, name string) (bool, error) {
	byNetwork, _, err := w.s.Known(w.t.Context(), name, "10.0.0.0/24", "")
	return byNetwork, err
}

func TestProductNames_FormsAreOneName(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		ann, eve := w.user("ann"), w.user("eve")
		old := w.product(decomposed, ann)
		find := func(scope models.Scope, name string) []string {
			rows, err := w.s.Products(t.Context(), scope, models.ProductFilter{Name: name, Limit: 10})
			if err != nil {
				t.Fatal(err)
			}
			var found []string
			for _, r := range rows {
				found = append(found, r.Name)
			}
			return found
		}
		for _, typed := range []string{composed, decomposed} {
			if got := find(models.MemberScope(ann), typed); len(got) != 1 {
				t.Errorf("%+q finds %+q", typed, got)
			}
			if got := find(models.MemberScope(eve), typed); len(got) != 0 {
				t.Errorf("a stranger finds %+q", got)
			}
			w.write(func(tx *models.Tx) error {
				if err := tx.CheckProductName(typed, 0); !fault.Is(err, fault.Invalid) {
					t.Errorf("a second product %+q: %v", typed, err)
				}
				if sees, err := tx.SeesProductNamed(models.MemberScope(ann), typed); err != nil || !sees {
					t.Errorf("sees %+q: %v, %v", typed, sees, err)
				}
				return tx.CheckProductName(typed, old)
			})
		}
		// A twin of an earlier version: each is found by what is typed, and can be edited.
		twin := w.product("twin", ann)
		w.write(func(tx *models.Tx) error {
			_, err := tx.Exec("UPDATE products SET name = ? WHERE id = ?", composed, twin)
			return err
		})
		for _, typed := range []string{composed, decomposed} {
			if got := find(models.SystemScope("a test"), typed); len(got) != 1 || got[0] != typed {
				t.Errorf("of the twins, %+q finds %+q", typed, got)
			}
		}
		w.write(func(tx *models.Tx) error { return tx.CheckProductName(composed, twin) })
	})
}
