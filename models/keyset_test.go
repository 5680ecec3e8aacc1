package models_test

import (
	"strings"
	"testing"

	"gatecrier/models"
)

// A key has the values of one row, whatever is in them. Other texts are no keys.
func TestOrders_Keys(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a", "a,b", "50%", "a+b c", "%2C", "ä,ö\n", ""} {
		row := models.ProductRow{Product: models.Product{Name: name}, Default: models.Branch{Gate: models.GateNone}}
		for _, at := range []models.Place{{}, {Sort: models.ProductsByGate}, {Sort: models.ProductsByObservations}} {
			key := models.ProductOrders.Key(at, row)
			if want := at.Sort != "" || name != ""; models.ProductOrders.Valid(key) != want {
				t.Errorf("%q of %q, sorted by %q: valid is not %v", key, name, at.Sort, want)
			}
		}
	}
	for _, key := range []string{"", "x,y", "1,2,3", "1,%00", "1,%ff", "1,%zz", strings.Repeat("9", 30) + ",a"} {
		if models.ProductOrders.Valid(key) {
			t.Errorf("%q is a key of a product", key)
		}
	}
	if models.AuditOrders.Valid("x") || !models.AuditOrders.Valid("-1") {
		t.Error("the keys of the audit log are numbers")
	}
}
