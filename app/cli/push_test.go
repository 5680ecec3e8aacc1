package cli

import (
	"context"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPush_SendsEachFileWithItsSource(t *testing.T) {
	inFolder(t, "a.json", "b.json", "x=y.json", "d/b=c.json")
	tests := []struct {
		name, stdin string
		args        []string
		want        []posted
	}{
		{
			"names", "",
			[]string{"img=a.json", "cfg=b.json"},
			[]posted{{"source=img", "", "a.json"}, {"source=cfg", "", "b.json"}},
		},
		{
			"--source is for the others", "",
			[]string{"--source", "code", "img=a.json", "b.json"},
			[]posted{{"source=img", "", "a.json"}, {"source=code", "", "b.json"}},
		},
		{"one without a name", "", []string{"a.json"}, []posted{{"", "", "a.json"}}},
		{"an existing file with that name", "", []string{"x=y.json"}, []posted{{"", "", "x=y.json"}}},
		{"a path", "", []string{"./x=y.json"}, []posted{{"", "", "x=y.json"}}},
		{"a path with = and a name", "", []string{"img=d/b=c.json"}, []posted{{"source=img", "", "d/b=c.json"}}},
		{"a path with = and without a name", "", []string{"d/b=c.json"}, []posted{{"", "", "d/b=c.json"}}},
		{"stdin", "in", []string{"-"}, []posted{{"", "", "in"}}},
		{"stdin with a name", "in", []string{"img=-", "a.json"}, []posted{{"source=img", "", "in"}, {"", "", "a.json"}}},
		{
			"options", "",
			[]string{
				"--branch", "b", "--default-branch", "--scanner", "s", "--clean",
				"--report-format", "generic", "linux/arm64=a.json",
			},
			[]posted{{"branch=b&clean=true&default=true&format=generic&scanner=s&source=linux%2Farm64", "", "a.json"}},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newFakeServer(t, imports(passedAnswer))
			r := runPush(t, s, test.stdin, test.args...)
			if diff := cmp.Diff(test.want, s.posted, cmp.AllowUnexported(posted{})); diff != "" {
				t.Errorf("sent (-want +got):\n%s", diff)
			}
			if r.code != 0 || r.stderr != "" {
				t.Errorf("exit %d, %s", r.code, r.stderr)
			}
		})
	}
}

func TestPush_ExitsByTheGateAfterTheLastFile(t *testing.T) {
	inFolder(t, "a.json", "b.json")
	passed, failed := imports(passedAnswer), imports(failedAnswer)
	disabled := imports(strings.ReplaceAll(passedAnswer, `"after":"passed"`, `"after":"none"`))
	for _, test := range []struct {
		name    string
		answers []http.HandlerFunc
		option  string
		code    int
	}{
		{"failed last", []http.HandlerFunc{passed, failed}, "--fail-on-gate", 2},
		{"failed first", []http.HandlerFunc{failed, passed}, "--fail-on-gate", 0},
		{"failed, not asked for", []http.HandlerFunc{failed}, "--clean", 0},
		{"disabled", []http.HandlerFunc{disabled}, "--fail-on-gate", 0},
		{"refused", []http.HandlerFunc{failed, refuses(422, "Not a report")}, "--fail-on-gate", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := runPush(t, newFakeServer(t, test.answers...), "", test.option, "a=a.json", "b=b.json")
			if r.code != test.code {
				t.Errorf("exit %d, want %d\n%s%s", r.code, test.code, r.stdout, r.stderr)
			}
		})
	}
}

func TestPush_StopsAtTheFirstRefusal(t *testing.T) {
	inFolder(t, "a.json", "b.json", "c.json")
	s := newFakeServer(t, imports(passedAnswer), refuses(422, "The report has no findings"))
	r := runPush(t, s, "", "--fail-on-gate", "a=a.json", "b=b.json", "c=c.json")
	want := "gatecrier: b=b.json: The report has no findings (422)\n" +
		"gatecrier: imported: a=a.json; not sent: c=c.json\n"
	if r.code != 1 || r.stderr != want || strings.Contains(r.stdout, "gate") || len(s.posted) != 2 {
		t.Errorf("exit %d, %d sent\n%s%s", r.code, len(s.posted), r.stdout, r.stderr)
	}
	r = runPush(t, newFakeServer(t, refuses(422, "No")), "", "a=a.json", "b=b.json")
	if !strings.HasSuffix(r.stderr, "gatecrier: imported: none; not sent: b=b.json\n") {
		t.Errorf("the first is refused: %s", r.stderr)
	}
	if r = runPush(t, newFakeServer(t, refuses(422, "No")), "", "a.json"); r.stderr != "gatecrier: a.json: No (422)\n" {
		t.Errorf("the only one is refused: %s", r.stderr)
	}
}

// Nothing is sent if two files are one source.
func TestPush_RefusesTwoFilesOfOneSource(t *testing.T) {
	inFolder(t, "a.json", "b.json", "out/image.sarif.json", "out/my config.json", "x/report.json", "y/report.json")
	for _, test := range []struct{ args, want string }{
		{"a.json b.json", "a.json and b.json have no source name, so that one could replace the other; " +
			"name them: a=a.json b=b.json"},
		{
			"img=a.json img=b.json",
			`img=a.json and img=b.json have the same source "img", so that one could replace the other; ` +
				"name them: a=a.json b=b.json",
		},
		{"--source=img img=a.json b.json", `name them: a=a.json b=b.json`},
		{"out/image.sarif.json out/my_config.json", "name them: image=out/image.sarif.json 'my config=out/my config.json'"},
		{"x/report.json y/report.json", "name them: report=x/report.json y-report=y/report.json"},
		{"a.json ./a.json", "name them: a=a.json a-2=./a.json"},
		{"a=b.json a.json -", "name them: a-2=a.json stdin=-"},
		{"--scanner=s a.json b.json", "name them: a=a.json b=b.json"},
	} {
		s := newFakeServer(t, imports(passedAnswer))
		args := strings.Fields(test.args)
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "_", " ")
		}
		r := runPush(t, s, "in", args...)
		if r.code != 1 || !strings.HasSuffix(r.stderr, test.want+"\n") || len(s.posted) > 0 {
			t.Errorf("%s: exit %d, %d sent: %s", test.args, r.code, len(s.posted), r.stderr)
		}
	}
}

func TestPush_ReportsAllProblemsAtOnce(t *testing.T) {
	inFolder(t, "a.json", "reports/b.json", "reports/c.sarif", "reports/notes.txt", "logs/x.txt")
	if err := os.WriteFile("empty.json", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"GATECRIER_URL", "GATECRIER_TOKEN", "GATECRIER_PRODUCT"} {
		t.Setenv(name, "")
	}
	var errs strings.Builder
	in := testInvocation(t)
	in.stderr = &errs
	code := in.run(strings.Fields("push --format xml --report-format pdf --retry soon --default-branch " +
		"img=a.json img=reports reports logs none.json cfg=none.json out/*.json q= =a.json empty.json - e=-"))
	want := `gatecrier: --url is missing: pass it, or set GATECRIER_URL
gatecrier: --token is missing: pass it, or set GATECRIER_TOKEN
gatecrier: --product is missing: pass it, or set GATECRIER_PRODUCT
gatecrier: --retry: "soon" is not a duration, such as 90s, 5m or 1h
gatecrier: --report-format: "pdf" is unknown: use auto or generic
gatecrier: --default-branch needs --branch with the name of the branch
gatecrier: --format: "xml" is unknown: use text, json, markdown, github or gitlab
gatecrier: img=reports: a folder, not a report; name its files: b=reports/b.json c=reports/c.sarif
gatecrier: reports: a folder, not a report; name its files: b=reports/b.json c=reports/c.sarif
gatecrier: logs: a folder, not a report; name the files to send
gatecrier: none.json: no such file
gatecrier: cfg=none.json: no such file
gatecrier: out/*.json: no such file: the pattern matches nothing
gatecrier: q=: name a file after the =
gatecrier: =a.json: the name of the source before the = is empty; a path begins with ./
gatecrier: empty.json: the file is empty; check that the scanner ran
gatecrier: stdin (-) can be read only once: name files for the other reports
`
	got, doubled, _ := strings.Cut(errs.String(), "gatecrier: img=a.json and")
	if diff := cmp.Diff(want, got); code != 1 || diff != "" {
		t.Errorf("exit %d (-want +got):\n%s", code, diff)
	}
	if strings.Count(doubled, "\n") != 2 {
		t.Errorf("doubled sources: %s", doubled)
	}
	errs.Reset()
	if code := in.run([]string{"gate"}); code != 1 || strings.Count(errs.String(), "is missing") != 3 {
		t.Errorf("gate: exit %d %s", code, &errs)
	}
	errs.Reset()
	if code := in.run([]string{"push", "--url", "shop", "--token", "a b", "--product", "x"}); code != 1 ||
		errs.String() != `gatecrier: --url: "shop" is not a URL of a server: it must begin with http:// or https://
gatecrier: --token contains a character that tokens cannot have: check GATECRIER_TOKEN
gatecrier: no report: name at least one file, or - for stdin
` {
		t.Errorf("wrong values: exit %d %s", code, &errs)
	}
}

func TestPush_TakesTheServerFromTheEnvironment(t *testing.T) {
	inFolder(t, "a.json")
	s := newFakeServer(t, imports(passedAnswer))
	t.Setenv("GATECRIER_URL", s.URL)
	t.Setenv("GATECRIER_TOKEN", "gct_test")
	t.Setenv("GATECRIER_PRODUCT", "Shop")
	if code := testInvocation(t).run([]string{"push", "a.json"}); code != 0 || len(s.posted) != 1 {
		t.Errorf("exit %d, %d sent", code, len(s.posted))
	}
}

// A stream is kept in a file that only the user can read, for as long as it takes to send it.
func TestPush_KeepsStdinInATemporaryFile(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	inFolder(t, "a.json")
	var during []string
	look := func(w http.ResponseWriter, r *http.Request) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Error(err)
		}
		for _, e := range entries {
			info, err := e.Info()
			if err != nil {
				t.Error(err)
				continue
			}
			during = append(during, info.Mode().String())
		}
		imports(passedAnswer)(w, r)
	}
	for _, test := range []struct {
		stdin  string
		answer http.HandlerFunc
		code   int
	}{{"in", look, 0}, {"in", refuses(422, "No"), 1}, {"", look, 1}} {
		s := newFakeServer(t, test.answer)
		r := runPush(t, s, test.stdin, "img=-", "a.json")
		left, err := filepath.Glob(filepath.Join(dir, "*"))
		if r.code != test.code || err != nil || len(left) > 0 {
			t.Errorf("exit %d, left %v, %v: %s", r.code, left, err, r.stderr)
		}
		if test.stdin == "" && (len(s.posted) > 0 || !strings.Contains(r.stderr, "img=stdin: nothing to read")) {
			t.Errorf("an empty stdin: %d sent, %s", len(s.posted), r.stderr)
		}
	}
	if mode := fs.FileMode(0o600).String(); len(during) != 2 || during[0] != mode {
		t.Errorf("during the requests: %v", during)
	}
}

// An interrupt ends push also while it reads a stream that does not end.
func TestPush_StopsReadingStdinWhenInterrupted(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	ctx, cancel := context.WithCancel(t.Context())
	stdin, writer := io.Pipe()
	t.Cleanup(func() { writer.Close() }) //nolint:errcheck // it is a pipe of the test
	go func() {
		writer.Write([]byte("{")) //nolint:errcheck // returns when push reads
		cancel()
	}()
	var errs strings.Builder
	in := testInvocation(t)
	in.ctx, in.stdin, in.stderr = ctx, stdin, &errs
	code := in.run([]string{"push", "--url", "http://127.0.0.1:1", "--token", "x", "--product", "Shop", "-"})
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	if code != 1 || errs.String() != "gatecrier: stdin: interrupted\n" || err != nil || len(left) > 0 {
		t.Errorf("exit %d, left %v, %v: %s", code, left, err, &errs)
	}
}

func TestPush_HelpNamesOptionsAndExitCodes(t *testing.T) {
	var out strings.Builder
	in := testInvocation(t)
	in.stdout = &out
	if code := in.run([]string{"push", "--help"}); code != 0 {
		t.Errorf("exit %d", code)
	}
	for _, want := range []string{
		"GATECRIER_URL", "GATECRIER_TOKEN", "GATECRIER_PRODUCT", "auto (recognize it) or generic",
		"text, json, markdown, github or gitlab", "--retry", "Exit codes:", "SOURCE=FILE", "image=-",
	} {
		if !strings.Contains(strings.Join(strings.Fields(out.String()), " "), want) {
			t.Errorf("no %q in the help:\n%s", want, &out)
		}
	}
}

func TestPush_TakesAnAddressOfTheAPI_NotAnUnknownGate(t *testing.T) {
	inFolder(t, "a.json")
	s := newFakeServer(t, imports(passedAnswer))
	s.URL += "/api/v1/"
	if r := runPush(t, s, "", "a.json"); r.code != 0 || len(s.posted) != 1 {
		t.Errorf("exit %d, %d sent\n%s", r.code, len(s.posted), r.stderr)
	}
	s = newFakeServer(t, imports(strings.Replace(passedAnswer, `"passed"`, `"unheard"`, 1)))
	if r := runPush(t, s, "", "--fail-on-gate", "a.json"); r.code != 1 {
		t.Errorf("exit %d for a gate of an unknown state\n%s", r.code, r.stdout)
	}
}
