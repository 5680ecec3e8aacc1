package cli

import (
	"fmt"
	"io"
	"strings"
)

// gitlabPrinter writes for a job log of GitLab, which shows colors and sections that can be collapsed:
// https://docs.gitlab.com/ci/jobs/job_logs/
type gitlabPrinter struct{ in *invocation }

// sent writes nothing: the lines are in the section at the end.
func (gitlabPrinter) sent(sentFile) error { return nil }

func (p gitlabPrinter) finish(r pushResult) error {
	var b strings.Builder
	now := p.in.now().Unix()
	section := func(name, options, header string, lines ...string) {
		fmt.Fprintf(&b, "\x1b[0Ksection_start:%d:%s%s\r\x1b[0K%s\n", now, name, options, header)
		for _, line := range lines {
			b.WriteString(line + "\n")
		}
		fmt.Fprintf(&b, "\x1b[0Ksection_end:%d:%s\r\x1b[0K\n", now, name)
	}
	var reports, warnings []string
	for _, f := range r.Files {
		reports = append(reports, sentLine(f))
		for _, text := range f.Warnings {
			warnings = append(warnings, color(yellow, fmt.Sprintf("%s: warning: %s", f.label, plain(text))))
		}
	}
	section("gatecrier_reports", "[collapsed=true]", fmt.Sprintf("Reports: %d imported", len(r.Files)), reports...)
	for _, line := range warnings {
		b.WriteString(line + "\n")
	}
	if r.Error != nil {
		b.WriteString(color(boldRed, "Report not imported") + ": " + r.Error.label + ": " + r.Error.Message + "\n")
	}
	if r.Gate != nil {
		paint := map[string]string{"failed": boldRed, "passed": boldGreen}[r.Gate.State]
		b.WriteString(color(paint, r.Gate.title()) + ": " + plain(r.Gate.Why) + "\n")
	}
	if len(r.Failing) > 0 {
		header := fmt.Sprintf("Failing observations: %d of %d", len(r.Failing), r.FailingTotal)
		section("gatecrier_failing", "", header, strings.TrimSuffix(failingTable(r, colorOf), "\n"))
	}
	if r.Gate != nil {
		b.WriteString(r.URL + "\n")
	}
	_, err := io.WriteString(p.in.stdout, b.String())
	return err
}

// The colors of a log, as parameters of SGR.
const (
	red       = "31"
	yellow    = "33"
	cyan      = "36"
	boldRed   = "31;1"
	boldGreen = "32;1"
)

// color returns a text in a color, "" for none.
func color(parameters, text string) string {
	if parameters == "" {
		return text
	}
	return "\x1b[" + parameters + "m" + text + "\x1b[0m"
}

// colorOf returns a severity in its color.
func colorOf(severity string) string {
	return color(map[string]string{"critical": boldRed, "high": red, "medium": yellow, "low": cyan}[severity], severity)
}
