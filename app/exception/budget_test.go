package exception

import (
	"testing"

	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// The notice that a key is over its budget is stored with no new counts, and does not reset those of the
// day: also another process refuses the next event.
func TestBudget_NoticeKeepsTheCounts(t *testing.T) {
	eachDatabase(t, func(t *testing.T, r *fixture) {
		const key, limit = "0123456789abcdef0123456789abcdef", 3
		p := models.Product{Name: "Shop", GateMode: models.GateStandard}
		r.write(func(tx *models.Tx) error {
			u := models.User{Name: "ann", PasswordHash: "x", Active: true}
			if err := tx.CreateUser(&u); err != nil {
				return err
			}
			if err := tx.CreateProduct(&p, "main", u.ID); err != nil {
				return err
			}
			return tx.SaveIngestKey(models.IngestKey{ProductID: p.ID, Key: key, CreatedBy: "ann"})
		})
		process := func() *Budget {
			log := event.NewLog(event.Subscription{Reader: event.ReaderNotify, Signal: event.NewSignal()})
			return NewBudget(r.store, log, func() KeyLimits { return KeyLimits{limit, limit} })
		}
		flush := func(b *Budget) {
			t.Helper()
			if err := b.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		first := process()
		for range limit {
			if err := first.Admit(t.Context(), p.ID, key); err != nil {
				t.Fatal(err)
			}
		}
		flush(first)
		for name, b := range map[string]*Budget{"the process": first, "another one": process()} {
			if err := b.Admit(t.Context(), p.ID, key); !fault.Is(err, fault.TooMany) {
				t.Errorf("%s admits more: %v", name, err)
			}
			flush(b)
			if err := b.Admit(t.Context(), p.ID, key); !fault.Is(err, fault.TooMany) {
				t.Errorf("%s admits more after the notice: %v", name, err)
			}
		}
		if n := len(r.notices()); n != 1 {
			t.Errorf("%d notices, want 1", n)
		}
	})
}
