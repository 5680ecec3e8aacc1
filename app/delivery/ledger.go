package delivery

import (
	"context"

	"gatecrier/app/authz"
	"gatecrier/models"
)

// Ledger reads what was sent.
type Ledger struct {
	store *models.Store
}

// NewLedger returns the ledger of a store.
func NewLedger(store *models.Store) *Ledger { return &Ledger{store: store} }

// List lists the deliveries that the actor may see, newest first. Where they
// went is for those who may edit that.
func (l *Ledger) List(ctx context.Context, actor authz.Actor, f models.LedgerFilter) ([]models.LedgerRow, error) {
	list, err := l.store.Ledger(ctx, actor.Scope(), f)
	if err != nil {
		return nil, err
	}
	products := make([]int64, len(list))
	for i, row := range list {
		products[i] = row.ProductID
	}
	may, err := authz.Among(ctx, l.store, actor, authz.Edit, products)
	for i, row := range list {
		if !may[row.ProductID] {
			list[i].Hint = ""
		}
	}
	return list, err
}

// Entry is a delivery with its attempts.
type Entry struct {
	models.LedgerRow
	Attempts []models.Attempt
}

// Get finds a delivery that the actor may see. Answers are for those who may
// edit the target; from private addresses, for administrators alone.
func (l *Ledger) Get(ctx context.Context, actor authz.Actor, id int64) (Entry, error) {
	row, err := l.store.Delivery(ctx, actor.Scope(), id)
	if err != nil {
		return Entry{}, err
	}
	may, err := authz.May(ctx, l.store, actor, authz.Edit, row.ProductID)
	if err != nil {
		return Entry{}, err
	}
	if !may {
		row.Hint = ""
	}
	e := Entry{LedgerRow: row}
	e.Attempts, err = l.store.AttemptsOf(ctx, row.Delivery)
	for i, a := range e.Attempts {
		if !may || a.Private && !actor.Administrator() {
			e.Attempts[i].Answer = ""
		}
	}
	return e, err
}
