package ingest

import (
	"strings"
	"testing"
)

func TestNPMAudit_Contradictions(t *testing.T) {
	report := func(packages, rest string) string {
		return `{"auditReportVersion": 2, "vulnerabilities": {` + packages + `}` + rest + `}`
	}
	advisories := func(list, rest string) string {
		return `{"advisories": {` + list + `}, "metadata": {` + rest + `}}`
	}
	const (
		counted = `, "metadata": {"vulnerabilities": {"info": 0, "high": 2, "total": 2}}`
		none    = `, "metadata": {"vulnerabilities": {"high": 0, "total": 0}}`
		failure = `, "error": {"code": "ENOAUDIT", "summary": "no answer"}`
		found   = `"a": {"name": "a", "severity": "low", "via": [{"source": 1, "title": "T", "severity": "low"}]}`
		place   = "in metadata.vulnerabilities: "
	)
	scanCases{
		"none":                   {text: report("", none)},
		"no counts":              {text: report("", "")},
		"counted, none listed":   {text: report("", counted), refused: place},
		"counted as a text":      {text: report("", `, "metadata": {"vulnerabilities": {"high": "2"}}`), refused: place},
		"a total alone":          {text: report("", `, "metadata": {"vulnerabilities": {"total": 2}}`), refused: place},
		"counted and listed":     {text: report(found, counted)},
		"npm 6, none":            {text: advisories("", `"vulnerabilities": {"high": 0}`)},
		"npm 6, none listed":     {text: advisories("", `"vulnerabilities": {"high": 1}`), refused: place},
		"an error":               {text: report("", none+failure), refused: "in error: "},
		"an error as a text":     {text: report("", `, "error": "ENOAUDIT"`), refused: "in error: "},
		"an error and a finding": {text: report(found, failure), partial: "in error"},
		"npm 6, an error": {
			text: `{"advisories": {}, "metadata": {}, "error": {"code": "E"}}`, refused: "in error: ",
		},
		"no error":                 {text: report("", `, "error": null`)},
		"a home-made empty object": {text: report("", `, "error": {}`), refused: "in error: "},
	}.check(t)
}

// A package that no advisory explains counts by its own severity.
func TestNPMAudit_PackagesWithoutAnAdvisory(t *testing.T) {
	report := func(packages ...string) string {
		return `{"auditReportVersion": 2, "vulnerabilities": {` + strings.Join(packages, ", ") + `}}`
	}
	entry := func(name, via string) string {
		return `"` + name + `": {"name": "` + name + `", "severity": "high", "range": "<2", "via": ` + via + `}`
	}
	advisory := entry("a", `[{"source": 7, "title": "T", "severity": "critical"}]`)
	const known = "critical open T"
	documents{
		"an empty via":      {report(entry("b", `[]`)), []string{"high open b is vulnerable"}},
		"no via":            {report(`"b": {"severity": "high"}`), []string{"high open b is vulnerable"}},
		"a missing package": {report(entry("b", `["c"]`)), []string{"high open b is vulnerable"}},
		"one of two is missing": {
			report(advisory, entry("b", `["a", "c"]`)), []string{known, "high open b is vulnerable"},
		},
		"a package with an advisory": {report(advisory, entry("b", `["a"]`)), []string{known}},
		"a chain of packages":        {report(advisory, entry("b", `["c"]`), entry("c", `["a"]`)), []string{known}},
		"a circle": {
			report(advisory, entry("b", `["c"]`), entry("c", `["b"]`)),
			[]string{known, "high open b is vulnerable", "high open c is vulnerable"},
		},
		"a circle with an advisory": {report(advisory, entry("b", `["c", "a"]`), entry("c", `["b"]`)), []string{known}},
		"another type":              {report(entry("b", `[7]`)), []string{"high open b is vulnerable"}},
		"no severity":               {report(`"b": {"via": []}`), []string{"unknown open b is vulnerable"}},
	}.check(t)
}

func TestGitLab_ScansThatFailed(t *testing.T) {
	report := func(list, scan string) string {
		return `{"version": "15.0.4", "vulnerabilities": [` + list + `], "scan": {"type": "sast"` + scan + `}}`
	}
	const found = `{"id": "1", "name": "A", "severity": "High", "identifiers": [{"name": "I"}], "location": {"file": "f"}}`
	messages := func(level string) string {
		return `, "messages": [{"level": "info", "value": "v"}, {"level": "` + level + `", "value": "v"}]`
	}
	scanCases{
		"success":               {text: report("", `, "status": "success"`)},
		"Success":               {text: report("", `, "status": " Success"`)},
		"no status":             {text: report("", "")},
		"a null status":         {text: report("", `, "status": null`)},
		"failure":               {text: report("", `, "status": "failure"`), refused: "in scan.status: "},
		"canceled":              {text: report("", `, "status": "canceled"`), refused: "in scan.status: "},
		"an empty status":       {text: report("", `, "status": ""`), refused: "in scan.status: "},
		"a status of no text":   {text: report("", `, "status": false`), refused: "in scan.status: "},
		"canceled, with a find": {text: report(found, `, "status": "canceled"`), partial: "scan.status"},
		"a fatal message":       {text: report("", messages("Fatal")), refused: "in scan.messages[1].level: "},
		"fatal, yet success": {
			text: report("", `, "status": "success"`+messages("fatal")), refused: "in scan.messages[1]",
		},
		"fatal, with a find":     {text: report(found, messages("fatal")), partial: "scan.messages[1].level"},
		"a warning":              {text: report("", messages("warn"))},
		"messages of no list":    {text: report("", `, "messages": "none"`)},
		"failed, fatal, a find":  {text: report(found, `, "status": "failure"`+messages("fatal")), partial: "scan."},
		"success, with messages": {text: report(found, `, "status": "success"`+messages("info"))},
	}.check(t)
}

func TestSemgrep_ScansOfNothing(t *testing.T) {
	report := func(results, scanned, errors string) string {
		return `{"results": [` + results + `], "paths": {"scanned": ` + scanned + `}, "errors": ` + errors + `}`
	}
	const (
		found   = `{"check_id": "r", "path": "a.py", "start": {"line": 1}, "extra": {"severity": "ERROR"}}`
		ignored = `{"check_id": "r", "path": "a.py", "start": {"line": 1}, "extra": {"is_ignored": true}}`
		files   = `["a.py"]`
	)
	scanCases{
		"files":               {text: report("", files, "[]")},
		"no files":            {text: report("", "[]", "[]"), refused: "in paths.scanned: ", clean: true},
		"null":                {text: report("", "null", "[]"), refused: "in paths.scanned: ", clean: true},
		"no files, a finding": {text: report(found, "[]", "[]")},
		"an error":            {text: report("", files, `[{"level": "error"}]`), refused: "in errors: "},
		"a fatal error": {
			text: report("", files, `[{"level": "warn"}, {"level": "FATAL"}]`), refused: "in errors: ",
		},
		"warnings":               {text: report("", files, `[{"level": "warn"}, {"level": "WARNING"}, {"level": "info"}]`)},
		"an unknown level":       {text: report("", files, `[{"level": "panic"}]`), refused: "in errors: "},
		"no level":               {text: report("", files, `[{"message": "m"}]`), refused: "in errors: "},
		"a text":                 {text: report("", files, `["timeout"]`), refused: "in errors: "},
		"an object":              {text: report("", files, `{"level": "error"}`), refused: "in errors: "},
		"a number":               {text: report("", files, `2`), refused: "in errors: "},
		"null errors":            {text: report("", files, `null`)},
		"an error and a finding": {text: report(found, files, `["timeout"]`), partial: "in errors"},
		"an error, all ignored":  {text: report(ignored, files, `[{"level": "error"}]`), refused: "in errors: "},
		"ignored":                {text: report(ignored, files, `[]`)},
	}.check(t)
}

func TestGrype_DatabaseErrors(t *testing.T) {
	report := func(matches, db string) string {
		return `{"matches": [` + matches + `], "descriptor": {"name": "grype", "db": ` + db + `}}`
	}
	const found = `{"vulnerability": {"id": "CVE-1", "severity": "High"}, "artifact": {"name": "a", "version": "1"}}`
	const place = "in descriptor.db"
	scanCases{
		"none":                 {text: report("", `{"built": "2026", "schemaVersion": 5, "error": null}`)},
		"an empty error":       {text: report("", `{"error": ""}`)},
		"an error":             {text: report("", `{"error": "too old"}`), refused: place + ".error: "},
		"an error object":      {text: report("", `{"error": {"code": 1}}`), refused: place + ".error: "},
		"an error and a match": {text: report(found, `{"error": "too old"}`), partial: "descriptor.db.error"},
		"a valid status":       {text: report("", `{"status": {"valid": true, "built": "2026"}, "providers": {}}`)},
		"an invalid status":    {text: report("", `{"status": {"valid": false}}`), refused: place + ".status.valid: "},
		"an error in the status": {
			text: report("", `{"status": {"valid": true, "error": "x"}}`), refused: place + ".status.error: ",
		},
		"a status as a text": {text: report("", `{"status": "Invalid"}`), refused: place + ".status: "},
		"a valid text":       {text: report("", `{"status": "valid"}`)},
		"not valid":          {text: report("", `{"valid": false}`), refused: place + ".valid: "},
		"not valid, with a match": {
			text: report(found, `{"status": {"valid": false}}`), partial: "descriptor.db.status.valid",
		},
		"no database": {text: report("", `null`)},
	}.check(t)
}

func TestOCSF_NoCheckRan(t *testing.T) {
	event := func(status string) string {
		return `{"class_uid": 2003, "finding_info": {"title": "t"}, ` + status + `}`
	}
	const manual, pass, fail = `"status_code": "MANUAL"`, `"status_code": "PASS"`, `"status_code": "FAIL"`
	const refused = "no check ran"
	scanCases{
		"manual": {text: event(manual), refused: refused, clean: true},
		"manual and skipped": {
			text: "[" + event(manual) + ", " + event(`"status_code": "skipped"`) + "]", refused: refused, clean: true,
		},
		"not available":    {text: event(`"compliance": {"status": "NOT_AVAILABLE"}`), refused: refused, clean: true},
		"manual, and one":  {text: "[" + event(manual) + ", " + event(pass) + "]"},
		"passed":           {text: event(pass)},
		"passed by number": {text: event(`"compliance": {"status_id": 1}`)},
		"failed":           {text: "[" + event(manual) + ", " + event(fail) + "]"},
	}.check(t)
}

func TestTrivy_MisconfigurationStatus(t *testing.T) {
	report := func(rest string) string {
		return `{"SchemaVersion": 2, "ArtifactName": "a", "Results": [{"Target": "t", "Misconfigurations": [{"ID": "D1", ` +
			`"Severity": "HIGH"` + rest + `}]}]}`
	}
	failed := []string{"high open D1"}
	documents{
		"no status":     {report(""), failed},
		"null":          {report(`, "Status": null`), failed},
		"empty":         {report(`, "Status": ""`), failed},
		"fail":          {report(`, "Status": "fail"`), failed},
		"failure":       {report(`, "Status": "FAILURE"`), failed},
		"an error":      {report(`, "Status": "ERROR"`), failed},
		"pass":          {report(`, "Status": "pass"`), nil},
		"an exception":  {report(`, "Status": "Exception"`), nil},
		"a pass, space": {report(`, "Status": " PASS "`), nil},
	}.check(t)
}

func TestTrivy_ScansThatFailed(t *testing.T) {
	cluster := func(resources string) string { return `{"ClusterName": "c", "Resources": [` + resources + `]}` }
	const (
		ok      = `{"Kind": "Pod", "Name": "a", "Results": [{"Target": "t"}]}`
		failure = `{"Kind": "Pod", "Name": "b", "Error": "no such image"}`
		found   = `{"Kind": "Pod", "Name": "c", "Results": [{"Target": "t", "Vulnerabilities": [{"VulnerabilityID": "V"}]}]}`
	)
	summary := func(failures, list string) string {
		return `{"SchemaVersion": 2, "ArtifactName": "a", "Results": [{"Target": "t", "MisconfSummary": {"Successes": 1, ` +
			`"Failures": ` + failures + `}, "Misconfigurations": [` + list + `]}]}`
	}
	scanCases{
		"clean":                {text: cluster(ok)},
		"an empty error":       {text: cluster(strings.Replace(failure, "no such image", "", 1))},
		"an error":             {text: cluster(ok + ", " + failure), refused: "in Resources[1].Error: "},
		"an error and a find":  {text: cluster(found + ", " + failure), partial: "Resources[1].Error"},
		"no failures":          {text: summary("0", "")},
		"failures, but none":   {text: summary("2", ""), refused: "in Results[0].MisconfSummary.Failures: "},
		"failures, one passed": {text: summary("2", `{"ID": "D", "Status": "PASS"}`), refused: "in Results[0].Misconf"},
		"failures":             {text: summary("1", `{"ID": "D", "Status": "FAIL"}`)},
	}.check(t)
}

// A scan that failed and found only what is inactive found nothing.
func TestZAP_ScansThatFoundOnlyInactiveAlerts(t *testing.T) {
	report := func(confidence string) string {
		return `{"@programName": "ZAP", "site": [{"@name": "https://a.example", "alerts": [{"pluginid": "1", "alert": "A", ` +
			`"riskcode": "3", "confidence": "` + confidence + `"}]}], "insights": [{"level": "High", "key": "k"}]}`
	}
	scanCases{
		"a false positive": {text: report("0"), refused: "in insights[0]: "},
		"an alert":         {text: report("2"), partial: "insights[0]"},
	}.check(t)
}
