package api

import (
	"context"
	"time"

	"gatecrier/app/fault"
	"gatecrier/app/settings"
	"gatecrier/models"
)

// SectionPath names the section of a path.
type SectionPath struct {
	Section string `path:"section" doc:"general, gate, mail, exceptions, reports, delivery, users, jobs, retention"`
}

// settingsAnswer has the values of a section by their names, its version, and under secrets
// which secrets are set. After a change it can have warnings about values that will not work.
type settingsAnswer = one[map[string]any]

type settingsInput struct {
	SectionPath
	IfNoneMatch
}

type settingsPatch struct {
	SectionPath
	IfMatch

	Body map[string]any `doc:"Values by name; null restores the default; a version, if sent, must be the current one"`
}

func (a *API) settings() {
	register(a, onGet("/settings/{section}", "get-settings"),
		"Get a section of the global settings",
		func(ctx context.Context, in *settingsInput) (*settingsAnswer, error) {
			v, err := a.Settings.Get(ctx, actorOf(ctx), in.Section)
			return settingsOf(v), err
		})
	register(a, onPatch("/settings/{section}", "update-settings"),
		"Change a section of the global settings (JSON merge patch)",
		func(ctx context.Context, in *settingsPatch) (*settingsAnswer, error) {
			v, err := a.changeSettings(ctx, in)
			return settingsOf(v), err
		})
	register(a, onGet("/settings/gate/progress", "get-gate-progress"),
		"Get the progress of the evaluation of all gates that follows a change of the gate settings",
		func(ctx context.Context, _ *struct{}) (*struct{ Body sweepBody }, error) {
			s, err := a.Sweeper.Progress(ctx, actorOf(ctx))
			return &struct{ Body sweepBody }{sweepOf(s)}, err
		})
}

// sweepBody is the progress of the evaluation of all gates.
type sweepBody struct {
	Version    int64      `json:"version" doc:"The version of the gate settings that it applies"`
	Seen       int64      `json:"seen" doc:"Gates of branches that were ever evaluated"`
	Total      int64      `json:"total"`
	Changed    int64      `json:"changed" doc:"Gates that changed"`
	StartedAt  *time.Time `json:"started_at" doc:"null until it has begun"`
	FinishedAt *time.Time `json:"finished_at" doc:"null until it is done"`
	Done       bool       `json:"done" doc:"All gates are up to date with these settings"`
}

func sweepOf(s models.GateSweep) sweepBody {
	return sweepBody{
		Version:    s.Version,
		Seen:       s.Seen,
		Total:      s.Total,
		Changed:    s.Changed,
		StartedAt:  optional(s.StartedAt),
		FinishedAt: optional(s.FinishedAt),
		Done:       s.Done,
	}
}

func (a *API) changeSettings(ctx context.Context, in *settingsPatch) (settings.View, error) {
	var inBody *int64
	if sent, ok := in.Body["version"]; ok {
		n, ok := sent.(float64)
		if !ok {
			return settings.View{}, fault.BadField("version", "Enter a whole number")
		}
		inBody = settings.IfVersion(int64(n))
		delete(in.Body, "version")
	}
	ifVersion, err := in.version(inBody)
	if err != nil {
		return settings.View{}, err
	}
	return a.Settings.Update(ctx, actorOf(ctx), in.Section, settings.Change{Values: in.Body, IfVersion: ifVersion})
}

func settingsOf(v settings.View) *settingsAnswer {
	body, secrets := map[string]any{"version": v.Version}, map[string]any{}
	for _, f := range v.Fields {
		if f.Kind == settings.KindSecret {
			secrets[f.Name] = v.Values[f.Name]
			continue
		}
		body[f.Name] = v.Values[f.Name]
	}
	if len(secrets) > 0 {
		body["secrets"] = secrets
	}
	if len(v.Warnings) > 0 {
		body["warnings"] = v.Warnings
	}
	return oneOf(v.Version, body)
}
