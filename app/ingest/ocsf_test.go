package ingest

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatecrier/models"
)

// ocsfEventOf returns a detection finding of the resource r, with some more keys.
func ocsfEventOf(rest string) string {
	return `{"class_uid": 2004, "severity_id": 4, "finding_info": {"uid": "u", "title": "t"}, ` +
		`"resources": [{"uid": "r"}]` + rest + `}`
}

func TestOCSF_Texts(t *testing.T) {
	got := sampleFinding(t, "ocsf-prowler.json", "Buckets are private", "arn:aws:lake:eu-west-1:111122223333:till")
	want := Finding{
		Title: "Buckets are private", Description: "The bucket till is public.",
		Component: "arn:aws:lake:eu-west-1:111122223333:till", Location: "111122223333/eu-west-1",
		Fix: "Encrypt the bucket with a key of its own.", URL: "https://docs.example/lake/encrypt",
		Severity: models.Critical, Status: models.StatusOpen, Details: models.Details{Rule: "lake_bucket_public"}.Encode(),
	}
	if diff := cmp.Diff(want, got, withKeys); diff != "" {
		t.Errorf("finding (-want +got):\n%s", diff)
	}
	got = sampleFinding(t, "ocsf-vulnerabilities.jsonl", "CVE-2031-11", "libpond 1.2")
	want = Finding{
		Title: "CVE-2031-11", Description: "A buffer overflows.", Component: "libpond 1.2",
		Location: "444455556666/eu-west-1", Fix: "1.3", URL: "https://docs.example/CVE-2031-11",
		Severity: models.Critical, Status: models.StatusOpen,
		Details: models.Details{
			Score: 9.8, Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", EPSS: 0.25, Percentile: 0.9,
			CWEs: []string{"CWE-787"}, PURL: "pkg:deb/debian/libpond@1.2",
		}.Encode(),
	}
	if diff := cmp.Diff(want, got, withKeys); diff != "" {
		t.Errorf("finding (-want +got):\n%s", diff)
	}
	got = sampleFinding(t, "ocsf-vulnerabilities.jsonl", "CVE-2031-12", "libpond 1.2, libpond-dev 1.2")
	if !got.Unfixed || got.Fix != "" || got.Severity != models.High {
		t.Errorf("a vulnerability without a fix: %+v", got)
	}
	got = sampleFinding(t, "ocsf-vulnerabilities.jsonl", "Port 22 is open", "host/till")
	if got.Fix != "Close it." || got.URL != "https://docs.example/ports" || got.Description != "The port is open to all." {
		t.Errorf("a security finding: %+v", got)
	}
	got = sampleFinding(t, "ocsf-single.json", "A key was used from two countries", "key/lake-1")
	if d := got.Details.Decode(); got.Status != models.StatusInReview || len(d.Locations) != 1 || d.CWEs[0] != "CWE-798" {
		t.Errorf("a single event: %+v", got)
	}
}

func TestOCSF_Report(t *testing.T) {
	for name, want := range map[string]struct {
		tool, subject string
		madeAt        time.Time
	}{
		"ocsf-prowler.json":          {"Prowler", "111122223333", time.Date(2031, 5, 11, 7, 8, 9, 0, time.UTC)},
		"ocsf-passed.json":           {"Prowler", "111122223333", time.Date(2031, 5, 11, 7, 8, 9, 0, time.UTC)},
		"ocsf-vulnerabilities.jsonl": {"Inspector Heron", "444455556666", time.UnixMilli(1936242499000)},
		"ocsf-single.json":           {"Wren", "", time.UnixMilli(1936242489123)},
	} {
		r := mustParse(t, string(readSample(t, name)))
		if r.Tool != want.tool || r.Subject != want.subject || !r.MadeAt.Equal(want.madeAt) {
			t.Errorf("%s: tool %q, subject %q, made at %v", name, r.Tool, r.Subject, r.MadeAt)
		}
	}
	two := "[" + ocsfEventOf(`, "metadata": {"product": {"name": "A"}}, "cloud": {"account": {"uid": "2"}}`) + "," +
		ocsfEventOf(`, "metadata": {"product": {"name": "B"}}, "cloud": {"account": {"uid": 1}}`) + "]"
	if r := mustParse(t, two); r.Tool != "" || r.Subject != "1, 2" || r.Findings.Len() != 2 {
		t.Errorf("two products: tool %q, subject %q, %d findings", r.Tool, r.Subject, r.Findings.Len())
	}
}

func TestOCSF_Events(t *testing.T) {
	event := func(class, severity, uid, rest string) string {
		return `{"class_uid": ` + class + `, ` + severity + `, "finding_info": {"uid": "` + uid + `", "title": "` + uid + `"}` +
			rest + `}`
	}
	severity := func(severity, uid string) string { return event("2004", severity, uid, "") }
	status := func(class, uid, rest string) string { return event(class, `"severity_id": 4`, uid, ", "+rest) }
	vulnerability := func(uid, v string) string {
		return event("2002", `"severity_id": 0`, uid, `, "vulnerabilities": [`+v+`]`)
	}
	list := func(events ...string) string { return "[" + strings.Join(events, ", ") + "]" }
	documents{
		"severities": {list(
			severity(`"severity_id": 6`, "a"), severity(`"severity_id": 5`, "b"), severity(`"severity_id": 4`, "c"),
			severity(`"severity_id": 3`, "d"), severity(`"severity_id": 2`, "e"), severity(`"severity_id": 1`, "f"),
			severity(`"severity_id": 0`, "g"), severity(`"severity_id": 99, "severity": "Odd"`, "h"),
			severity(`"severity": "Fatal"`, "i"), severity(`"severity": "HIGH"`, "j"), severity(`"x": 1`, "k"),
		), []string{
			"critical open a", "critical open b", "critical open i", "high open c", "high open j", "low open e",
			"medium open d", "none open f", "unknown open g", "unknown open h", "unknown open k",
		}},
		"severities of vulnerabilities": {list(
			vulnerability("a", `{"severity": "Medium"}`), vulnerability("b", `{"severity": "Low"}, {"severity": "High"}`),
			vulnerability("c", `{"cve": {"cvss": [{"base_score": 5.0}, {"base_score": 9.1}]}}`),
			vulnerability("d", `{"cve": {"cvss": [{"vector_string": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"}]}}`),
			vulnerability("e", `{}`),
		), []string{"critical open c", "high open b", "high open d", "medium open a", "unknown open e"}},
		"codes": {list(
			status("2004", "a", `"status_code": "FAIL"`), status("2004", "b", `"status_code": "PASS"`),
			status("2004", "c", `"status_code": "MANUAL"`), status("2004", "d", `"status_code": ""`),
			status("2003", "e", `"status_code": "fail", "compliance": {"status_id": 1}`),
			status("2004", "f", `"status_code": "Odd"`),
			status("2003", "g", `"compliance": {"status": "PASSED"}`), status("2003", "h", `"compliance": {"status": "Fail"}`),
			status("2003", "i", `"compliance": {"status_id": 1}`), status("2003", "j", `"compliance": {"status_id": 2}`),
		), []string{"high open a", "high open d", "high open e", "high open f", "high open h", "high open j"}},
		"states": {list(
			status("2004", "a", `"status_id": 1`), status("2004", "b", `"status_id": 2`), status("2004", "c", `"status_id": 3`),
			status("2004", "d", `"status_id": 4`), status("2004", "e", `"status": "Suppressed"`),
			status("2004", "f", `"status_id": 99, "status": "Resolved"`), status("2004", "g", `"activity_id": 3`),
			status("2001", "h", `"status_id": 2`), status("2001", "i", `"state_id": 3, "status_id": 1`),
			status("2001", "j", `"state": "Resolved"`), status("2004", "k", `"status_id": 5`),
		), []string{
			"high in_review b", "high open a", "high open h", "high open k", "high resolved d", "high resolved f",
			"high resolved g", "high resolved j", "high risk_accepted c", "high risk_accepted e", "high risk_accepted i",
		}},
		"other classes": {list(
			event("2005", `"severity_id": 5`, "a", ""), event("2006", `"severity_id": 5`, "b", ""),
			event("2007", `"severity_id": 5`, "c", ""), event("6003", `"severity_id": 5`, "d", ""),
		), []string{"critical open b", "critical open c"}},
		"titles": {list(
			event("2002", `"severity_id": 3`, "a", `, "vulnerabilities": [{"cve": {"uid": "CVE-1"}}]`),
			event("2002", `"severity_id": 3`, "b",
				`, "vulnerabilities": [{"cve": {"uid": "CVE-1"}}, {"cve": {"uid": "CVE-2"}}]`),
			event("2002", `"severity_id": 3`, "c", `, "vulnerabilities": [{"advisory": {"uid": "ADV-1"}, "title": "x"}]`),
			`{"class_uid": 2004, "severity_id": 3, "finding_info": {}, "message": "m\nn"}`,
		), []string{"medium open ADV-1", "medium open CVE-1", "medium open b", "medium open m"}},
		"one event": {ocsfEventOf(`, "metadata": {"product": {"name": "A"}}, "vulnerabilities": [{"cve": {"uid": "CVE-1"}}],
			"version": "1"`), []string{"high open CVE-1"}},
	}.check(t)
}

// Two events that differ in one of these are two findings.
func TestOCSF_Identity(t *testing.T) {
	a := ocsfEventOf(``)
	for name, b := range map[string]string{
		"uid":           strings.Replace(a, `"u"`, `"v"`, 1),
		"title":         strings.Replace(a, `"t"`, `"s"`, 1),
		"resource":      strings.Replace(a, `"r"`, `"q"`, 1),
		"resources":     strings.Replace(a, `{"uid": "r"}`, `{"uid": "r"}, {"uid": "q"}`, 1),
		"region":        strings.Replace(a, `"uid": "r"`, `"uid": "r", "region": "e"`, 1),
		"check":         ocsfEventOf(`, "metadata": {"event_code": "c"}`),
		"product":       ocsfEventOf(`, "metadata": {"product": {"name": "P"}}`),
		"account":       ocsfEventOf(`, "cloud": {"account": {"uid": "1"}}`),
		"vulnerability": ocsfEventOf(`, "vulnerabilities": [{"cve": {"uid": "CVE-1"}}]`),
		"package":       ocsfEventOf(`, "vulnerabilities": [{"affected_packages": [{"name": "p"}]}]`),
		"code":          ocsfEventOf(`, "vulnerabilities": [{"affected_code": [{"file": {"path": "p"}, "start_line": 3}]}]`),
	} {
		for _, text := range []string{"[" + a + "," + b + "," + a + "]", a + "\n" + b + "\n" + a} {
			if n := mustParse(t, text).Findings.Len(); n != 2 {
				t.Errorf("%s: %d findings, want 2", name, n)
			}
		}
	}
	two := strings.Replace(a, `{"uid": "r"}`, `{"uid": "r"}, {"uid": "q"}`, 1)
	swapped := strings.Replace(a, `{"uid": "r"}`, `{"uid": "q"}, {"uid": "r"}`, 1)
	if n := mustParse(t, two+swapped).Findings.Len(); n != 1 {
		t.Errorf("resources in another order: %d findings, want 1", n)
	}
}

func TestOCSF_Moved(t *testing.T) {
	check := func(uid, resource, rest string) string {
		return `[{"class_uid": 2004, "severity_id": 4, "metadata": {"event_code": "c"}, "finding_info": {"uid": "` + uid +
			`", "title": "t"}, "resources": [` + resource + `]` + rest + `}]`
	}
	vulnerable := func(uid, id, version string) string {
		return check(uid, `{"uid": "r"}`, `, "vulnerabilities": [{"cve": {"uid": "`+id+
			`"}, "affected_packages": [{"name": "p", "version": "`+version+`"}]}]`)
	}
	r, lost := `{"uid": "r", "name": "n"}`, Tally{New: 1, Resolved: 1}
	moves{
		"another uid":           {check("u", r, ""), check("v", r, ""), Tally{Updated: 1}, 1},
		"a resource made again": {check("u", r, ""), check("v", `{"uid": "s", "name": "n"}`, ""), Tally{Updated: 1}, 1},
		"another resource":      {check("u", r, ""), check("v", `{"uid": "s", "name": "m"}`, ""), lost, 0},
		"another check":         {check("u", r, ""), strings.Replace(check("v", r, ""), `"c"`, `"d"`, 1), lost, 0},
		"another version":       {vulnerable("u", "CVE-1", "1"), vulnerable("v", "CVE-1", "2"), Tally{Updated: 1}, 1},
		"another vulnerability": {vulnerable("u", "CVE-1", "1"), vulnerable("v", "CVE-2", "1"), lost, 0},
	}.check(t)
}

func TestOCSF_Refused(t *testing.T) {
	for text, says := range map[string]string{
		`[{"class_uid": 3002}]`:                       "in class_uid: no event is a finding",
		`{"class_uid": 2004}`:                         "no report of a known format",
		ocsfEventOf("") + `{"a": 1}`:                  "In [1]: a finding of OCSF has class_uid and finding_info",
		ocsfEventOf("") + `7`:                         "in [1], at byte",
		ocsfEventOf("") + `]`:                         "something follows the end",
		`[{"class_uid": "2004", "finding_info": {}}]`: "in [0].class_uid, at byte",
		`[{"class_uid": 2004, "finding_info": 7}]`:    "in [0].finding_info, at byte",
	} {
		for _, clean := range []bool{false, true} {
			_, err := parse(strings.NewReader(text), clean)
			mustRefuse(t, err, says)
		}
	}
}
