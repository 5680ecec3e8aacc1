package ingest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatecrier/models"
)

// truffleHogLine returns a secret in the file a.py of a repository, with some more keys.
func truffleHogLine(rest string) string {
	return truffleHogAt(`"file": "a.py", "line": 3, "commit": "c1"`, rest)
}

func truffleHogAt(place, rest string) string {
	return `{"SourceMetadata": {"Data": {"Git": {` + place + `, "repository": "https://g/r"}}}, ` +
		`"DetectorName": "Heron", ` + rest + `}`
}

const truffleHogEnd = `{"level": "info-0", "logger": "trufflehog", "msg": "finished scanning"}`

func TestTruffleHog_Texts(t *testing.T) {
	var got []Finding
	for f := range mustParse(t, string(readSample(t, "trufflehog-git.jsonl"))).Findings.All() {
		f.Identity, f.Match = "", matchKey{}
		got = append(got, f)
	}
	secret := models.Details{Kind: "secret"}.Encode()
	commits := [2]string{"\nCommit " + strings.Repeat("1f", 20), "\nCommit " + strings.Repeat("2e", 20)}
	const works = "The secret is verified: TruffleHog has used it, and it works."
	want := []Finding{
		{
			Title: "Heron", Component: "https://git.example/lake/till.git", Location: "src/till.py:12",
			Description: works + commits[0] + "\nHeron is an invented service.", URL: "https://docs.example/rotate/heron",
			Severity: models.Critical, Status: models.StatusOpen, Details: secret,
		},
		{
			Title: "Heron", Component: "https://git.example/lake/till.git", Location: "src/till.py:40",
			Description: works + commits[1] + "\nHeron is an invented service.", URL: "https://docs.example/rotate/heron",
			Severity: models.Critical, Status: models.StatusOpen, Details: secret,
		},
		{
			Title: "PrivateKey", Component: "https://git.example/lake/till.git", Location: "deploy/id_lake:1",
			Description: "The secret is not verified." + commits[1] + "\nPrivateKey is an invented service.",
			Severity:    models.High, Status: models.StatusOpen, Details: secret,
		},
		{
			Title: "URI", Component: "https://git.example/lake/till.git", Location: "src/mail.py:8",
			Description: "The secret is not verified: the attempt failed." + commits[1] + "\nURI is an invented service.",
			Severity:    models.High, Status: models.StatusOpen, Details: secret,
		},
	}
	if diff := cmp.Diff(want, got, withKeys); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestTruffleHog_Places(t *testing.T) {
	type place struct{ title, component, location string }
	got := map[place]int{}
	for f := range mustParse(t, string(readSample(t, "trufflehog-list.json"))).Findings.All() {
		got[place{f.Title, f.Component, f.Location}]++
	}
	want := map[place]int{
		{"lake-token", "", "etc/till.conf:5"}:                          1,
		{"Heron", "till-backup", "2031/till.conf"}:                     1,
		{"Heron", "shop.example/till", "/app/.env"}:                    1,
		{"Heron", "till", "https://lake.slack.example/archives/C1/p1"}: 1,
		{"Heron", "till", "https://lake.slack.example/archives/C1/p2"}: 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("places (-want +got):\n%s", diff)
	}
}

func TestTruffleHog_Identity(t *testing.T) {
	a := truffleHogLine(`"Raw": "s"`)
	for name, b := range map[string]string{
		"secret":        truffleHogLine(`"Raw": "t"`),
		"second secret": truffleHogLine(`"Raw": "s", "RawV2": "t"`),
		"detector":      strings.Replace(a, "Heron", "Wren", 1),
		"line":          strings.Replace(a, `"line": 3`, `"line": 4`, 1),
		"file":          strings.Replace(a, "a.py", "b.py", 1),
		"commit":        strings.Replace(a, "c1", "c2", 1),
		"repository":    strings.Replace(a, "https://g/r", "https://g/s", 1),
		"kind":          strings.Replace(a, `"Git"`, `"Gitlab"`, 1),
		"other field":   strings.Replace(a, `"line"`, `"project_id": 7, "line"`, 1),
	} {
		if n := mustParse(t, a+"\n"+b+"\n"+a).Findings.Len(); n != 2 {
			t.Errorf("%s: %d findings, want 2", name, n)
		}
	}
	for name, b := range map[string]string{
		"verified":     truffleHogLine(`"Raw": "s", "Verified": true`),
		"decoder":      truffleHogLine(`"Raw": "s", "DecoderName": "BASE64"`),
		"token":        strings.Replace(a, "https://g/r", "https://ci:t0ken@g/r", 1),
		"cloned again": strings.Replace(a, `"line"`, `"repository_local_path": "/tmp/trufflehog-1-2", "line"`, 1),
	} {
		if n := mustParse(t, a+"\n"+b).Findings.Len(); n != 1 {
			t.Errorf("%s: %d findings, want 1", name, n)
		}
	}
}

func TestTruffleHog_Moved(t *testing.T) {
	report := func(file, line, commit, rest string) string {
		return truffleHogAt(`"file": "`+file+`", "line": `+line+`, "commit": "`+commit+`", "timestamp": "`+commit+`"`, rest)
	}
	message := func(at string) string {
		return `{"SourceMetadata": {"Data": {"Slack": {"channel_id": "C", "timestamp": "` + at + `"}}}, "DetectorName": "Heron",
			"Raw": "s"}`
	}
	page := func(at string) string {
		return `{"SourceMetadata": {"Data": {"Postman": {"link": "` + at + `"}}}, "DetectorName": "Heron", "Raw": "s"}`
	}
	const secret = `"Raw": "s"`
	a, lost := report("a", "3", "1", secret), Tally{New: 1, Resolved: 1}
	moves{
		"a line":            {a, report("a", "9", "1", secret), Tally{Updated: 1}, 1},
		"a rebase":          {a, report("a", "3", "2", secret), Tally{Updated: 1}, 1},
		"verified from now": {a, report("a", "3", "1", secret+`, "Verified": true`), Tally{Updated: 1}, 1},
		"another secret":    {a, report("a", "3", "1", `"Raw": "t"`), lost, 0},
		"another file":      {a, report("b", "3", "1", secret), lost, 0},
		"another detector":  {a, strings.Replace(a, "Heron", "Wren", 1), lost, 0},
		"a message again":   {message("1"), message("2"), Tally{Updated: 1}, 1},
		"another page":      {page("1"), page("2"), lost, 0},
	}.check(t)
}

func TestTruffleHog_Scans(t *testing.T) {
	const failed = `{"level": "error", "logger": "trufflehog", "msg": "encountered errors during scan", "errors": ["x"]}`
	const started = `{"level": "info-0", "logger": "trufflehog", "msg": "running source"}`
	for name, text := range map[string]string{
		"in [1].msg: the scan had errors": started + "\n" + failed + "\n" + truffleHogEnd,
		"in msg: the scan had errors":     failed,
		"in msg: no message":              started,
		"the document is empty":           "",
	} {
		_, err := parse(strings.NewReader(text), false)
		mustRefuse(t, err, name)
		if _, err = parse(strings.NewReader(text), true); text != "" && err != nil {
			t.Errorf("%s: with clean: %v", name, err)
		}
	}
	secret := truffleHogLine(`"Raw": "s"`)
	for text, partial := range map[string]bool{
		secret:                           false,
		secret + truffleHogEnd:           false,
		started + secret:                 true,
		secret + failed + truffleHogEnd:  true,
		started + secret + truffleHogEnd: false,
	} {
		if r := mustParse(t, text); r.Partial != partial || len(r.Warnings) != 0 != partial || r.Findings.Len() != 1 {
			t.Errorf("partial %t, warnings %q, of %s", r.Partial, r.Warnings, text)
		}
	}
}
