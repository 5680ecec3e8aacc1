package cli

import (
	"fmt"
	"io"
	"strings"
)

// markdownPrinter writes a comment for a pull request.
type markdownPrinter struct{ in *invocation }

func (p markdownPrinter) sent(f sentFile) error { return warn(p.in, f) }

func (p markdownPrinter) finish(r pushResult) error {
	_, err := io.WriteString(p.in.stdout, markdown(r))
	return err
}

// markdown returns a result as GitHub Flavored Markdown, which GitLab reads too. Texts of reports are
// code: they mention no user, link to nothing and have no HTML.
func markdown(r pushResult) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	subject := mdCode(r.Product)
	if r.Branch != "" {
		subject += ", branch " + mdCode(r.Branch)
	}
	switch {
	case r.Gate != nil:
		line("### %s: %s\n\n%s", r.Gate.title(), subject, mdProse(r.Gate.Why))
	case r.Error != nil:
		line("### Report not imported: %s\n\n%s: %s", subject, mdCode(r.Error.label), mdProse(r.Error.Message))
		if r.Error.others != "" {
			line("\n%s", mdProse(r.Error.others))
		}
	}
	if len(r.Failing) > 0 {
		line("\n| Severity | Observation | Component | Fix | Location |\n|---|---|---|---|---|")
	}
	for _, f := range r.Failing {
		title := mdCode(f.Title)
		if link := r.observationURL(f.ID); link != "" {
			title = fmt.Sprintf("[%s](%s)", title, mdURL(link))
		}
		line("| %s | %s | %s | %s | %s |", mdProse(f.Severity), title, mdCode(f.Component), mdCode(f.Fix), mdCode(f.Location))
	}
	if more := r.more(len(r.Failing)); more > 0 {
		line("\nAnd %d more.", more)
	}
	if len(r.Files) > 0 {
		line("\n| Report | Format | New | Updated | Reopened | Resolved |\n|---|---|--:|--:|--:|--:|")
	}
	var warnings, said []string
	for _, f := range r.Files {
		if f.VEX != nil {
			said = append(said, fmt.Sprintf("- %s: %s", mdCode(f.label), mdProse(f.VEX.text())))
		}
		o := f.Observations
		line("| %s | %s | %d | %d | %d | %d |", mdCode(f.label), mdProse(f.Format), o.New, o.Updated, o.Reopened, o.Resolved)
		for _, text := range f.Warnings {
			warnings = append(warnings, fmt.Sprintf("- %s: %s", mdCode(f.label), mdProse(text)))
		}
	}
	if len(said) > 0 {
		line("\n%s", strings.Join(said, "\n"))
	}
	if len(warnings) > 0 {
		line("\nWarnings:\n\n%s", strings.Join(warnings, "\n"))
	}
	if r.URL != "" {
		line("\n[Open in Gatecrier](%s)", mdURL(r.URL))
	}
	return b.String()
}

// maxMarkdownCell is the longest text of a cell, in characters.
const maxMarkdownCell = 200

// mdCode returns a text as code, "" for none. With a character that would end the code or the cell,
// it writes the HTML of code, with all punctuation as entities.
func mdCode(text string) string {
	text = short(text, maxMarkdownCell)
	switch {
	case text == "":
		return ""
	case !strings.ContainsAny(text, "`|\\"):
		return "`" + text + "`"
	}
	var b strings.Builder
	for _, r := range text {
		if r < 0x80 && !isLetterOrDigit(r) && r != ' ' {
			fmt.Fprintf(&b, "&#%d;", r)
			continue
		}
		b.WriteRune(r)
	}
	return "<code>" + b.String() + "</code>"
}

// mdProse returns a sentence of the server. It escapes what Markdown would read, and separates @ and
// # from what follows, so that they mention no user and no issue.
func mdProse(text string) string {
	var b strings.Builder
	for _, r := range plain(text) {
		switch {
		case r == '@' || r == '#':
			fmt.Fprintf(&b, "%c\u200b", r)
		case r == '&':
			b.WriteString("&amp;")
		case strings.ContainsRune("\\`*_{}[]<>|~!$^", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return strings.ReplaceAll(b.String(), "://", ":\u200b//")
}

// mdURL returns an address as the target of a link. It escapes what would end the target.
func mdURL(address string) string {
	var b strings.Builder
	for _, c := range []byte(address) {
		if isLetterOrDigit(rune(c)) || strings.IndexByte("-._~:/?@!$&'*+,;=%#", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}

func isLetterOrDigit(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
}
