package ingest

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"gatecrier/app/fault"
	"gatecrier/models"
)

// upload sends files in one request, and returns the results or the error as lines.
func (w *world) upload(dest Destination, files ...File) string {
	w.t.Helper()
	dest.ProductID = w.product
	results, err := w.service.UploadFiles(w.t.Context(), w.actor, dest, func() (File, error) {
		if len(files) == 0 {
			return File{}, io.EOF
		}
		f := files[0]
		files = files[1:]
		return f, nil
	})
	if err != nil {
		return err.Error()
	}
	var lines []string
	for _, r := range results {
		lines = append(lines, fmt.Sprintf("%s: %d new of %s", r.File, r.Tally.New,
			nameOf(models.Source{Scanner: r.Scanner, Name: r.Source})))
	}
	return strings.Join(lines, "\n")
}

// fileOf returns a Grype report as a file.
func fileOf(name, source string, ids ...string) File {
	var matches []string
	for _, id := range ids {
		matches = append(matches, fmt.Sprintf(
			`{"vulnerability":{"id":%q,"severity":"High"},"artifact":{"name":"lib","version":"1","type":"deb"}}`, id))
	}
	body := `{"descriptor":{"name":"grype"},"matches":[` + strings.Join(matches, ",") + `]}`
	return File{Name: name, Source: source, Body: strings.NewReader(body)}
}

func TestUploadFiles_AllOrNone(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		bad := File{Name: "b.json", Source: "cfg", Body: strings.NewReader(`{"matches": 7`)}
		for _, test := range []struct {
			dest  Destination
			files []File
			want  string
		}{
			{files: []File{fileOf("a.json", "img", "A"), bad}, want: "report: file 2 (b.json): "},
			{
				files: []File{fileOf("a.json", "img", "A"), fileOf("b.json", "img", "B")},
				want:  "source: file 2 (b.json): the same source as file 1 (a.json), “grype (img)”. Name",
			},
			{
				files: []File{fileOf("", "", "A"), fileOf("", "", "B")},
				want:  "source: file 2: the same source as file 1, “grype”. Name",
			},
			{
				dest: Destination{Source: "x"}, files: []File{fileOf("", "", "A"), fileOf("", "", "B")},
				want: "source: The parameter source is for one file",
			},
			{
				dest: Destination{Source: "x"}, files: []File{fileOf("", "y", "A")},
				want: "source: The parameter and the form field name different sources",
			},
			{
				files: []File{fileOf("a.json", "img", "A"), fileOf("b.json", "a\x07b", "B")},
				want:  "source: file 2 (b.json): No control characters",
			},
			{want: "file: Send the report in the field file"},
			{files: manyFiles(maxFiles + 1), want: "file: At most 100 files"},
		} {
			if got := w.upload(test.dest, test.files...); !strings.Contains(got, test.want) {
				t.Errorf("got %s, want %s", got, test.want)
			}
			if got := w.sources(); got != "" || w.branch().Evaluated {
				t.Fatalf("%s has imported %s", test.want, got)
			}
		}
		got := w.upload(
			Destination{}, fileOf("a.json", "img", "A", "B"), fileOf("b.json", "cfg", "A"), fileOf("c.json", "", "C"),
		)
		want := "file 1 (a.json): 2 new of grype (img)\nfile 2 (b.json): 1 new of grype (cfg)\n" +
			"file 3 (c.json): 1 new of grype"
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		w.wantSources("grype: 1, grype (cfg): 1, grype (img): 2")
	})
}

func manyFiles(n int) []File {
	var list []File
	for i := range n {
		list = append(list, fileOf("", fmt.Sprint(i), "A"))
	}
	return list
}

// A report that is refused because of its source keeps the others of its request out.
func TestUploadFiles_RefusedSource(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.sends(report("trivy", "a").of("shop", "1"), "1 new, 0 updated, 0 resolved of trivy (shop)")
		w.sends(report("trivy", "a").of("shop", "2"), "0 new, 1 updated, 0 resolved of trivy (shop)")
		got := w.send(report("grype", "b").labeled("file 1 (a)"), report("trivy", "c").of("shop", "1").labeled("file 2 (b)"))
		if !strings.Contains(got, "source: file 2 (b): 1 returned after 2") {
			t.Errorf("refused: %s", got)
		}
		w.wantSources("trivy (shop): 1")
	})
}

// Files of a request are one import: one evaluation of the gate, and one source from before that
// is taken over.
func TestUploadFiles_EvaluatesOnce(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.storeFromBefore("grype", "", "grype")
		calls := 0
		dest := Destination{ProductID: w.product, Once: func(_ *models.Tx, results []Result) error {
			calls++
			for _, r := range results {
				if r.Counts.High != 5 || r.Gate.After != results[0].Gate.After {
					t.Errorf("in the transaction: %+v", r)
				}
			}
			return nil
		}}
		files := []*incoming{
			report("grype", "a", "b").of("shop", "1"), report("grype", "c").of("till", "1"),
			bundleFile([]string{"lark", "wren"}, "l", "w"),
		}
		results, err := w.service.importParts(t.Context(), w.actor, dest, files)
		if err != nil || calls != 1 || len(results) != 3 {
			t.Fatalf("%d calls, %d results: %v", calls, len(results), err)
		}
		w.wantSources("grype (shop): 2, grype (till): 1, lark: 2")
		results, err = w.service.importParts(t.Context(), w.actor, dest, files)
		if err != nil || calls != 2 || len(results) != 3 {
			t.Fatalf("again: %d calls, %d results: %v", calls, len(results), err)
		}
		both, one := bundleFile([]string{"lark", "wren"}, "l", "w"), bundleFile([]string{"wren"}, "w")
		got := w.send(both.labeled("file 1"), one.labeled("file 2"))
		if !strings.Contains(got, "file 2: the same source as file 1, “lark”") {
			t.Errorf("two files of a bundle: %s", got)
		}
		w.newProduct("Other")
		got = w.send(both, one)
		if !strings.Contains(got, "file 2: the same source as file 1, “lark”") {
			t.Errorf("two files of a new bundle: %s", got)
		}
		w.wantSources("")
	})
}

// Large files are staged, and become current together with the small ones.
func TestUploadFiles_Staged(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		small, some, large := manyIDs("s", 3), manyIDs("m", 600), manyIDs("l", 1200)
		files := func(n int) []File {
			return []File{
				fileOf("", "some", some[:n/2]...), fileOf("", "small", small...), fileOf("", "large", large[:n]...),
				fileOf("", "more", some[:n/2]...),
			}
		}
		refuse := fault.New(fault.Invalid, "refused at the end")
		err := w.upload(Destination{Once: func(*models.Tx, []Result) error { return refuse }}, files(1200)...)
		if !strings.Contains(err, "refused at the end") {
			t.Errorf("the last transaction: %s", err)
		}
		w.wantSources("grype (large): 0, grype (some): 0") // not current
		w.nothingStaged()
		if b := w.branch(); b.Evaluated {
			t.Errorf("the gate was evaluated: %+v", b)
		}
		got := w.upload(Destination{}, files(1200)...)
		if strings.Count(got, "600 new") != 2 || !strings.Contains(got, "1200 new") {
			t.Errorf("import: %s", got)
		}
		w.wantSources("grype (large): 1200, grype (more): 600, grype (small): 3, grype (some): 600")
		w.upload(Destination{}, files(2)...)
		w.wantSources("grype (large): 2, grype (more): 1, grype (small): 3, grype (some): 1")
		w.nothingStaged()
	})
}

func manyIDs(prefix string, n int) []string {
	var ids []string
	for i := range n {
		ids = append(ids, fmt.Sprint(prefix, i))
	}
	return ids
}

func (w *world) nothingStaged() {
	w.t.Helper()
	if ids, err := w.store.UnsettledSources(w.t.Context()); err != nil || len(ids) > 0 {
		w.t.Errorf("unsettled sources: %v, %v", ids, err)
	}
}

// The first files of a bundle that arrive at the same time, in another order each, are one source.
func TestBundle_FirstFilesAtTheSameTime(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		for round := range 10 {
			w.newProduct(fmt.Sprint("round ", round))
			var all sync.WaitGroup
			for _, tools := range [][]string{{"lark", "wren"}, {"wren", "lark"}, {"wren", "tern", "lark"}} {
				all.Go(func() { w.send(bundleFile(tools, "l", "w")) })
			}
			all.Wait()
			if got := w.sources(); strings.Contains(got, ",") {
				t.Errorf("sources: %s", got)
			}
		}
	})
}

func TestLargeOf(t *testing.T) {
	sized := func(n int) *change { return &change{diff: &diff{resolve: make([]int64, n)}} }
	for name, test := range map[string]struct {
		sizes []int
		want  int
	}{
		"none":             {nil, 0},
		"small":            {[]int{stageFrom}, 0},
		"large":            {[]int{stageFrom + 1}, 1},
		"large together":   {[]int{400, 400, 400}, 1},
		"one large of two": {[]int{10, 5000}, 1},
		"all large":        {[]int{5000, 5000}, 2},
	} {
		var changes []*change
		for _, n := range test.sizes {
			changes = append(changes, sized(n))
		}
		if got := largeOf(changes); len(got) != test.want {
			t.Errorf("%s: %d staged, want %d", name, len(got), test.want)
		}
	}
}
