package models_test

import (
	"fmt"
	"strings"
	"testing"

	"gatecrier/models"
	"gatecrier/models/modelstest"
)

var byGate = models.Place{Sort: models.ProductsByGate}

// Failed gates come first, in pages that leave nothing out and repeat nothing.
func TestWorstProductsFirst(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		ann := w.user("ann")
		states := []models.GateState{models.GatePassed, models.GateFailed, models.GateNone}
		for i := range 12 {
			id := w.product(fmt.Sprintf("p%02d", i), ann)
			w.write(func(tx *models.Tx) error {
				g, err := tx.GateOf(id, "")
				if err != nil {
					return err
				}
				g.Branch.Gate = states[i%3]
				return tx.SaveGate(g.Branch)
			})
		}
		var order []string
		for f := (models.ProductFilter{Place: byGate, Limit: 5}); ; {
			rows, err := w.s.Products(t.Context(), all, f)
			if err != nil {
				t.Fatal(err)
			}
			if len(rows) == 0 {
				break
			}
			for _, r := range rows {
				order = append(order, r.Name)
				f.Key = models.ProductOrders.Key(byGate, r)
			}
		}
		if got, want := strings.Join(order, " "), "p01 p04 p07 p10 p02 p05 p08 p11 p00 p03 p06 p09"; got != want {
			t.Errorf("order %s, want %s", got, want)
		}
	})
}

// BenchmarkWorstProducts reads a page of 50 of 10,000 products, failed gates first.
func BenchmarkWorstProducts(b *testing.B) {
	s := sqliteProducts(b, 10_000)
	for b.Loop() {
		if rows, err := s.Products(b.Context(), all, models.ProductFilter{Place: byGate, Limit: 51}); err != nil ||
			len(rows) != 51 {
			b.Fatalf("%d rows, %v", len(rows), err)
		}
	}
}

func sqliteProducts(b *testing.B, n int) *models.Store {
	b.Helper()
	s := modelstest.SQLite(b)
	write(b, s, func(tx *models.Tx) error {
		u := models.User{Name: "ann", Active: true}
		if err := tx.CreateUser(&u); err != nil {
			return err
		}
		for i := range n {
			p := models.Product{Name: fmt.Sprintf("product %05d", i), GateMode: models.GateStandard}
			if err := tx.CreateProduct(&p, "main", u.ID); err != nil {
				return err
			}
		}
		return nil
	})
	return s
}
