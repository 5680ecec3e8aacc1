package page

import (
	"time"

	"gatecrier/templates/layout"
)

func jobStories() []story {
	row := func(name, result string, running bool) JobRow {
		return JobRow{
			Name:    name,
			Title:   "Old " + name,
			About:   "Removes what is old.",
			Spec:    "7 2 * * *",
			Words:   "Every day at 02:07 UTC",
			Next:    now.Add(time.Hour),
			Running: running,
			Last: RunRow{
				Result:   result,
				By:       script,
				Started:  ago(time.Minute),
				Took:     3 * time.Second,
				Affected: 12345,
				Message:  map[string]string{"failed": script + "\nat line 2"}[result],
			},
		}
	}
	never := row("never", "", false)
	never.Words, never.Last = "", RunRow{}
	list := []JobRow{
		row("a", "ok", false),
		row("b", "running", true),
		row("c", "failed", false),
		row("d", "stopped", false),
		row("e", "lost", false),
		never,
	}
	var runs []RunRow
	for _, r := range list[:5] {
		runs = append(runs, r.Last)
	}
	return []story{
		{"jobs", Jobs(JobsView{Frame: frame("Jobs", layout.NavSettings), Rows: list, Running: true})},
		{
			"job",
			Job(JobView{
				Frame:   frame("Old", layout.NavSettings),
				Job:     list[1],
				Runs:    runs,
				Running: true,
				Pager:   pager("1–5 of 10 runs"), Sorting: sorting("started"),
			}),
		},
		{"job-never", Job(JobView{Frame: frame("Old", layout.NavSettings), Job: never})},
	}
}
