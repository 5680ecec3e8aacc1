package admin

import (
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"gatecrier/templates/layout"
)

// failingAge is how long the number of failing connections is shown without reading it again.
const failingAge = 15 * time.Second

// failingCount is the number of connections that fail, as it was read last.
type failingCount struct {
	mu sync.Mutex
	n  int
	at time.Time
}

// failing returns how many connections fail, for administrators: 0 for others, without a query.
func (a *Admin) failing(c *gin.Context) int {
	if !actorOf(c).Administrator() {
		return 0
	}
	now := a.Store.Now()
	n, at := a.failed.get()
	if age := now.Sub(at); age >= 0 && age < failingAge {
		return n
	}
	n, err := a.Store.CountTrouble(c.Request.Context(), layout.MaxFailing+1)
	if err != nil {
		a.Log.ErrorContext(c, "count failing connections", "error", err)
		return 0
	}
	a.failed.set(n, now)
	return n
}

func (f *failingCount) get() (n int, at time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.n, f.at
}

func (f *failingCount) set(n int, at time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.n, f.at = n, at
}
