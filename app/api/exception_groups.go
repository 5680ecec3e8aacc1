package api

import (
	"context"
	"net/http"
	"time"

	"gatecrier/app/exception"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// ExceptionBody is a group of the same exception.
type ExceptionBody struct {
	ID          int64                 `json:"id"`
	Product     *named                `json:"product"`
	Kind        models.ExceptionKind  `json:"kind" enum:"request,task,reported"`
	GroupedBy   string                `json:"grouped_by" enum:"fingerprint,frames,message,exact,overflow" doc:"How exceptions of this group are recognized as the same"`
	Key         string                `json:"key,omitempty"`
	Class       string                `json:"class"`
	Message     string                `json:"message" doc:"The message of the first exception; … if only administrators can see it"`
	Function    string                `json:"function"`
	State       models.ExceptionState `json:"state" enum:"open,resolved"`
	First       time.Time             `json:"first_at"`
	Last        time.Time             `json:"last_at"`
	Count       int64                 `json:"count"`
	Notified    int64                 `json:"notified" doc:"How many notifications were sent"`
	NotifiedAt  *time.Time            `json:"notified_at"`
	Suppressed  int64                 `json:"suppressed" doc:"How many occurrences were suppressed"`
	Held        int64                 `json:"suppressed_since" doc:"How many occurrences were suppressed since the last notification"`
	Until       time.Time             `json:"window_ends" doc:"Until when notifications are muted"`
	MutedUntil  *time.Time            `json:"muted_until"`
	ResolvedAt  *time.Time            `json:"resolved_at"`
	ResolvedBy  string                `json:"resolved_by,omitempty"`
	RegressedAt *time.Time            `json:"regressed_at" doc:"It occurred again after it was resolved"`
	Hours       []int                 `json:"hours" doc:"Occurrences in each of the last 24 hours, the current hour last"`
}

func exceptionOf(g exception.Group) ExceptionBody {
	b := ExceptionBody{
		ID:          g.ID,
		Kind:        g.Kind,
		GroupedBy:   g.By,
		Key:         g.Key,
		Class:       g.Class,
		Message:     g.Message,
		Function:    g.Function,
		State:       g.State,
		First:       g.FirstAt,
		Last:        g.LastAt,
		Count:       g.Count,
		Notified:    g.Notified,
		NotifiedAt:  optional(g.NotifiedAt),
		Suppressed:  g.Suppressed,
		Held:        g.SuppressedSince,
		Until:       g.Until,
		MutedUntil:  optional(g.MutedUntil),
		ResolvedAt:  optional(g.ResolvedAt),
		ResolvedBy:  g.ResolvedBy,
		RegressedAt: optional(g.RegressedAt),
		Hours:       g.Hours,
	}
	if g.ProductID != 0 {
		b.Product = &named{g.ProductID, g.Product}
	}
	return b
}

type exceptionDetail struct {
	ExceptionBody
	Sample   exceptionSample    `json:"sample" doc:"The latest occurrence"`
	Releases []exceptionRelease `json:"releases"`
	Merges   []exceptionMerge   `json:"merges" doc:"Keys that were merged into this group"`
}

// exceptionSample is an exception.Sample. It has a type of its own because the OpenAPI
// document already uses the names of that type's parts.
type exceptionSample struct {
	At          time.Time         `json:"at"`
	Class       string            `json:"class"`
	Message     string            `json:"message"`
	Function    string            `json:"function"`
	Frames      []exception.Frame `json:"frames" doc:"Innermost frame first"`
	Chain       []exceptionCause  `json:"chain" doc:"The exceptions that caused it, outermost first"`
	Arguments   map[string]string `json:"arguments,omitempty"`
	Release     string            `json:"release,omitempty"`
	Environment string            `json:"environment,omitempty"`
	Level       string            `json:"level,omitempty"`
	Platform    string            `json:"platform,omitempty"`
	Server      string            `json:"server,omitempty"`
	User        string            `json:"user,omitempty"`
	Tags        map[string]string `json:"tags,omitempty"`
	Reference   string            `json:"reference,omitempty" doc:"The ID of the request, as in the log"`
	Truncated   bool              `json:"truncated,omitempty" doc:"true if a part was cut off"`
}

type exceptionCause struct {
	Class   string            `json:"class"`
	Message string            `json:"message"`
	Frames  []exception.Frame `json:"frames,omitempty"`
}

func exceptionSampleOf(s exception.Sample) exceptionSample {
	b := exceptionSample{
		At:          s.At,
		Class:       s.Class,
		Message:     s.Message,
		Function:    s.Function,
		Frames:      s.Frames,
		Chain:       []exceptionCause{},
		Arguments:   s.Arguments,
		Release:     s.Release,
		Environment: s.Environment,
		Level:       s.Level,
		Platform:    s.Platform,
		Server:      s.Server,
		User:        s.User,
		Tags:        s.Tags,
		Reference:   s.Reference,
		Truncated:   s.Truncated,
	}
	for _, c := range s.Chain {
		b.Chain = append(b.Chain, exceptionCause(c))
	}
	return b
}

type exceptionRelease struct {
	Name  string    `json:"name"`
	First time.Time `json:"first_at"`
	Last  time.Time `json:"last_at"`
}

type exceptionMerge struct {
	Key     string    `json:"key"`
	Class   string    `json:"class"`
	Message string    `json:"message"`
	By      string    `json:"by"`
	At      time.Time `json:"at"`
}

type exceptionAnswer struct{ Body exceptionDetail }

func exceptionDetailOf(d exception.Detail) *exceptionAnswer {
	b := exceptionDetail{
		ExceptionBody: exceptionOf(d.Group),
		Sample:        exceptionSampleOf(d.Sample),
		Releases:      []exceptionRelease{},
		Merges:        []exceptionMerge{},
	}
	for _, r := range d.Releases {
		b.Releases = append(b.Releases, exceptionRelease{r.Name, r.FirstAt, r.LastAt})
	}
	for _, m := range d.Merges {
		b.Merges = append(b.Merges, exceptionMerge{m.Key, m.Class, m.Message, m.By, m.At})
	}
	return &exceptionAnswer{b}
}

type exceptionsInput struct {
	Page
	Product int64                 `query:"product" minimum:"0"`
	Own     bool                  `query:"own" doc:"Only exceptions without a product"`
	Kind    models.ExceptionKind  `query:"kind" enum:"request,task,reported"`
	State   models.ExceptionState `query:"state" enum:"open,resolved"`
	Muted   bool                  `query:"muted" doc:"Only exceptions that are"`
	Q       string                `query:"q" maxLength:"200" doc:"Part of the class, the message or the function"`
}

type exceptionPatch struct {
	IDPath
	Body struct {
		State      patch[models.ExceptionState] `json:"state,omitempty" doc:"open or resolved"`
		MutedUntil patch[time.Time]             `json:"muted_until,omitempty" doc:"null unmutes it"`
	}
}

func (a *API) exceptionGroups() {
	register(a, onGet("/exceptions", "list-exceptions"),
		"List exceptions, most recent first",
		a.exceptionPage)
	register(a, onGet("/exceptions/{id}", "get-exception"),
		"Get an exception with its latest sample",
		func(ctx context.Context, in *IDPath) (*exceptionAnswer, error) {
			return a.exceptionAfter(ctx, in.ID, nil)
		})
	register(a, onPatch("/exceptions/{id}", "update-exception"),
		"Resolve, reopen, or mute an exception",
		func(ctx context.Context, in *exceptionPatch) (*exceptionAnswer, error) {
			return a.exceptionAfter(ctx, in.ID, a.patchException(ctx, in))
		})
	register(a, onPost("/exceptions/{id}/merge", "merge-exceptions", http.StatusOK),
		"Merge other exceptions of the same product into this one",
		func(ctx context.Context, in *struct {
			IDPath
			Body struct {
				Groups []int64 `json:"groups" minItems:"1" maxItems:"100"`
			}
		},
		) (*exceptionAnswer, error) {
			return a.exceptionAfter(ctx, in.ID, a.Exceptions.Merge(ctx, actorOf(ctx), in.ID, in.Body.Groups))
		})
	register(a, onPost("/exceptions/{id}/split", "split-exception", http.StatusOK),
		"Undo a merge: from its next report on, the exception has its own group again",
		func(ctx context.Context, in *struct {
			IDPath
			Body struct {
				Key string `json:"key" doc:"An item of merges"`
			}
		},
		) (*exceptionAnswer, error) {
			return a.exceptionAfter(ctx, in.ID, a.Exceptions.Split(ctx, actorOf(ctx), in.ID, in.Body.Key))
		})
	register(a, onDelete("/exceptions/{id}", "delete-exception"),
		"Delete an exception with its counts",
		func(ctx context.Context, in *IDPath) (*struct{}, error) {
			return nil, a.Exceptions.Delete(ctx, actorOf(ctx), in.ID)
		})
}

// exceptionAfter returns a group after a change, or the error of the change.
func (a *API) exceptionAfter(ctx context.Context, id int64, err error) (*exceptionAnswer, error) {
	if err != nil {
		return nil, err
	}
	d, err := a.Exceptions.Get(ctx, actorOf(ctx), id)
	return exceptionDetailOf(d), err
}

func (a *API) exceptionPage(ctx context.Context, in *exceptionsInput) (*list[ExceptionBody], error) {
	f := models.ExceptionFilter{
		ProductID: in.Product,
		Own:       in.Own,
		Kind:      in.Kind,
		State:     in.State,
		Muted:     in.Muted,
		Text:      in.Q,
		Limit:     in.Limit + 1,
	}
	if err := seekPlace(in.Cursor, models.ExceptionOrders, &f.Place); err != nil {
		return nil, err
	}
	rows, err := a.Exceptions.List(ctx, actorOf(ctx), f)
	if err != nil {
		return nil, err
	}
	return answer(rows, in.Limit, exceptionOf, func(g exception.Group) any {
		return models.ExceptionOrders.Key(f.Place, g.ExceptionGroup)
	})
}

// patchException checks a whole patch, then applies it.
func (a *API) patchException(ctx context.Context, in *exceptionPatch) error {
	actor, state, muted := actorOf(ctx), in.Body.State, in.Body.MutedUntil
	if state.Sent && state.Value != models.ExceptionOpen && state.Value != models.ExceptionResolved {
		return fault.BadField("state", "open or resolved")
	}
	var err error
	switch { // muting can be refused, so it comes first
	case muted.Sent && !muted.Null:
		err = a.Exceptions.Mute(ctx, actor, in.ID, muted.Value)
	case muted.Sent:
		err = a.Exceptions.Unmute(ctx, actor, in.ID)
	}
	switch {
	case err != nil || !state.Sent:
		return err
	case state.Value == models.ExceptionResolved:
		return a.Exceptions.Resolve(ctx, actor, in.ID)
	}
	return a.Exceptions.Reopen(ctx, actor, in.ID)
}
