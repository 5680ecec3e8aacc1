package ingest

import (
	"strings"
	"testing"
)

// scanCase is a report whose scan did not do what it seems to have done.
type scanCase struct {
	text    string
	refused string // a part of the refusal; "" = accepted
	clean   bool   // accepted if the user says that the scan ran and found nothing
	partial string // a part of the warning of a partial report; "" = it is complete
	warning string // a part of the warning of a complete report; "" = none
}

type scanCases map[string]scanCase

func (cases scanCases) check(t *testing.T) {
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			for _, text := range []string{test.text, string(reverseKeys(t, []byte(test.text)))} {
				for _, clean := range []bool{false, true} {
					r, err := parse(strings.NewReader(text), clean)
					if test.refused != "" && (!clean || !test.clean) {
						mustRefuse(t, err, test.refused)
						continue
					}
					if err != nil {
						t.Errorf("clean %t: %v", clean, err)
						continue
					}
					if r.Partial != (test.partial != "") {
						t.Errorf("clean %t: partial %t, warnings %q", clean, r.Partial, r.Warnings)
					}
					says := test.partial + test.warning
					if all := strings.Join(r.Warnings, "\n"); !strings.Contains(all, says) || (says == "") != (all == "") {
						t.Errorf("clean %t: warnings %q, want %q", clean, r.Warnings, says)
					}
				}
			}
		})
	}
}

func truffleHogMessage(level, message, rest string) string {
	return `{"level": "` + level + `", "logger": "trufflehog", "msg": "` + message + `"` + rest + "}\n"
}

func TestTruffleHog_MessagesWithoutTheSecrets(t *testing.T) {
	end := func(verified, unverified string) string {
		return truffleHogMessage("info-0", "finished scanning",
			`, "verified_secrets": `+verified+`, "unverified_secrets": `+unverified)
	}
	secret := truffleHogLine(`"Raw": "s"`) + "\n"
	failure := truffleHogMessage("error", "error preparing repo", `, "error": "exit status 128"`)
	const lost, errors = "the scan found secrets that the file does not have", "the scan had errors"
	scanCases{
		"none":             {text: end("0", "0")},
		"numbers as texts": {text: end(`"0"`, `"0"`)},
		"verified":         {text: end("3", "0"), refused: "in verified_secrets: " + lost},
		"unverified":       {text: end("0", "2"), refused: "in unverified_secrets: " + lost},
		"a text":           {text: end("0", `"2"`), refused: lost},
		"not a number":     {text: end("0", `"many"`), refused: lost},
		"after a message": {
			text: truffleHogMessage("info-0", "running source", "") + end("3", "2"), refused: "in [1].verified_secrets: ",
		},
		"names the way out":            {text: end("3", "2"), refused: "2>&1"},
		"all are there":                {text: secret + end("0", "1")},
		"one is missing":               {text: secret + end("1", "1"), partial: "[1].verified_secrets"},
		"repeated ones":                {text: secret + secret + end("0", "1")},
		"two scans, one without":       {text: secret + end("0", "1") + end("0", "1"), partial: "unverified_secrets"},
		"a repository is not prepared": {text: failure + end("0", "0"), refused: errors, clean: true},
		"error scanning repo": {
			text: truffleHogMessage("ERROR", "error scanning repo", "") + end("0", "0"), refused: errors, clean: true,
		},
		"an error and a secret": {text: failure + secret + end("0", "1"), partial: "in msg"},
		"an error in the second scan": {
			text: end("0", "0") + failure + end("0", "0"), refused: "in [1].msg: " + errors, clean: true,
		},
		"an error after the end": {text: end("0", "0") + failure},
		"a file that is skipped": {text: truffleHogMessage("error", "skipping a file", "") + end("0", "0")},
	}.check(t)
}

func TestSARIF_RunsThatBrokeOff(t *testing.T) {
	run := func(results, invocation string) string {
		return sarifRuns(`"results": [` + results + `], "invocations": [{` + invocation + `}]`)
	}
	const (
		found      = `{"ruleId": "R"}`
		suppressed = `{"ruleId": "R", "suppressions": [{"kind": "inSource"}]}`
		signal     = `"exitSignalName": "SIGKILL"`
		start      = `"processStartFailureMessage": "no such file"`
		successful = `"executionSuccessful": true`
		at         = "in runs[0].invocations[0]."
		failure    = "the scan failed and found nothing"
	)
	notification := func(kind, level, says string) string {
		return `"` + kind + `": [{"level": "` + level + `", "descriptor": {"id": "N1"}, "message": {"text": "` + says + `"}}]`
	}
	execution := notification("toolExecutionNotifications", "error", "disk full")
	configuration := notification("toolConfigurationNotifications", "Error", "no rules")
	scanCases{
		"a signal":                 {text: run("", signal), refused: at + "exitSignalName: " + failure},
		"a failed start":           {text: run("", start), refused: at + "processStartFailureMessage: " + failure},
		"a signal and a pass":      {text: run(`{"kind": "pass"}`, signal), refused: at},
		"a signal, and suppressed": {text: run(suppressed, signal), refused: at},
		"a signal, yet successful": {text: run("", signal+", "+successful), refused: at},
		"a signal and a finding":   {text: run(found, signal), partial: "exitSignalName"},
		"an empty signal":          {text: run("", `"exitSignalName": "", "processStartFailureMessage": null`)},
		"a signal that is no text": {text: run("", `"exitSignalName": {"name": "KILL"}`), refused: at},
		"the exit code alone":      {text: run("", `"exitCode": 1, "executionSuccessful": true`)},
		"an exit code and success": {text: run("", `"exitCode": 2, "exitCodeDescription": "x", `+successful)},
		"an exit code unexplained": {text: run("", `"exitCode": 2, "exitCodeDescription": "crash"`), warning: "exitCode"},
		"an execution error":       {text: run("", execution), refused: at + "toolExecutionNotifications[0].level: "},
		"a configuration error":    {text: run("", configuration), refused: at + "toolConfigurationNotifications[0].level: "},
		"suppressed and an error":  {text: run(suppressed, execution), refused: at},
		"an error, yet successful": {text: run("", execution+", "+successful), warning: "disk full"},
		"a configuration error, yet successful": {
			text: run("", configuration+", "+successful), warning: "toolConfigurationNotifications[0]",
		},
		"an error and a finding":    {text: run(found, execution+", "+successful)},
		"a warning":                 {text: run("", notification("toolExecutionNotifications", "warning", "slow"))},
		"failed, all is suppressed": {text: run(suppressed, failed), refused: at + "executionSuccessful: "},
		"failed, one is active":     {text: run(suppressed+", "+found, failed)},
		"suppressed":                {text: run(suppressed, successful)},
		"an error in another invocation": {
			text:    sarifRuns(`"results": [], "invocations": [{` + successful + `}, {` + execution + `}]`),
			refused: "in runs[0].invocations[1].",
		},
		"an error in another run": {
			text:    sarifRuns(oneFound, `"results": [], "invocations": [{`+signal+`}]`),
			refused: "in runs[1].invocations[0].",
		},
	}.check(t)
}
