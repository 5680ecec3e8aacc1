package api

import (
	"context"
	"encoding/json"
	"time"

	"gatecrier/app/explain"
	"gatecrier/models"
)

type eventBody struct {
	ID      int64     `json:"id"`
	Type    string    `json:"type"`
	Version int       `json:"version" doc:"The version of the payload"`
	At      time.Time `json:"at"`
	Actor   string    `json:"actor" doc:"The user or the program that caused it; empty: Gatecrier itself"`
	Product *named    `json:"product"`
	Title   string    `json:"title"`
	Message string    `json:"message" doc:"… if only administrators can see it"`
	Payload any       `json:"payload,omitempty" doc:"The data of a webhook. Absent if only administrators can see it: events of connections, of Gatecrier's own exceptions, and without a product"`
}

func eventOf(e explain.Event) (eventBody, error) {
	b := eventBody{
		ID:      e.ID,
		Type:    e.Type,
		Version: e.Version,
		At:      e.At,
		Actor:   e.Actor,
		Title:   e.Title,
		Message: e.Message,
	}
	if e.ProductID != 0 {
		b.Product = &named{e.ProductID, e.Product}
	}
	if e.Payload == nil {
		return b, nil
	}
	return b, json.Unmarshal(e.Payload, &b.Payload)
}

type stepBody struct {
	Step    explain.Key     `json:"step" enum:"recorded,hold,window,routing,inbox,silence,settings,target,reader" doc:"More values can be added"`
	Outcome explain.Outcome `json:"outcome" enum:"done,waiting,held,skipped,cancelled,failed,none,unknown"`
	Text    string          `json:"text"`
	Detail  string          `json:"detail,omitempty" doc:"A reason or an error, if you can see it"`
	At      *time.Time      `json:"at"`
	Until   *time.Time      `json:"until" doc:"The next attempt, the time of the notification, or the end of the silence"`
	Link    string          `json:"link,omitempty" doc:"The path of its page"`
	Sent    *sentBody       `json:"delivery,omitempty" doc:"Of a target"`
}

type sentBody struct {
	ID     int64                `json:"id"`
	Target targetRef            `json:"target"`
	State  models.DeliveryState `json:"state" enum:"pending,sending,retrying,delivered,dead,skipped,held,silenced,cancelled"`
	Tried  int                  `json:"tried" doc:"How many attempts were made"`
	Why    string               `json:"why" doc:"Why this target gets the event, and whether it is the product's, its group's or the system's"`
	By     string               `json:"set_up_by,omitempty" doc:"Who created the target, if you can edit it"`
}

func stepOf(s explain.Step) stepBody {
	b := stepBody{
		Step:    s.Key,
		Outcome: s.Outcome,
		Text:    s.Text,
		Detail:  s.Detail,
		At:      optional(s.At),
		Until:   optional(s.Until),
		Link:    s.Link.Path,
	}
	if l := s.Sent; l != nil {
		b.Sent = &sentBody{
			ID:     l.ID,
			Target: targetRef{l.ConnectionID, l.Connection, l.Module, l.Hint},
			State:  l.State,
			Tried:  l.Delivery.Attempts,
			Why:    s.Why,
			By:     s.SetUpBy,
		}
	}
	return b
}

type traceBody struct {
	EventID int64      `json:"event_id"`
	Steps   []stepBody `json:"steps" doc:"In order: one per target (at most 200), and one per role by which you can see the event"`
}

func (a *API) events() {
	register(a, onGet("/events/{id}", "get-event"),
		"Get an event",
		func(ctx context.Context, in *IDPath) (*struct{ Body eventBody }, error) {
			e, err := a.Explain.Event(ctx, actorOf(ctx), in.ID)
			if err != nil {
				return nil, err
			}
			body, err := eventOf(e)
			return &struct{ Body eventBody }{body}, err
		})
	register(a, onGet("/events/{id}/trace", "trace-event"),
		"Explain step by step why an event was sent or not",
		func(ctx context.Context, in *IDPath) (*struct{ Body traceBody }, error) {
			found, err := a.Explain.Explain(ctx, actorOf(ctx), in.ID)
			if err != nil {
				return nil, err
			}
			body := traceBody{EventID: in.ID, Steps: make([]stepBody, 0, len(found.Steps))}
			for _, s := range found.Steps {
				body.Steps = append(body.Steps, stepOf(s))
			}
			return &struct{ Body traceBody }{body}, nil
		})
}
