package delivery

import (
	"context"

	"gatecrier/app/authz"
	"gatecrier/models"
)

// Editors reports who can change connections: they see where messages went, and can send them
// again.
type Editors interface {
	MayEditOwners(ctx context.Context, actor authz.Actor, owners []models.Owner) (map[models.Owner]bool, error)
}

// Log reads the delivery log, and sends its messages again.
type Log struct {
	store      *models.Store
	editors    Editors
	dispatcher *Dispatcher
}

// NewLog returns the delivery log of a store.
func NewLog(store *models.Store, editors Editors, dispatcher *Dispatcher) *Log {
	return &Log{store: store, editors: editors, dispatcher: dispatcher}
}

// Row is a delivery as the actor can see it.
type Row struct {
	models.DeliveryRow
	MayEdit bool // the actor can edit the connection, and send this again
}

// List returns the deliveries that the actor can see, newest first. Targets and reasons are only
// for actors who can edit the connection, but the reason of a silenced one is for all.
func (l *Log) List(ctx context.Context, actor authz.Actor, f models.DeliveryFilter) ([]Row, error) {
	list, err := l.store.Deliveries(ctx, actor.Scope(), f)
	if err != nil {
		return nil, err
	}
	return l.visibleRows(ctx, actor, list)
}

// Count counts the deliveries that the actor can see, up to one more than models.MaxCounted.
func (l *Log) Count(ctx context.Context, actor authz.Actor, f models.DeliveryFilter) (int, error) {
	return l.store.CountDeliveries(ctx, actor.Scope(), f)
}

// visibleRows hides what the actor cannot see of each delivery.
func (l *Log) visibleRows(ctx context.Context, actor authz.Actor, list []models.DeliveryRow) ([]Row, error) {
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
			row.Hint, row.Recipient = "", ""
			if row.State != models.DeliverySilenced { // the notification names the silence too
				row.Reason = "" // it can name a host
			}
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

// Get returns a delivery that the actor can see. Answers and reasons are only for actors who can
// edit the target; answers from private addresses only for administrators.
func (l *Log) Get(ctx context.Context, actor authz.Actor, id int64) (Entry, error) {
	row, err := l.store.Delivery(ctx, actor.Scope(), id)
	if err != nil {
		return Entry{}, err
	}
	rows, err := l.visibleRows(ctx, actor, []models.DeliveryRow{row})
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
