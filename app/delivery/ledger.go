package delivery

import (
	"context"

	"gatecrier/app/authz"
	"gatecrier/models"
)

// Editors says who may change connections: it decides who sees where messages
// went, and who may send them again.
type Editors interface {
	MayEditOwners(ctx context.Context, actor authz.Actor, owners []models.Owner) (map[models.Owner]bool, error)
}

// Ledger reads what was sent, and sends it again.
type Ledger struct {
	store      *models.Store
	editors    Editors
	dispatcher *Dispatcher
}

// NewLedger returns the ledger of a store.
func NewLedger(store *models.Store, editors Editors, dispatcher *Dispatcher) *Ledger {
	return &Ledger{store: store, editors: editors, dispatcher: dispatcher}
}

// Row is a delivery as the actor may see it.
type Row struct {
	models.LedgerRow
	MayEdit bool // its connection: he may send it again, too
}

// List lists the deliveries that the actor may see, newest first. Where they
// went is for those who may edit that.
func (l *Ledger) List(ctx context.Context, actor authz.Actor, f models.LedgerFilter) ([]Row, error) {
	list, err := l.store.Ledger(ctx, actor.Scope(), f)
	if err != nil {
		return nil, err
	}
	return l.visibleRows(ctx, actor, list)
}

func (l *Ledger) visibleRows(ctx context.Context, actor authz.Actor, list []models.LedgerRow) ([]Row, error) {
	owners := make([]models.Owner, len(list))
	for i, row := range list {
		owners[i] = row.Owner
	}
	may, err := l.editors.MayEditOwners(ctx, actor, owners)
	if err != nil {
		return nil, err
	}
	rows := make([]Row, len(list))
	for i, row := range list {
		if !may[row.Owner] {
			row.Hint, row.Recipient, row.Reason = "", "", "" // a reason may name a host
		}
		rows[i] = Row{row, may[row.Owner]}
	}
	return rows, nil
}

// Entry is a delivery with its attempts.
type Entry struct {
	Row
	Attempts []models.Attempt
}

// Get finds a delivery that the actor may see. Answers and reasons are for those
// who may edit the target; answers from private addresses, for administrators alone.
func (l *Ledger) Get(ctx context.Context, actor authz.Actor, id int64) (Entry, error) {
	row, err := l.store.Delivery(ctx, actor.Scope(), id)
	if err != nil {
		return Entry{}, err
	}
	rows, err := l.visibleRows(ctx, actor, []models.LedgerRow{row})
	if err != nil {
		return Entry{}, err
	}
	e := Entry{Row: rows[0]}
	e.Attempts, err = l.store.AttemptsOf(ctx, row.Delivery)
	for i, a := range e.Attempts {
		if !e.MayEdit || a.Private && !actor.Administrator() {
			e.Attempts[i].Answer = ""
		}
		if !e.MayEdit {
			e.Attempts[i].Reason = ""
		}
	}
	return e, err
}
