package models

import (
	"cmp"
	"context"
	"time"

	"gatecrier/models/engine"
)

// A large write is done in parts, each a transaction of its own, so that other writers never wait
// long. How long a part takes depends on the machine, the database and the rows: its size follows the
// time that the last one took.

// Parts sizes the parts of one large write. The zero value is ready to use. It is not safe for
// concurrent use.
type Parts struct {
	Background bool // between two parts others write as long as a part takes

	size int           // of the next part, 0 = firstPart
	took time.Duration // by the last part, with its wait for the writer
}

const (
	firstPart = 50
	minPart   = 5
	maxPart   = 500
	// A part that takes longer than slowPart halves the size; one below quickPart doubles it. Half of a
	// slow part is not quick, so that the size does not swing.
	slowPart  = 30 * time.Millisecond
	quickPart = 10 * time.Millisecond
)

// Size returns how many rows the next part has at most.
func (p *Parts) Size() int { return cmp.Or(p.size, firstPart) }

// adapt sizes the next part after one with some rows that took a time.
func (p *Parts) adapt(rows int, took time.Duration) {
	switch size := p.Size(); {
	case took > slowPart:
		p.size = max(minPart, size/2)
	case took < quickPart && rows >= size: // a part that is not full says nothing about a larger one
		p.size = min(maxPart, size*2)
	}
}

// rest lets others write before the next part.
func (p *Parts) rest(ctx context.Context) error {
	if !p.Background || p.took == 0 {
		return nil
	}
	timer := time.NewTimer(p.took)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// WritePart is Write for the next part of a large write. fn changes at most limit rows, and returns how
// many.
func (s *Store) WritePart(ctx context.Context, p *Parts, fn func(tx *Tx, limit int) (rows int, err error)) error {
	if err := p.rest(ctx); err != nil {
		return err
	}
	rows, inside, limit := 0, time.Duration(0), p.Size()
	asked := time.Now()
	err := s.db.WriteFor(ctx, fn, func(tx *engine.Tx) (err error) {
		began := time.Now()
		rows, err = fn(newTx(tx), limit)
		inside = time.Since(began)
		return err
	})
	p.took = time.Since(asked)
	if err == nil {
		p.adapt(rows, inside)
	}
	return err
}

// WriteInParts calls fn with a list in parts, in order, each in a transaction. After an error the
// earlier parts stay written.
func WriteInParts[T any](
	ctx context.Context, s *Store, p *Parts, list []T, fn func(tx *Tx, part []T) error,
) error {
	for len(list) > 0 {
		n := 0
		err := s.WritePart(ctx, p, func(tx *Tx, limit int) (int, error) {
			n = min(limit, len(list))
			return n, fn(tx, list[:n])
		})
		if err != nil {
			return err
		}
		list = list[n:]
	}
	return nil
}
