package cli

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"gatecrier/app/number"
)

// pushResult is what a run of push shows. Its JSON is the output of --format json.
type pushResult struct {
	Product      string      `json:"product"`
	Branch       string      `json:"branch"`
	Files        []sentFile  `json:"files"` // that were imported
	Gate         *gateResult `json:"gate"`  // after the last file, nil after an error
	Failing      []failing   `json:"failing"`
	FailingTotal int64       `json:"failing_total"`
	URL          string      `json:"url"`
	Error        *sendError  `json:"error,omitempty"`
	NotSent      []string    `json:"not_sent,omitempty"`
}

// sentFile is an imported report.
type sentFile struct {
	File         string           `json:"file"`
	Source       string           `json:"source"`
	Format       string           `json:"format"`
	Branch       string           `json:"branch"`
	Observations tally            `json:"observations"`
	Counts       map[string]int64 `json:"counts"`        // of the branch, by severity
	VEX          *vexChange       `json:"vex,omitempty"` // of a VEX document
	Warnings     []string         `json:"warnings"`
	label        string
}

// vexChange is what a VEX document has changed.
type vexChange struct {
	Document struct {
		ID string `json:"id"`
	} `json:"document"`
	Observations struct {
		Changed   int `json:"changed"`
		Unchanged int `json:"unchanged"`
		NotFound  int `json:"not_found"`
	} `json:"observations"`
}

// text says what the document has changed.
func (v vexChange) text() string {
	o := v.Observations
	return fmt.Sprintf("VEX document %s: %s changed, %d unchanged, %s without an observation", plain(v.Document.ID),
		number.Of(o.Changed, "observation", "observations"), o.Unchanged, number.Of(o.NotFound, "statement", "statements"))
}

// tally is how many observations a report changed.
type tally struct {
	New      int `json:"new"`
	Updated  int `json:"updated"`
	Reopened int `json:"reopened"`
	Resolved int `json:"resolved"`
}

type gateResult struct {
	State string `json:"state"` // passed, failed, none
	Why   string `json:"why"`
}

// title returns the state in words.
func (g gateResult) title() string {
	switch g.State {
	case "passed", "failed":
		return "Security gate " + g.State
	}
	return "Security gate not evaluated"
}

// failing is an observation that fails the gate.
type failing struct {
	ID        int64  `json:"id"`
	Title     string `json:"title"`
	Severity  string `json:"severity"`
	Component string `json:"component"`
	Location  string `json:"location"`
	Fix       string `json:"fix"`
	URL       string `json:"url,omitempty"`
}

// where returns the component, else the location.
func (f failing) where() string {
	if c := plain(f.Component); c != "" {
		return c
	}
	return plain(f.Location)
}

// sendError is the file that was refused, and why.
type sendError struct {
	File    string `json:"file"`
	Message string `json:"message"`
	label   string
	others  string // what became of the other files, "" without any
}

// more returns how many failing observations a list of n leaves out. Without observations the counts
// are bare ones.
func (r pushResult) more(n int) int64 {
	if len(r.Failing) == 0 {
		return 0
	}
	return max(0, r.FailingTotal-int64(n))
}

// observationURL returns the address of the page of an observation.
func (r pushResult) observationURL(id int64) string {
	u, err := url.Parse(r.URL)
	if err != nil || id == 0 {
		return ""
	}
	u.RawQuery = ""
	return strings.TrimSuffix(u.String(), "/") + "/observations/" + strconv.FormatInt(id, 10)
}
