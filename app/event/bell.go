package event

// Bell wakes one waiting reader. Rings while it is awake are remembered as
// one, so that none is lost and none piles up.
type Bell struct {
	rung chan struct{}
}

// NewBell returns a silent bell.
func NewBell() *Bell { return &Bell{rung: make(chan struct{}, 1)} }

// Ring wakes the reader, now or as soon as it waits. It never blocks.
func (b *Bell) Ring() {
	select {
	case b.rung <- struct{}{}:
	default:
	}
}

// Rung is where the reader waits.
func (b *Bell) Rung() <-chan struct{} { return b.rung }
