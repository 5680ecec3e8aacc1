package ingest

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatecrier/models"
)

// zapReport returns a report of the site https://a with some alerts.
func zapReport(alerts string) string {
	return `{"@programName": "ZAP", "site": [{"@name": "https://a", "@host": "a", "alerts": [` + alerts + `]}]}`
}

func TestZAP_Texts(t *testing.T) {
	got := sampleFinding(t, "zap-baseline.json", "SQL Injection", "https://till.example")
	want := Finding{
		Title: "SQL Injection", Description: "A parameter becomes a part of a query.\nWASC-19",
		Component: "https://till.example", Location: "https://till.example/find?q=a (q)",
		Fix: "Bind parameters.\nNever join texts to a query.", URL: "https://docs.example/sqli",
		Severity: models.High, Status: models.StatusOpen,
		Details: models.Details{
			CWEs: []string{"CWE-89"}, Rule: "40018", Locations: []string{"https://till.example/pay POST (amount)"},
		}.Encode(),
	}
	if diff := cmp.Diff(want, got, withKeys); diff != "" {
		t.Errorf("finding (-want +got):\n%s", diff)
	}
	title := "Content Security Policy (CSP) Header Not Set"
	got = sampleFinding(t, "zap-baseline.json", title, "https://till.example")
	details := got.Details.Decode()
	if !strings.Contains(got.Description, "\nA script of another server, such as <script src=\"//x\">, can run.") {
		t.Errorf("description %q", got.Description)
	}
	if diff := cmp.Diff([]string{"https://docs.example/csp/levels"}, details.References); diff != "" {
		t.Errorf("references (-want +got):\n%s", diff)
	}
	if got := sampleFinding(t, "zap-baseline.json", "Modern Web Application", "https://till.example"); got.Description !=
		"The application seems modern." || got.Details.Decode().CWEs != nil {
		t.Errorf("an alert without CWE and WASC: %+v", got)
	}
}

func TestZAP_Report(t *testing.T) {
	for name, want := range map[string]struct {
		subject string
		madeAt  time.Time
	}{
		"zap-baseline.json": {"till.example, till.example:8080", time.Date(2031, 5, 7, 8, 9, 10, 123456789, time.UTC)},
		"zap-old.json":      {"10.1.2.3", time.Date(2031, 5, 7, 8, 9, 10, 0, time.UTC)},
	} {
		r := mustParse(t, string(readSample(t, name)))
		if r.Tool != "ZAP" || r.Subject != want.subject || !r.MadeAt.Equal(want.madeAt) {
			t.Errorf("%s: tool %q, subject %q, made at %v", name, r.Tool, r.Subject, r.MadeAt)
		}
	}
}

func TestZAP_Alerts(t *testing.T) {
	documents{
		"severities": {zapReport(`{"alert": "a", "riskcode": 3}, {"alert": "b", "riskcode": "2"},
			{"alert": "c", "riskcode": 1}, {"alert": "d", "riskcode": "0"}, {"alert": "e"},
			{"alert": "f", "riskdesc": "High (Low)"}, {"alert": "g", "riskdesc": "Informational (Medium)"},
			{"alert": "h", "riskcode": "7"}`), []string{
			"high open a", "high open f", "low open c", "medium open b", "none open d", "none open g", "unknown open e",
			"unknown open h",
		}},
		"false positives": {zapReport(`{"alert": "a", "riskcode": 3, "confidence": "0"},
			{"alert": "b", "riskcode": 3, "confidence": 0}, {"alert": "c", "riskcode": 3, "confidence": 1},
			{"alert": "d", "riskcode": 3, "confidence": "False Positive"}`), []string{
			"high false_positive a", "high false_positive b", "high false_positive d", "high open c",
		}},
		// The same alert of a site with two risks, as filters make it, is one: the most severe active one.
		"filtered risks": {zapReport(`{"pluginid": 1, "alert": "a", "riskcode": 1},
			{"pluginid": 1, "alert": "a", "riskcode": 3, "confidence": 0},
			{"pluginid": 1, "alert": "a", "riskcode": 2}`), []string{"medium open a"}},
		"names": {zapReport(`{"name": "a"}, {"alertRef": "1-2", "pluginid": 1}, {"pluginid": 7}, {}`), []string{
			"unknown open 1-2", "unknown open 7", "unknown open Alert", "unknown open a",
		}},
		"other alerts of a rule": {zapReport(`{"alert": "a", "pluginid": 1, "alertRef": "1-1"},
			{"alert": "a", "pluginid": 1, "alertRef": "1-2"}, {"alert": "b", "pluginid": 1, "alertRef": "1-2"}`), []string{
			"unknown open a", "unknown open a", "unknown open b",
		}},
		"two sites": {
			`{"@programName": "OWASP ZAP", "site": [{"@name": "http://a", "alerts": [{"alert": "a"}]},
				{"@name": "https://a", "alerts": [{"alert": "a"}, null]}]}`, []string{"unknown open a", "unknown open a"},
		},
		"no program": {
			`{"@version": "2.9.0", "@generated": "x", "site": [{"@name": "b", "alerts": []}]}`, nil,
		},
	}.check(t)
}

// A baseline of instances is no place to look for differences: their order does not matter.
func TestZAP_InstancesAreLocations(t *testing.T) {
	report := func(uris ...string) string {
		var list []string
		for _, uri := range uris {
			list = append(list, `{"uri": "`+uri+`", "method": "GET"}`)
		}
		return zapReport(`{"alert": "a", "riskcode": 3, "instances": [` + strings.Join(list, ", ") + `]}`)
	}
	a, b := onlyFinding(t, report("u1", "u2", "u3")), onlyFinding(t, report("u3", "u1", "u2", "u1"))
	if diff := cmp.Diff(a, b, withKeys); diff != "" || a.Location != "u1" {
		t.Errorf("location %q, order (-first +second):\n%s", a.Location, diff)
	}
	var many []string
	for i := range 100 {
		many = append(many, "u"+strings.Repeat("x", 100-i))
	}
	if d := onlyFinding(t, report(many...)).Details.Decode(); len(d.Locations) != 20 {
		t.Errorf("%d other locations, want 20", len(d.Locations))
	}
	if f := onlyFinding(t, zapReport(`{"alert": "a", "instances": []}`)); f.Location != "https://a" {
		t.Errorf("location without an instance %q", f.Location)
	}
}

func TestZAP_Moved(t *testing.T) {
	report := func(reference, uri, severity string) string {
		return zapReport(`{"alert": "a", "pluginid": "1", ` + reference + ` "riskcode": "` + severity +
			`", "instances": [{"uri": "` + uri + `"}]}`)
	}
	a, lost := report("", "u", "1"), Tally{New: 1, Resolved: 1}
	moves{
		"another address": {a, report("", "v", "1"), Tally{Updated: 1}, 1},
		"another risk":    {a, report("", "u", "3"), Tally{Updated: 1}, 1},
		"a later ZAP":     {a, report(`"alertRef": "1-1",`, "u", "1"), Tally{Updated: 1}, 1},
		"another alert":   {a, zapReport(`{"alert": "b", "pluginid": "1"}`), lost, 0},
		"another rule":    {a, zapReport(`{"alert": "a", "pluginid": "2"}`), lost, 0},
		"another site":    {a, strings.ReplaceAll(a, "https://a", "https://b"), lost, 0},
	}.check(t)
}

func TestZAP_Refused(t *testing.T) {
	const full = `"insights": [{"level": "Info", "key": "i"}, {"level": "High", "key": "insight.diskspace.full"}], `
	const unreached = `"insights": [{"level": "Medium", "key": "insight.network.failure", "statistic": "100"}], `
	sites := func(before, site string) string { return `{` + before + `"@programName": "ZAP", "site": ` + site + `}` }
	for name, test := range map[string]struct{ text, says, clean string }{
		"no sites":    {sites("", "[]"), "in site: the report has no site", ""},
		"null":        {sites("", "null"), "in site: the report has no site", ""},
		"no key":      {`{"@programName": "ZAP"}`, "in site: the report has no site", ""},
		"a null site": {sites("", "[null]"), "in site[0]: the site has no @name or no list of alerts", ""},
		"no alerts":   {sites("", `[{"@name": "a"}]`), "in site[0]: the site has no @name", ""},
		"null alerts": {sites("", `{"@name": "a", "alerts": null}`), "in site: the site has no @name", ""},
		"a full disk": {sites(full, `[{"@name": "a", "alerts": []}]`), "in insights[1]: the scan failed", "in insights[1]"},
		"a broken network": {
			sites(unreached, `[{"@name": "a", "alerts": []}]`), "in insights[0]: the scan failed", "in insights[0]",
		},
		"another program": {`{"@programName": "Heron", "site": []}`, "no report of a known format", "no report"},
		"a site of another tool": {
			`{"@version": "1", "@generated": "x", "site": [{"@name": "a"}]}`, "no report of a known format", "no report",
		},
		"a text": {sites("", `"a"`), "in site, at byte", "in site, at byte"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parse(strings.NewReader(test.text), false)
			mustRefuse(t, err, test.says)
			_, err = parse(strings.NewReader(test.text), true)
			if test.clean != "" {
				mustRefuse(t, err, test.clean)
			} else if err != nil {
				t.Errorf("with clean: %v", err)
			}
		})
	}
	broken := mustParse(t, sites(full, `[{"@name": "a", "alerts": [{"alert": "a"}]}]`))
	if !broken.Partial || len(broken.Warnings) != 1 || !strings.Contains(broken.Warnings[0], "insights[1]") {
		t.Errorf("a scan that broke off: %+v", broken)
	}
}
