package ingest

import (
	"strings"
	"testing"
	"time"
)

const missingLark = "; lark is missing from the file: it counts as having found nothing, and its observations are " +
	"resolved"

func TestBundle_RunsComeInAnyOrder(t *testing.T) {
	eachWorld(t, func(_ *testing.T, w *world) {
		w.sends(bundleFile([]string{"lark", "wren"}, "l1", "w1"), "2 new, 0 updated, 0 resolved of lark")
		w.sends(bundleFile([]string{"wren", "lark"}, "w1", "l1"), "0 new, 2 updated, 0 resolved of lark")
		w.sends(bundleFile([]string{"wren", "lark"}, "w1").to("other"), "1 new, 0 updated, 0 resolved of wren (other)")
		w.sends(bundleFile([]string{"WREN"}, "w1"), "1 new, 0 updated, 0 resolved of WREN")
		w.wantSources("WREN: 1, lark: 2, wren (other): 1")
	})
}

func TestBundle_MissingToolFoundNothing(t *testing.T) {
	eachWorld(t, func(_ *testing.T, w *world) {
		w.sends(bundleFile([]string{"lark", "wren"}, "l1", "w1"), "2 new, 0 updated, 0 resolved of lark")
		w.sends(bundleFile([]string{"wren"}, "w1"), "0 new, 1 updated, 1 resolved of lark"+missingLark)
		w.sends(bundleFile([]string{"wren"}, "w1"), "0 new, 1 updated, 0 resolved of lark"+missingLark)
		w.clock.Advance(8 * 24 * time.Hour)
		w.sends(bundleFile([]string{"wren"}, "w1"), "0 new, 1 updated, 0 resolved of lark")
		w.sends(bundleFile([]string{"wren", "lark"}, "w1", "l1"), "0 new, 2 updated, 0 resolved of lark")
		w.sends(bundleFile([]string{"wren", "tern"}, "w1", "t1"), "1 new, 1 updated, 1 resolved of lark"+missingLark)
		w.sends(bundleFile([]string{"tern"}, "t1"), "0 new, 1 updated, 1 resolved of lark; lark and wren are missing from "+
			"the file: they count as having found nothing, and their observations are resolved")
		w.wantSources("lark: 1")
	})
}

// A tool that comes alone has a source of its own, whatever bundle it is in besides.
func TestBundle_ToolThatCameAlone(t *testing.T) {
	eachWorld(t, func(_ *testing.T, w *world) {
		w.sends(bundleFile([]string{"wren"}, "w1"), "1 new, 0 updated, 0 resolved of wren")
		w.sends(bundleFile([]string{"lark"}, "l1"), "1 new, 0 updated, 0 resolved of lark")
		w.wantSources("lark: 1, wren: 1")
		w.sends(bundleFile([]string{"tern", "wren"}, "t1", "w1").to("x"), "2 new, 0 updated, 0 resolved of tern (x)")
		w.sends(bundleFile([]string{"wren"}, "w2"), "1 new, 0 updated, 1 resolved of wren; All earlier…")
		w.wantSources("lark: 1, tern (x): 2, wren: 1")

		// A file with tools of which one came alone extends that one's source. Later, that tool alone
		// is no statement about the others.
		w.sends(bundleFile([]string{"heron", "lark"}, "h1", "l1"), "1 new, 1 updated, 0 resolved of lark")
		w.sends(bundleFile([]string{"lark"}, "l2"),
			"1 new, 0 updated, 0 resolved of lark; heron: missing from the file. lark…")
		w.wantSources("lark: 3, tern (x): 2, wren: 1")
		w.sends(bundleFile([]string{"heron"}, "h1"), "0 new, 1 updated, 2 resolved of lark"+missingLark)
		w.sends(bundleFile([]string{"lark", "heron"}, "l2", "h1"), "0 new, 2 updated, 0 resolved of lark")

		// Of two sources of its tools, a file extends the first.
		w.sends(bundleFile([]string{"lark", "wren"}, "l2", "w2"), "1 new, 1 updated, 0 resolved of wren; The file has…")
		w.wantSources("lark: 2, tern (x): 2, wren: 2")
	})
}

func TestBundle_NamesToolsWithTwoSources(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.sends(bundleFile([]string{"wren"}, "w1"), "1 new, 0 updated, 0 resolved of wren")
		w.sends(bundleFile([]string{"lark"}, "l1"), "1 new, 0 updated, 0 resolved of lark")
		first := w.send(bundleFile([]string{"lark", "wren"}, "l1", "w1"))
		second := w.send(bundleFile([]string{"wren", "lark"}, "l1", "w1"))
		if !strings.Contains(first, "whose observations count as well: lark. If") ||
			!strings.HasPrefix(first, "1 new, 1 updated, 0 resolved of wren") ||
			!strings.HasPrefix(second, "0 new, 2 updated, 0 resolved of wren") {
			t.Errorf("first:  %s\nsecond: %s", first, second)
		}
		w.wantSources("lark: 1, wren: 2")
	})
}

// Where the import names the scanner, a file has one source, and no tool is missing.
func TestBundle_NamedScanner(t *testing.T) {
	eachWorld(t, func(_ *testing.T, w *world) {
		tools := []string{"lark", "wren"}
		w.sends(bundleFile(tools, "l1", "w1").withScanner("all"), "2 new, 0 updated, 0 resolved of all")
		w.sends(bundleFile(tools[1:], "w1").withScanner("all"), "0 new, 1 updated, 1 resolved of all")
		w.sends(bundleFile(tools[1:], "w1"), "1 new, 0 updated, 0 resolved of wren")
		w.wantSources("all: 1, wren: 1")
	})
}

// A file from before that had several tools is continued by one with its scanner among them.
func TestBundle_FromBefore(t *testing.T) {
	eachWorld(t, func(_ *testing.T, w *world) {
		w.storeFromBefore("lark", "code", "sarif")
		w.sends(bundleFile([]string{"wren", "lark"}, "a", "b").to("code"), "0 new, 2 updated, 0 resolved of lark (code)")
		w.storeFromBefore("tern", "", "sarif")
		w.sends(bundleFile([]string{"heron", "tern"}, "a", "b").of("web", ""), "0 new, 2 updated, 0 resolved of tern (web)")
		w.sends(bundleFile([]string{"heron"}, "a").of("web", ""), "0 new, 1 updated, 1 resolved of tern (web); tern is…")
		w.wantSources("lark (code): 2, tern (web): 1")
	})
}
