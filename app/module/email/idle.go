package email

import (
	"slices"
	"sync"
	"time"
)

const (
	maxIdle = 2   // connections
	maxUsed = 100 // mails over one connection
)

// idle has the connections that wait for another mail, the latest last. No goroutine waits with
// them: each has a timer.
type idle struct {
	mu     sync.Mutex
	conns  []*connection
	closed bool
}

// takeIdle returns an idle connection to a server, nil if it has none.
func (e *Email) takeIdle(s Server) *connection {
	policy := e.client.PolicyVersion()
	e.idle.mu.Lock()
	defer e.idle.mu.Unlock()
	e.sweepIdle(s, policy)
	last := len(e.idle.conns) - 1
	if last < 0 {
		return nil
	}
	c := e.idle.conns[last]
	e.idle.conns = slices.Delete(e.idle.conns, last, last+1)
	c.timer.Stop()
	return c
}

// keepIdle keeps a connection for the next mail, or discards it.
func (e *Email) keepIdle(c *connection) {
	s, policy := e.server(), e.client.PolicyVersion()
	e.idle.mu.Lock()
	defer e.idle.mu.Unlock()
	e.sweepIdle(s, policy)
	if e.idle.closed || c.used >= maxUsed || !c.isFor(s, policy) {
		e.discard(c)
		return
	}
	if len(e.idle.conns) >= maxIdle {
		e.discard(e.idle.conns[0])
		e.idle.conns = slices.Delete(e.idle.conns, 0, 1)
	}
	c.until = time.Now().Add(e.limits.idle)
	c.timer = time.AfterFunc(e.limits.idle, func() { e.expire(c) })
	e.idle.conns = append(e.idle.conns, c)
}

// sweepIdle discards connections that have waited too long or are for other settings or another
// policy than the current ones. The caller holds the lock.
func (e *Email) sweepIdle(s Server, policy uint64) {
	now := time.Now() // the clock of timers, so not the injected one
	e.idle.conns = slices.DeleteFunc(e.idle.conns, func(c *connection) bool {
		over := !c.isFor(s, policy) || !now.Before(c.until)
		if over {
			e.discard(c)
		}
		return over
	})
}

func (c *connection) isFor(s Server, policy uint64) bool { return c.server == s && c.policy == policy }

// expire is called by a timer: it ends a connection that is still idle.
func (e *Email) expire(c *connection) {
	e.idle.mu.Lock()
	defer e.idle.mu.Unlock()
	if i := slices.Index(e.idle.conns, c); i >= 0 {
		e.idle.conns = slices.Delete(e.idle.conns, i, i+1)
		e.discard(c)
	}
}

// discard ends a connection that is not idle any more. No mail waits for the server's answer to
// QUIT.
func (e *Email) discard(c *connection) {
	if c.timer != nil {
		c.timer.Stop()
	}
	go c.farewell(e.limits.quit)
}

// farewell sends QUIT. That only matters to the server's log: accepted mail stays accepted.
func (c *connection) farewell(limit time.Duration) {
	defer closeQuietly(c.raw)
	c.withDeadline(limit, c.client.Quit) //nolint:errcheck,gosec // the connection is closed in any case
}

// Close ends the idle connections, and lets none become idle from now on. Mail can still be sent.
func (e *Email) Close() {
	e.idle.mu.Lock()
	conns := e.idle.conns
	e.idle.conns, e.idle.closed = nil, true
	for _, c := range conns {
		c.timer.Stop()
	}
	e.idle.mu.Unlock()
	var all sync.WaitGroup
	for _, c := range conns {
		all.Go(func() { c.farewell(e.limits.quit) })
	}
	all.Wait()
}
