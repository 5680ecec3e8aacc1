package engine_test

import (
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"gatecrier/models/engine"
)

// BenchmarkWrite measures one insert with several callers at a time. Grouped is a plain Write; alone
// makes the callers wait for each other, so that each insert has its own commit.
func BenchmarkWrite(b *testing.B) {
	for _, callers := range []int{1, 16, 64} {
		for _, mode := range []string{"grouped", "alone"} {
			b.Run(fmt.Sprintf("%s/callers=%d", mode, callers), func(b *testing.B) {
				var one sync.Mutex
				benchmarkWrite(b, callers, func(write func() error) error {
					if mode == "alone" {
						one.Lock()
						defer one.Unlock()
					}
					return write()
				})
			})
		}
	}
}

func benchmarkWrite(b *testing.B, callers int, call func(func() error) error) {
	db := sqliteNotes(b)
	var n atomic.Int64
	before := db.Stats().Commits
	b.SetParallelism(max(1, callers/runtime.GOMAXPROCS(0)))
	if callers == 1 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	}
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			name := strconv.FormatInt(n.Add(1), 10)
			err := call(func() error {
				return db.Write(b.Context(), func(tx *engine.Tx) error { return add(tx, name) })
			})
			if err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(db.Stats().Commits-before)/float64(b.N), "commits/op")
}
