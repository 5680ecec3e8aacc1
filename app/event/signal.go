package event

// Signal wakes one waiting reader. Rings while it is awake are remembered as
// one, so that none is lost and none piles up.
type Signal struct {
	c chan struct{}
}

// NewSignal returns a silent bell.
func NewSignal() *Signal { return &Signal{c: make(chan struct{}, 1)} }

// Notify wakes the reader, now or as soon as it waits. It never blocks.
func (b *Signal) Notify() {
	select {
	case b.c <- struct{}{}:
	default:
	}
}

// C is where the reader waits.
func (b *Signal) C() <-chan struct{} { return b.c }
