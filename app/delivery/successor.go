package delivery

import (
	"gatecrier/app/module"
	"gatecrier/models"
)

// successors are the messages that are sent next on the endpoints of a group of results, claimed in
// the transaction that writes the group: a busy endpoint does not wait for another pass of the claim
// loop.
type successors struct {
	d        *Dispatcher
	tx       *models.Tx
	ended    int // sends of the group
	ids      []int64
	claimed  []models.Delivery
	mustWake bool // the claim loop has to look at what is left
}

// choose picks due messages of an endpoint, as many as it has results in the group and as its window
// has grown by them. An endpoint that fails is left to the claim loop, which also learns when to try
// again.
func (s *successors) choose(ended []completion) error {
	for _, c := range ended {
		if c.endpointKind() != module.KindDelivered {
			s.mustWake = true
			return nil
		}
	}
	endpoint := ended[0].delivery.EndpointID
	due, err := s.tx.DueOf(s.tx.Context(), endpoint, 2*len(ended))
	if err != nil || len(due) == 0 {
		return err
	}
	limits := s.d.limits(due[0].Module)
	var ids []int64
	for _, row := range due {
		if s.d.has(room{
			endpoint: endpoint, rank: row.Rank, parallel: limits.Parallel, taken: len(ids) - len(ended),
			promised: len(s.ids) + len(ids) - s.ended, delivered: len(ended),
		}) {
			ids = append(ids, row.ID)
		}
	}
	n, err := s.d.takeSlots(s.tx, endpoint, limits, len(ids))
	if err != nil {
		return err
	}
	s.mustWake = s.mustWake || n < len(ids) // its next time has changed
	s.ids = append(s.ids, ids[:n]...)
	return nil
}

// claim leases what was chosen.
func (s *successors) claim() error {
	if len(s.ids) == 0 {
		return nil
	}
	var err error
	s.claimed, err = s.tx.Claim(s.d.newClaim(), s.tx.Now().Add(leaseTime), s.ids)
	return err
}

// replace ends sends and starts the messages that follow them. It starts them first: an endpoint
// without sends in flight loses its window.
func (d *Dispatcher) replace(ended []completion, next *successors) {
	wake := next == nil || next.mustWake
	d.mu.Lock()
	if next != nil {
		for _, row := range next.claimed {
			d.startSend(sendTask{delivery: row})
		}
		wake = wake || (d.capacity.refused && len(next.claimed) < len(ended))
	}
	for _, c := range ended {
		d.capacity.end(c.delivery.EndpointID, c.endpointKind())
	}
	d.mu.Unlock()
	if wake {
		d.Wake()
	}
}
