package exception

import (
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"gatecrier/app/event"
	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// BenchmarkReport reports one exception, or a hundred different ones, from 16 callers at a
// time, while the counts are stored each second.
func BenchmarkReport(b *testing.B) {
	for _, distinct := range []int{1, 100} {
		b.Run(fmt.Sprintf("distinct=%d", distinct), func(b *testing.B) {
			store := modelstest.SQLite(b)
			s := New(
				store,
				event.NewLog(event.Subscription{Reader: event.ReaderNotify, Signal: event.NewSignal()}),
				func() Policy { return Policy{Grouping: GroupSmart, Window: time.Hour, MaxPerHour: 20} },
				slog.New(slog.NewTextHandler(io.Discard, nil)),
			)
			stop := make(chan struct{})
			flushed := make(chan struct{})
			go func() {
				defer close(flushed)
				for tick := time.Tick(time.Second); ; {
					select {
					case <-stop:
						return
					case <-tick:
						if err := s.Flush(b.Context()); err != nil {
							b.Error(err)
						}
					}
				}
			}()
			before := store.Stats().Commits
			var n atomic.Int64
			b.SetParallelism(max(1, 16/runtime.GOMAXPROCS(0)))
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					i := n.Add(1)
					r := Report{
						Kind:    models.ExceptionReported,
						Class:   fmt.Sprint("E", i%int64(distinct)),
						Message: "order 4711 is lost",
						Frames: []Frame{
							{Module: "shop", Function: "pay", Line: 7, InApp: true},
							{Module: "shop", Function: "main", Line: 1, InApp: true},
						},
					}
					if _, err := s.Report(b.Context(), r); err != nil {
						b.Error(err)
					}
				}
			})
			b.StopTimer()
			b.ReportMetric(float64(store.Stats().Commits-before)/float64(b.N), "commits/op")
			close(stop)
			<-flushed
		})
	}
}
