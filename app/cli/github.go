package cli

import (
	"fmt"
	"io"
	"regexp"
	"strings"
)

// maxAnnotations is how many annotations of one kind GitHub shows for a step.
const maxAnnotations = 10

// maxProperty is the longest title of an annotation, in characters.
const maxProperty = 200

// githubPrinter writes the workflow commands of GitHub Actions, which become annotations:
// https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
type githubPrinter struct {
	in       *invocation
	warnings int
}

// sent writes the line about a report, and its warnings: the first ones as annotations.
func (p *githubPrinter) sent(f sentFile) error {
	lines := []string{sentLine(f)}
	for _, text := range f.Warnings {
		line := fmt.Sprintf("%s: warning: %s", f.label, plain(text))
		if p.warnings++; p.warnings <= maxAnnotations {
			line = githubCommand("warning", githubProperties{title: f.label}, plain(text))
		}
		lines = append(lines, line)
	}
	_, err := io.WriteString(p.in.stdout, strings.Join(lines, "\n")+"\n")
	return err
}

// finish writes the failing observations as errors, and the gate as a notice; after an error it
// writes that instead.
func (p *githubPrinter) finish(r pushResult) error {
	var lines []string
	if r.Error != nil {
		text := r.Error.label + ": " + r.Error.Message
		if r.Error.others != "" {
			text += "\n" + r.Error.others
		}
		lines = append(lines, githubCommand("error", githubProperties{title: "Report not imported"}, text))
	}
	shown := r.Failing[:min(len(r.Failing), maxAnnotations)]
	for _, f := range shown {
		lines = append(lines, githubError(r, f))
	}
	if r.Gate != nil {
		text := plain(r.Gate.Why)
		if more := r.more(len(shown)); more > 0 {
			text += fmt.Sprintf("\n%d more failing observations", more)
		}
		lines = append(lines, githubCommand("notice", githubProperties{title: r.Gate.title()}, text+"\n"+r.URL))
	}
	_, err := io.WriteString(p.in.stdout, strings.Join(lines, "\n")+"\n")
	return err
}

// githubError returns the annotation of a failing observation.
func githubError(r pushResult, f failing) string {
	props := githubProperties{title: short(f.Severity+": "+f.Title, maxProperty)}
	props.file, props.line = fileOf(plain(f.Location))
	var parts []string
	if c := short(f.Component, maxProperty); c != "" {
		parts = append(parts, c)
	}
	if l := short(f.Location, maxProperty); l != "" && props.file == "" {
		parts = append(parts, l)
	}
	if fix := short(f.Fix, maxProperty); fix != "" {
		parts = append(parts, "fix: "+fix)
	}
	if len(parts) == 0 {
		parts = []string{short(f.Title, maxProperty)}
	}
	text := strings.Join(parts, ", ")
	if link := r.observationURL(f.ID); link != "" {
		text += "\n" + link
	}
	return githubCommand("error", props, text)
}

// githubProperties are where an annotation is, and its title; "" leaves one out.
type githubProperties struct{ file, line, title string }

// githubCommand returns a workflow command. Lines of the message stay lines of the annotation.
func githubCommand(name string, p githubProperties, message string) string {
	var list []string
	for _, property := range [][2]string{{"file", p.file}, {"line", p.line}, {"title", p.title}} {
		if property[1] != "" {
			list = append(list, property[0]+"="+propertyEscapes.Replace(property[1]))
		}
	}
	return "::" + name + " " + strings.Join(list, ",") + "::" + messageEscapes.Replace(message)
}

var (
	messageEscapes  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	propertyEscapes = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// fileLine is a location with the number of a line, and maybe of a column.
var fileLine = regexp.MustCompile(`^(.+?):(\d{1,9})(?::\d{1,9})?$`)

// fileOf returns the file of the repository and the line that a location names, "" for none. A path
// from the root is one of an image, and an address is no file.
func fileOf(location string) (file, line string) {
	file = location
	if m := fileLine.FindStringSubmatch(location); m != nil {
		file, line = m[1], m[2]
	}
	if file == "" || strings.HasPrefix(file, "/") || strings.Contains(file, "://") ||
		line == "" && (strings.ContainsAny(file, " :@") || !strings.ContainsAny(file, "./")) {
		return "", ""
	}
	return strings.TrimPrefix(file, "./"), line
}
