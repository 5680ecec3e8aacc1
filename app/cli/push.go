package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

type pushCmd struct {
	server
	Branch        string   `placeholder:"NAME" help:"The branch that was scanned. Default: the default branch."`
	DefaultBranch bool     `help:"Make --branch the default branch if that has no report yet."`
	Scanner       string   `placeholder:"NAME" help:"The name of the scanner. Default: the name in the report."`
	Source        string   `placeholder:"NAME" help:"The source of a file without a name of its own."`
	Clean         bool     `help:"The scan ran and found nothing. Accepts a report that does not say so itself."`
	ReportFormat  string   `default:"auto" placeholder:"FORMAT" help:"The format of the reports: auto (recognize it) or generic. Default: auto."`
	Format        string   `default:"text" placeholder:"FORMAT" help:"The output: text, json, markdown, github or gitlab. Default: text."`
	Retry         string   `default:"0" placeholder:"DURATION" help:"How long to retry requests that can succeed later, such as 5m. Default: no retry."`
	FailOnGate    bool     `help:"Exit with 2 if the security gate failed."`
	Files         []string `arg:"" optional:"" name:"file" help:"The reports: FILE, or SOURCE=FILE with the name of its source. - is stdin."`
}

// Help describes files, sources, retries and exit codes.
func (pushCmd) Help() string {
	return `Examples:
  gatecrier push --product Shop --fail-on-gate image=grype.json code=semgrep.sarif
  trivy image -f json app:1.2 | gatecrier push --product Shop image=-

A report replaces the previous one of the same source. Name a source for each file: SOURCE=FILE. A file
whose own name contains "=" is sent as it is if it exists, or with "./" before its name.

--retry repeats a request after a network error, 429, 502, 503, 504, and while another import of the same
source runs. A repeated report is imported once.

Exit codes: 0 the gate passed or is disabled, or --fail-on-gate is absent; 2 the gate failed; 1 any error.`
}

// push is a run of the command.
type push struct {
	pushCmd
	api       client
	productID int64
	files     []*reportFile
	printer   printer
	result    pushResult
}

// Run sends the files one after the other, and shows the gate after the last one.
func (c pushCmd) Run(in *invocation) (err error) {
	p, err := c.prepare(in)
	defer func() { err = errors.Join(err, closeAll(p.files)) }()
	if err != nil {
		return err
	}
	if p.productID, err = p.api.product(in.ctx); err != nil {
		return err
	}
	failed := p.sendAll(in.ctx)
	if err := errors.Join(p.printer.finish(p.result), p.summary(in)); err != nil {
		return errors.Join(failed, err)
	}
	if failed == nil && c.FailOnGate && p.result.Gate.State == "failed" {
		return errGateFailed
	}
	return failed
}

// prepare checks everything that can be wrong before the first request, and opens the files. It
// returns all problems at once, and a run whose files must be closed.
func (c pushCmd) prepare(in *invocation) (*push, error) {
	var found problems
	c.check(&found)
	retry, err := time.ParseDuration(c.Retry)
	if err != nil || retry < 0 {
		found.add("--retry: %q is not a duration, such as 90s, 5m or 1h", c.Retry)
	}
	if c.ReportFormat != "auto" && c.ReportFormat != "generic" {
		found.add("--report-format: %q is unknown: use auto or generic", c.ReportFormat)
	}
	if c.DefaultBranch && c.Branch == "" {
		found.add("--default-branch needs --branch with the name of the branch")
	}
	p := &push{pushCmd: c, api: client{server: c.server, in: in, retry: retry}}
	if p.printer = newPrinter(c.Format, in); p.printer == nil {
		found.add("--format: %q is unknown: use text, json, markdown, github or gitlab", c.Format)
	}
	p.files = parseFiles(c.Files, c.Source, &found)
	if len(found) == 0 { // else stdin is not read for nothing
		readable(in.ctx, p.files, in.stdin, &found)
	}
	return p, found.err()
}

// sendAll sends the files until the first error, and notes what was done. It returns the error with
// a line about the other files, if there are any.
func (p *push) sendAll(ctx context.Context) error {
	p.result = pushResult{Product: p.Product, Files: []sentFile{}, Failing: []failing{}}
	for i, f := range p.files {
		answer, err := p.send(ctx, f)
		if err != nil {
			return p.stop(i, err)
		}
		sent := sentFile{
			File:         f.path,
			Source:       f.source,
			Format:       answer.Format,
			Branch:       answer.Branch,
			Observations: answer.Observations,
			Counts:       answer.Counts,
			VEX:          answer.VEX,
			Warnings:     append([]string{}, answer.Warnings...),
			label:        f.label(),
		}
		p.result.Files = append(p.result.Files, sent)
		if err := p.printer.sent(sent); err != nil {
			return err
		}
		if i == len(p.files)-1 {
			p.result.Gate = &gateResult{State: answer.Gate.After, Why: answer.Gate.Why}
			p.result.Failing = append(p.result.Failing, answer.Failing...)
			p.result.FailingTotal = max(answer.FailingTotal, int64(len(answer.Failing)))
		}
		p.result.Branch, p.result.URL = answer.Branch, p.pageOf(answer)
	}
	return nil
}

// stop notes that the file at an index was not imported.
func (p *push) stop(at int, err error) error {
	f := p.files[at]
	p.result.Error = &sendError{File: f.path, Message: plain(err.Error()), label: f.label()}
	found := problems{fmt.Sprintf("%s: %s", f.label(), err)}
	if len(p.files) == 1 {
		return found
	}
	var done, left []string
	for _, f := range p.files[:at] {
		done = append(done, f.label())
	}
	for _, f := range p.files[at+1:] {
		left = append(left, f.label())
		p.result.NotSent = append(p.result.NotSent, f.path)
	}
	line := "imported: " + listOrNone(done) + "; not sent: " + listOrNone(left)
	p.result.Error.others = line
	return append(found, line)
}

func listOrNone(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}

var errNoAnswer = errors.New("unexpected response: check that --url is a Gatecrier server")

// answer is the API's answer to a report.
type answer struct {
	Format       string
	Branch       string
	Observations tally
	Counts       map[string]int64
	Gate         struct{ Before, After, Why string }
	Failing      []failing
	FailingTotal int64 `json:"failing_total"`
	URL          string
	Warnings     []string
	VEX          *vexChange
}

// send sends a file.
func (p *push) send(ctx context.Context, f *reportFile) (a answer, err error) {
	r := request{
		method: http.MethodPost,
		path:   "/products/" + strconv.FormatInt(p.productID, 10) + "/reports",
		query:  p.query(f),
		size:   f.size,
		body: func() (io.Reader, func()) {
			shown := &progress{
				client:    p.api,
				productID: p.productID,
				name:      f.label(),
				size:      f.size,
				out:       p.api.in.stderr,
				terminal:  p.api.in.terminal,
			}
			return shown.counted(f.body()), shown.begin(ctx)
		},
	}
	if p.api.retry > 0 { // the server stores the answer to a request with a key
		r.key = uuid.NewString()
	}
	if err := p.api.call(ctx, f.label(), r, &a); err != nil {
		return a, err
	}
	if a.Format == "" || !isGateState(a.Gate.After) {
		return a, errNoAnswer
	}
	return a, nil
}

// isGateState reports whether a word is the state of a gate: no other one is taken for a verdict.
func isGateState(word string) bool {
	return slices.Contains([]string{"none", "passed", "failed"}, word)
}

func (p *push) query(f *reportFile) url.Values {
	query := url.Values{}
	for name, value := range map[string]string{"branch": p.Branch, "scanner": p.Scanner, "source": f.source} {
		if value != "" {
			query.Set(name, value)
		}
	}
	for name, set := range map[string]bool{"default": p.DefaultBranch, "clean": p.Clean} {
		if set {
			query.Set(name, "true")
		}
	}
	if p.ReportFormat != "auto" {
		query.Set("format", p.ReportFormat)
	}
	return query
}

// pageOf returns the address of the page of the branch: the server's, or one below --url.
func (p *push) pageOf(a answer) string {
	if u, err := url.Parse(a.URL); err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http") {
		return plain(u.String())
	}
	query := url.Values{"branch": {a.Branch}}
	return strings.TrimSuffix(p.URL, "/") + "/products/" + strconv.FormatInt(p.productID, 10) + "?" + query.Encode()
}

// summary adds the result to the summary of a GitHub job, if the output is for one.
func (p *push) summary(in *invocation) error {
	name := os.Getenv("GITHUB_STEP_SUMMARY")
	if p.Format != formatGitHub || name == "" {
		return nil
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644) //nolint:gosec // the runner reads it
	if err == nil {
		_, err = io.WriteString(f, markdown(p.result))
		err = errors.Join(err, f.Close())
	}
	if err != nil { // the result is in the log all the same
		return in.complain("GITHUB_STEP_SUMMARY: " + fileError(err))
	}
	return nil
}
