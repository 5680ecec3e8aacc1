package page

import (
	"net/url"
	"time"
)

// RunsView is the preview of a cron expression.
type RunsView struct {
	Times []time.Time // in the zone of the reader
	Wrong string      // why there are none
}

// runText returns a time in the zone of the reader and in UTC, which cron expressions are in.
func runText(at time.Time) string {
	const day = "Mon 2 Jan 2006, 15:04 "
	text, utc := at.Format(day+"MST"), at.UTC()
	switch {
	case at.Format("MST") == "UTC":
		return text
	case at.Day() == utc.Day():
		return text + " (" + utc.Format("15:04 UTC") + ")"
	}
	return text + " (" + utc.Format("Mon 2 Jan, 15:04 UTC") + ")"
}

// RunsPath returns the path of the preview of a job's field. The field is sent along.
func RunsPath(job string) string { return RunsPreviewPath + "?job=" + url.QueryEscape(job) }

// RunsPreviewPath is the path of all previews.
const RunsPreviewPath = "/admin/settings/jobs/runs"
