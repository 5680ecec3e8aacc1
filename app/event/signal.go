package event

// Signal wakes one waiting reader. Any number of calls of Notify while the reader is busy
// wakes it once more.
type Signal struct {
	c chan struct{}
}

// NewSignal returns a signal that nothing has notified.
func NewSignal() *Signal { return &Signal{c: make(chan struct{}, 1)} }

// Notify wakes the reader, now or when it waits next. It never blocks.
func (s *Signal) Notify() {
	select {
	case s.c <- struct{}{}:
	default:
	}
}

// signals are the signals of several readers.
type signals []*Signal

// notify wakes all readers.
func (s signals) notify() {
	for _, one := range s {
		one.Notify()
	}
}

// C returns the channel that the reader waits on.
func (s *Signal) C() <-chan struct{} { return s.c }
