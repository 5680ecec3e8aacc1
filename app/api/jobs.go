package api

import (
	"context"
	"net/http"
	"time"

	"gatecrier/jobs"
	"gatecrier/models"
)

type jobBody struct {
	Name     string    `json:"name"`
	Title    string    `json:"title"`
	About    string    `json:"about"`
	Schedule string    `json:"schedule" doc:"A cron expression of five fields, in UTC; set in the section jobs of the settings"`
	Next     time.Time `json:"next"`
	Running  bool      `json:"running"`
	Last     *runBody  `json:"last" doc:"Its newest run, or null"`
}

type runBody struct {
	ID       int64            `json:"id"`
	Job      string           `json:"job"`
	By       string           `json:"by" doc:"The user who started it; empty for the schedule"`
	Started  time.Time        `json:"started"`
	Finished *time.Time       `json:"finished"`
	Result   models.RunResult `json:"result" doc:"running, ok, failed, stopped (the program ended), lost (its process ended unexpectedly)"`
	Message  string           `json:"message"`
	Rows     int64            `json:"rows" doc:"The number of rows that it changed"`
}

// JobPath names the job of a path.
type JobPath struct {
	Name string `path:"name" maxLength:"100"`
}

func jobOf(s jobs.Status) jobBody {
	b := jobBody{
		Name:     s.Name,
		Title:    s.Title,
		About:    s.About,
		Schedule: s.Spec,
		Next:     s.Next,
		Running:  s.Running,
	}
	if s.Last.ID != 0 {
		last := runOf(s.Last)
		b.Last = &last
	}
	return b
}

func runOf(r models.JobRun) runBody {
	return runBody{
		ID:       r.ID,
		Job:      r.Job,
		By:       r.By,
		Started:  r.StartedAt,
		Finished: optional(r.FinishedAt),
		Result:   r.Result,
		Message:  r.Message,
		Rows:     r.Affected,
	}
}

type jobsAnswer struct {
	Body struct {
		Items []jobBody `json:"items"`
	}
}

func (a *API) jobs() {
	register(a, onGet("/jobs", "list-jobs"),
		"List the jobs with their times and last runs",
		func(ctx context.Context, _ *struct{}) (*jobsAnswer, error) {
			out := &jobsAnswer{}
			list, err := a.Jobs.List(ctx, actorOf(ctx))
			for _, s := range list {
				out.Body.Items = append(out.Body.Items, jobOf(s))
			}
			return out, err
		})
	register(a, onPost("/jobs/{name}/run", "run-job", http.StatusAccepted),
		"Run a job now",
		func(ctx context.Context, in *JobPath) (*struct{ Body runBody }, error) {
			run, err := a.Jobs.RunNow(ctx, actorOf(ctx), in.Name)
			return &struct{ Body runBody }{runOf(run)}, err
		})
}
