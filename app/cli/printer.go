package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode"
	"unicode/utf16"
)

// The formats of the output.
const (
	formatText     = "text"
	formatJSON     = "json"
	formatMarkdown = "markdown"
	formatGitHub   = "github"
	formatGitLab   = "gitlab"
)

// printer writes the result of a push. Texts of reports and of the server can have anything in them:
// every printer escapes or removes what a terminal, a log or a page would take as a command.
type printer interface {
	sent(f sentFile) error          // after each file
	finish(result pushResult) error // at the end, also after an error
}

// newPrinter returns the printer of a format, nil for an unknown one.
func newPrinter(format string, in *invocation) printer {
	switch format {
	case formatText:
		return textPrinter{in}
	case formatJSON:
		return jsonPrinter{in}
	case formatMarkdown:
		return markdownPrinter{in}
	case formatGitHub:
		return &githubPrinter{in: in}
	case formatGitLab:
		return gitlabPrinter{in}
	}
	return nil
}

// sentLine says what a report changed.
func sentLine(f sentFile) string {
	if f.VEX != nil {
		return f.label + ": " + f.VEX.text()
	}
	o := f.Observations
	return fmt.Sprintf("%s: %s, %d new, %d updated, %d reopened, %d resolved",
		f.label, plain(f.Format), o.New, o.Updated, o.Reopened, o.Resolved)
}

// warn writes the warnings of a report to stderr.
func warn(in *invocation, f sentFile) error {
	for _, text := range f.Warnings {
		if _, err := fmt.Fprintf(in.stderr, "%s: warning: %s\n", f.label, plain(text)); err != nil {
			return err
		}
	}
	return nil
}

// maxCell is the longest text of a column, in characters.
const maxCell = 60

// failingTable returns the failing observations in columns, one in a line, and how many more exist.
// paint colors a severity.
func failingTable(r pushResult, paint func(severity string) string) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, f := range r.Failing {
		fix := plain(f.Fix)
		if fix != "" {
			fix = "fix: " + fix
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", //nolint:errcheck // a Builder returns no errors
			short(f.Severity, maxCell), short(f.where(), maxCell), short(f.Title, maxCell), short(fix, maxCell))
	}
	w.Flush() //nolint:errcheck,gosec // a Builder returns no errors
	lines := strings.Split(b.String(), "\n")
	for i, f := range r.Failing {
		severity := short(f.Severity, maxCell)
		lines[i] = strings.TrimRight(strings.Replace(lines[i], severity, paint(severity), 1), " ")
	}
	table := strings.Join(lines, "\n")
	if more := r.more(len(r.Failing)); more > 0 {
		table += fmt.Sprintf("  and %d more\n", more)
	}
	return table
}

// textPrinter writes lines for a person.
type textPrinter struct{ in *invocation }

func (p textPrinter) sent(f sentFile) error {
	if _, err := fmt.Fprintln(p.in.stdout, sentLine(f)); err != nil {
		return err
	}
	return warn(p.in, f)
}

func (p textPrinter) finish(r pushResult) error {
	if r.Gate == nil {
		return nil
	}
	_, err := fmt.Fprintf(p.in.stdout, "gate %s: %s\n%s%s\n", plain(r.Gate.State), plain(r.Gate.Why),
		failingTable(r, func(severity string) string { return severity }), r.URL)
	return err
}

// jsonPrinter writes one object. It is complete: no text is shortened.
type jsonPrinter struct{ in *invocation }

func (p jsonPrinter) sent(f sentFile) error { return warn(p.in, f) }

func (p jsonPrinter) finish(r pushResult) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	_, err = io.WriteString(p.in.stdout, harmlessJSON(string(text))+"\n")
	return err
}

// harmlessJSON escapes what JSON does not need to, but a terminal or a log would take as a command.
// It can only be in strings.
func harmlessJSON(text string) string {
	var b strings.Builder
	previous := rune(0)
	for _, r := range text {
		switch {
		case r == '#' && previous == '#', r > '~' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)):
			for _, unit := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&b, `\u%04x`, unit)
			}
		default:
			b.WriteRune(r)
		}
		previous = r
	}
	return b.String()
}
