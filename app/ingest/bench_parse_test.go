package ingest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"
)

// BenchmarkParseMillion parses a SARIF report of 100 MB with a million results, each with
// a message and a location of its own, and reports the peak memory.
func BenchmarkParseMillion(b *testing.B) {
	const results = 1_000_000
	for _, order := range []struct {
		name      string
		toolFirst bool
	}{{"rules before results", true}, {"rules after results", false}} {
		b.Run(order.name, func(b *testing.B) {
			for b.Loop() {
				runtime.GC()
				peak := watchMemory()
				report, err := Parse(millionResults(results, order.toolFirst))
				alloc, sys := peak()
				if err != nil || report.Findings.Len() != results {
					b.Fatalf("%d findings, error %v", report.Findings.Len(), err)
				}
				runtime.GC()
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				b.ReportMetric(float64(alloc)/(1<<20), "MiB-alloc-peak")
				b.ReportMetric(float64(sys)/(1<<20), "MiB-sys-peak")
				b.ReportMetric(float64(m.HeapAlloc)/(1<<20), "MiB-kept")
				runtime.KeepAlive(report)
			}
		})
	}
}

// millionResults writes a report of some 110 bytes a result while it is read.
func millionResults(n int, toolFirst bool) io.Reader {
	const tool = `"tool": {"driver": {"name": "bench", "rules": [{"id": "R1", ` +
		`"properties": {"security-severity": "7.5"}, "helpUri": "https://example.org/R1"}]}}`
	r, w := io.Pipe()
	go func() {
		out := bufio.NewWriterSize(w, 64<<10)
		before, after := tool+", ", ""
		if !toolFirst {
			before, after = "", ", "+tool
		}
		_, err := fmt.Fprintf(out, `{"version": "2.1.0", "runs": [{%s"results": [`, before)
		comma := ""
		for i := 0; i < n && err == nil; i++ {
			_, err = fmt.Fprintf(
				out,
				`%s{"ruleId":"R1","message":{"text":"m%d"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"f%d"}}}]}`,
				comma,
				i,
				i,
			)
			comma = ","
		}
		if err == nil {
			_, err = fmt.Fprintf(out, "]%s}]}", after)
		}
		w.CloseWithError(errors.Join(err, out.Flush()))
	}()
	return r
}

// watchMemory samples the heap until the function that it returns is called,
// which returns the peaks in bytes.
func watchMemory() func() (alloc, sys uint64) {
	stop, done := make(chan struct{}), make(chan [2]uint64)
	go func() {
		var limit [2]uint64
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			limit[0], limit[1] = max(limit[0], m.HeapAlloc), max(limit[1], m.HeapSys)
			select {
			case <-stop:
				done <- limit
				return
			case <-tick.C:
			}
		}
	}()
	return func() (uint64, uint64) {
		close(stop)
		limit := <-done
		return limit[0], limit[1]
	}
}
