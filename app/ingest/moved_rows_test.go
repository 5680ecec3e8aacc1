package ingest

import (
	"fmt"
	"testing"
)

// Rows that swap their places, and rows that return, never meet in the index of identities: neither in
// a small import nor in one that is staged.
func TestImport_CodeAtOtherPlaces(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		for name, write := range snippetWriters {
			for _, n := range []int{2, stageFrom + 1} {
				if n > stageFrom && name != "SARIF" {
					continue
				}
				w.newProduct(fmt.Sprint(name, n))
				at := func(shift, count int) *incoming {
					list := make([]coded, count)
					for i := range list {
						list[i] = coded{10 + (i+shift)%n, fmt.Sprintf("eval(%d)", i)}
					}
					return &incoming{report: mustParse(t, write(list...)), scanner: "s", source: "code"}
				}
				for step, test := range []struct {
					report *incoming
					want   string
				}{
					{at(0, n), fmt.Sprintf("%d new, 0 updated, 0 resolved", n)},
					{at(1, n), fmt.Sprintf("0 new, %d updated, 0 resolved", n)},     // each takes the place of the next
					{at(0, n-1), fmt.Sprintf("0 new, %d updated, 1 resolved", n-1)}, // they return, but for the last
					{at(1, n), fmt.Sprintf("0 new, %d updated, 0 resolved", n)},
					{at(0, n), fmt.Sprintf("0 new, %d updated, 0 resolved", n)},
				} {
					if got, want := w.send(test.report), test.want+" of s (code)"; got != want {
						t.Fatalf("%s, %d findings, step %d: %s, want %s", name, n, step, got, want)
					}
				}
			}
		}
	})
}
