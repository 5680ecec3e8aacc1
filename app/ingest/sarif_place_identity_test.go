package ingest

import (
	"fmt"
	"strings"
	"testing"
)

// sarifBased is a run whose base SRC is a URI, with a result at each line of a.py in it.
func sarifBased(base string, lines ...int) string {
	return fmt.Sprintf(`{"tool": {"driver": {"name": "T"}}, "originalUriBaseIds": {%s}, "results": [%s]}`,
		base, joined(lines, func(line int) string {
			at := fmt.Sprintf(`"startLine": %d`, line)
			return sarifAt(`, "message": {"text": "m"}`, `"uri": "a.py", "uriBaseId": "SRC"`, at)
		}))
}

func sarifFileOf(list ...string) string {
	return `{"version": "2.1.0", "runs": [` + strings.Join(list, ", ") + `]}`
}

func inBase(uri string) string { return fmt.Sprintf(`"SRC": {"uri": %q}`, uri) }

// Runs of one tool in different directories have different findings.
func TestSARIFIdentity_ResolvedBase(t *testing.T) {
	nested := func(uri string) string {
		return fmt.Sprintf(`"SRC": {"uri": %q, "uriBaseId": "TOP"}, "TOP": {"uri": "file:///w/"}`, uri)
	}
	in := func(uri string) string { return sarifBased(inBase(uri), 1) }
	for name, test := range map[string]struct {
		runs []string
		want int
	}{
		"two bases":           {[]string{in("file:///w/svc1/"), in("file:///w/svc2/")}, 2},
		"three bases":         {[]string{in("a/"), in("b/"), in("c/")}, 3},
		"one base":            {[]string{in("file:///w/"), in("file:///w/")}, 1},
		"one without":         {[]string{in("file:///w/"), sarifBased(``, 1)}, 2},
		"written differently": {[]string{in("file:///w/./a%20b"), in("file:///w/a b/")}, 1},
		"nested":              {[]string{sarifBased(nested("svc1/"), 1), sarifBased(nested("svc2/"), 1)}, 2},
		"nested, resolved":    {[]string{sarifBased(nested("svc1/"), 1), in("file:///w/svc1/")}, 1},
		"in a circle": {[]string{
			sarifBased(`"SRC": {"uri": "a/", "uriBaseId": "SRC"}`, 1), sarifBased(`"SRC": {"uri": "a/", "uriBaseId": "SRC"}`, 1),
		}, 1},
		"other types": {[]string{sarifBased(`"SRC": 7, "TOP": {"uri": 3}`, 1), sarifBased(`"SRC": null`, 1)}, 1},
	} {
		for _, text := range bothOrders(t, sarifFileOf(test.runs...)) {
			if got := mustParse(t, text).Findings.Len(); got != test.want {
				t.Errorf("%s: %d findings, want %d", name, got, test.want)
			}
		}
	}
}

// A checkout at another path changes nothing, and no base lends its waiver to another.
func TestSARIFMoves_Bases(t *testing.T) {
	one := func(path string, lines ...int) string { return sarifFileOf(sarifBased(inBase(path), lines...)) }
	two := func(root string, first, second []int) string {
		return sarifFileOf(sarifBased(inBase(root+"svc1/"), first...), sarifBased(inBase(root+"svc2/"), second...))
	}
	moves{
		"another checkout": {
			one("file:///builds/1/shop/", 3, 9), one("file:///builds/2/shop/", 3, 9), Tally{Updated: 2}, 2,
		},
		"another checkout of two": {
			two("file:///builds/1/", []int{3, 9}, []int{3}), two("file:///builds/2/", []int{3, 9}, []int{3}),
			Tally{Updated: 3},
			3,
		},
		"one of two is fixed": {
			two("file:///w/", []int{3}, []int{3}), two("file:///w/", nil, []int{3}), Tally{Updated: 1, Resolved: 1}, 1,
		},
		"in another order": {
			two("file:///w/", []int{3}, []int{9}),
			sarifFileOf(sarifBased(inBase("file:///w/svc2/"), 9), sarifBased(inBase("file:///w/svc1/"), 3)),
			Tally{Updated: 2},
			2,
		},
	}.check(t)
}

// Where there is no line, the offset separates results; where there is one, it does not.
func TestSARIFIdentity_Offsets(t *testing.T) {
	for name, test := range map[string]struct {
		first, second string
		want          int
	}{
		"characters":        {`"charOffset": 3`, `"charOffset": 9`, 2},
		"the first":         {`"charOffset": 0`, `"charOffset": 9`, 2},
		"bytes":             {`"byteOffset": 3`, `"byteOffset": 9`, 2},
		"one":               {`"charOffset": 3`, `"charOffset": 3`, 1},
		"other lengths":     {`"charOffset": 3, "charLength": 1`, `"charOffset": 3, "charLength": 2`, 1},
		"of a line":         {`"startLine": 2, "charOffset": 3`, `"startLine": 2, "charOffset": 9`, 1},
		"none":              {`"charOffset": -1, "byteOffset": -1`, ``, 1},
		"of another type":   {`"charOffset": "x", "byteOffset": []`, ``, 1},
		"without an offset": {`"charOffset": 3`, ``, 2},
	} {
		text := sarifReport(``, sarifAt("", `"uri": "a.bin"`, test.first)+", "+sarifAt("", `"uri": "a.bin"`, test.second))
		for _, text := range bothOrders(t, text) {
			if got := mustParse(t, text).Findings.Len(); got != test.want {
				t.Errorf("%s: %d findings, want %d", name, got, test.want)
			}
		}
	}
}

func sarifRequested(method, target string) string {
	return fmt.Sprintf(`{"ruleId": "R", "message": {"text": "m"}, "webRequest": {"method": %q, "target": %q}}`,
		method, target)
}

// The results of a web scanner have requests in place of files.
func TestSARIFIdentity_WebRequests(t *testing.T) {
	get := sarifRequested("GET", "https://x.example/a")
	for name, test := range map[string]struct {
		other string
		want  int
	}{
		"the same":       {get, 1},
		"another target": {sarifRequested("GET", "https://x.example/b"), 2},
		"another method": {sarifRequested("POST", "https://x.example/a"), 2},
		"of no request":  {`{"ruleId": "R", "message": {"text": "m"}}`, 2},
	} {
		for _, text := range bothOrders(t, sarifReport(``, get+", "+test.other)) {
			if got := mustParse(t, text).Findings.Len(); got != test.want {
				t.Errorf("%s: %d findings, want %d", name, got, test.want)
			}
		}
	}
	text := sarifReport(``, strings.Replace(get, `"https://x.example/a"`, `{}`, 1)+`, {"ruleId": "R", "webRequest": 7}`)
	if got := mustParse(t, text).Findings.Len(); got != 2 {
		t.Errorf("other types: %d findings, want 2", got)
	}
	moves{
		"another target": {
			sarifReport(``, get), sarifReport(``, sarifRequested("GET", "https://x.example/b")), Tally{New: 1, Resolved: 1}, 0,
		},
		"another method": {
			sarifReport(``, get), sarifReport(``, sarifRequested("POST", "https://x.example/a")), Tally{Updated: 1}, 1,
		},
	}.check(t)
}

// A file that is written differently is the same file.
func TestFiles_WrittenDifferently(t *testing.T) {
	sarif := func(artifact string) string {
		return sarifReport(``, sarifAt(`, "message": {"text": "m"}`, artifact, `"startLine": 3`)+", "+
			sarifAt(`, "message": {"text": "m"}`, artifact, `"startLine": 9`))
	}
	uri := func(uri string) string { return sarif(fmt.Sprintf(`"uri": %q`, uri)) }
	byIndex := func(uri string) string {
		artifacts := fmt.Sprintf(`"artifacts": [{"location": {"uri": %q}}], "results"`, uri)
		return strings.Replace(sarif(`"index": 0`), `"results"`, artifacts, 1)
	}
	semgrep := func(path string) string {
		return fmt.Sprintf(`{"results": [{"check_id": "R", "path": %q, "start": {"line": 3}, "extra": {"message": "m"}}, `+
			`{"check_id": "R", "path": %q, "start": {"line": 9}, "extra": {"message": "m"}}], "errors": []}`, path, path)
	}
	gitlab := func(file string) string {
		one := `{"name": "A", "identifiers": [{"type": "h", "value": "R"}], "location": {"file": %q, "start_line": %d}}`
		return gitlabScanOf("sast", fmt.Sprintf(one+", "+one, file, 3, file, 9))
	}
	gitleaks := func(file string) string {
		one := `{"RuleID": "R", "Secret": "REDACTED", "File": %q, "StartLine": %d}`
		return fmt.Sprintf("["+one+", "+one+"]", file, 3, file, 9)
	}
	kept, gone := Tally{Updated: 2}, Tally{New: 2, Resolved: 2}
	moves{
		"a dot":                  {uri("./a.py"), uri("a.py"), kept, 2},
		"a parent":               {uri("x/../a.py"), uri("a.py"), kept, 2},
		"two slashes":            {uri("x//a.py"), uri("x/a.py"), kept, 2},
		"backslashes":            {uri(`src\a.py`), uri("src/a.py"), kept, 2},
		"backslashes, a dot":     {uri(`.\src\a.py`), uri("src/a.py"), kept, 2},
		"percent":                {uri("a%20b.py"), uri("a b.py"), kept, 2},
		"percent, twice":         {uri("a%2520b.py"), uri("a b.py"), gone, 0},
		"no percent encoding":    {uri("100%.py"), uri("100%.py"), kept, 2},
		"an absolute one":        {uri("file:///w/./x/../a.py"), uri("file:///w/a.py"), kept, 2},
		"an address":             {uri("https://x.example//a"), uri("https://x.example/a"), gone, 0},
		"by its index":           {byIndex("./a.py"), byIndex("a.py"), kept, 2},
		"another file":           {uri("./a.py"), uri("../a.py"), gone, 0},
		"another directory":      {uri("x/a.py"), uri("a.py"), gone, 0},
		"another host":           {uri("https://x.example/a"), uri("https://y.example/a"), gone, 0},
		"Semgrep, a dot":         {semgrep("./a.py"), semgrep("a.py"), kept, 2},
		"Semgrep, backslashes":   {semgrep(`src\a.py`), semgrep("src/a.py"), kept, 2},
		"Semgrep, a percent":     {semgrep("a%20b.py"), semgrep("a b.py"), gone, 0},
		"GitLab, a dot":          {gitlab("./a.py"), gitlab("a.py"), kept, 2},
		"GitLab, backslashes":    {gitlab(`src\a.py`), gitlab("src/a.py"), kept, 2},
		"Gitleaks, backslashes":  {gitleaks(`src\a.py`), gitleaks("src/a.py"), kept, 2},
		"Gitleaks, another file": {gitleaks("a.py"), gitleaks("b.py"), gone, 0},
	}.check(t)
}

// The name of a base can come and go; where it leaves two candidates, a waiver ends.
func TestSARIFMoves_BaseIDs(t *testing.T) {
	of := func(base string, lines ...int) string {
		return sarifReport(``, joined(lines, func(line int) string {
			return sarifAt(`, "message": {"text": "m"}`, `"uri": "a.py"`+base, fmt.Sprintf(`"startLine": %d`, line))
		}))
	}
	const root = `, "uriBaseId": "%SRCROOT%"`
	moves{
		"added":     {of("", 3), of(root, 3), Tally{Updated: 1}, 1},
		"dropped":   {of(root, 3), of("", 3), Tally{Updated: 1}, 1},
		"another":   {of(root, 3), of(`, "uriBaseId": "SRC"`, 3), Tally{Updated: 1}, 1},
		"and moved": {of(root, 3), of("", 7), Tally{Updated: 1}, 1},
	}.check(t)
}
