package page

import (
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"

	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

// JobsView is the list of jobs.
type JobsView struct {
	Frame   layout.View
	Rows    []JobRow
	Running bool // one is running: the list reloads itself
}

// JobView is one job with its runs.
type JobView struct {
	Frame   layout.View
	Job     JobRow
	Runs    []RunRow
	Sorting ui.Sorting // by started
	Pager   ui.Pager
	Running bool // it is running, and this is the first page
}

// JobRow is a job with its newest run.
type JobRow struct {
	Name    string // in paths and in the API
	Title   string
	About   string
	Spec    string // a cron expression
	Words   string // the same, where that is simple
	Next    time.Time
	Last    RunRow // zero where it has never run
	Running bool
}

// RunRow is a run of a job.
type RunRow struct {
	Result   string // running, ok, failed, stopped, lost; "" = none
	By       string // the user who started it; "" = the schedule
	Started  time.Time
	Took     time.Duration
	Affected int64
	Message  string
}

// runLook is how a result is shown.
type runLook struct{ kind, icon, word string }

func (r RunRow) look() runLook {
	switch r.Result {
	case "running":
		return runLook{"wait", "refresh", "Running"}
	case "ok":
		return runLook{"ok", "check", "Done"}
	case "failed":
		return runLook{"bad", "square-rounded-x", "Failed"}
	case "stopped":
		return runLook{"off", "circle-minus", "Stopped"}
	case "lost":
		return runLook{"bad", "alert-triangle", "Lost"}
	}
	return runLook{"off", "circle-dashed", "Never run"}
}

// did returns what a run did, in words.
func (r RunRow) did() string {
	switch {
	case r.Result == "lost":
		return "The process crashed"
	case r.Message != "":
		first, _, _ := strings.Cut(r.Message, "\n")
		return first
	case r.Result == "ok":
		return ui.Plural(int(r.Affected), "row", "rows")
	}
	return ""
}

// more reports whether the message has more than one line.
func (r RunRow) more() bool { return strings.Contains(r.Message, "\n") }

// when returns a job's schedule in words, or as a cron expression if it has none.
func (j JobRow) when() string {
	if j.Words != "" {
		return j.Words
	}
	return j.Spec
}

func jobPath(name string) string { return "/admin/jobs/" + url.PathEscape(name) }

// timesPath returns the path of the setting of a job.
func timesPath(name string) string { return settingsPath("jobs") + "#f-" + url.PathEscape(name) }

// poll makes a part of a page reload itself while live is set.
func poll(live bool, path, part string) templ.Attributes {
	if !live {
		return nil
	}
	return templ.Attributes{"hx-get": path, "hx-select": part, "hx-trigger": "every 1s", "hx-swap": "outerHTML"}
}
