package api

import (
	"context"
	"net/http"
	"time"

	"gatecrier/app/doctor"
)

type doctorBody struct {
	At       time.Time     `json:"at"`
	Problems int           `json:"problems" doc:"The number of checks that found a problem"`
	Warnings int           `json:"warnings"`
	Checks   []doctorCheck `json:"checks"`
}

type doctorCheck struct {
	Name   string `json:"name"`
	State  string `json:"state" enum:"ok,warning,problem,skipped" doc:"skipped: it could not be checked"`
	Text   string `json:"text" doc:"The result"`
	Advice string `json:"advice" doc:"What to do, empty if nothing"`
}

func doctorOf(r doctor.Report) doctorBody {
	b := doctorBody{
		At:       r.At,
		Problems: r.Count(doctor.Problem),
		Warnings: r.Count(doctor.Warning),
		Checks:   make([]doctorCheck, len(r.Checks)),
	}
	for i, c := range r.Checks {
		b.Checks[i] = doctorCheck{Name: c.Name, State: string(c.State), Text: c.Text, Advice: c.Advice}
	}
	return b
}

type doctorAnswer struct{ Body doctorBody }

// doctor adds the operation that checks the installation.
func (a *API) doctor() {
	register(a, onPost("/doctor", "check-installation", http.StatusOK),
		"Check the installation. It connects to the mail server and to the addresses of connections, and sends no message.",
		func(ctx context.Context, _ *struct{}) (*doctorAnswer, error) {
			r, err := a.Doctor.Run(ctx, actorOf(ctx))
			if err != nil {
				return nil, err
			}
			return &doctorAnswer{doctorOf(r)}, nil
		})
}
