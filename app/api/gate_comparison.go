package api

import (
	"context"
	"time"

	"gatecrier/app/gate"
	"gatecrier/models"
)

// momentBody is a gate at one time.
type momentBody struct {
	At         time.Time        `json:"at"`
	State      models.GateState `json:"state" enum:"none,passed,failed"`
	Counts     models.Counts    `json:"counts"`
	AsOf       time.Time        `json:"as_of" doc:"The time of the counts; equal to at if they are exact"`
	Daily      bool             `json:"daily" doc:"true: the counts are those of the end of a day"`
	Thresholds *models.Counts   `json:"thresholds" doc:"The thresholds at its last change before; null if there was no gate, or if they are not known"`
	Policy     string           `json:"policy" doc:"Where the thresholds came from: global, group, product; empty if not known"`
	CountingBody
	Change *int64 `json:"change" doc:"The event that led to this state, or null"`
}

func momentOf(m gate.Moment) momentBody {
	b := momentBody{
		At:           m.At,
		State:        m.State,
		Counts:       m.Counts,
		AsOf:         m.AsOf,
		Daily:        m.Daily,
		Thresholds:   m.Thresholds,
		Policy:       string(m.Owner),
		CountingBody: CountingBody(m.Counting),
	}
	if m.Change != 0 {
		b.Change = &m.Change
	}
	return b
}

// betweenBody lists observations that changed between two moments, worst first.
type betweenBody struct {
	Count  int64         `json:"count" doc:"The total; items can have fewer"`
	Counts models.Counts `json:"counts"`
	Items  []betweenItem `json:"items"`
}

type betweenItem struct {
	ID        int64           `json:"id"`
	Title     string          `json:"title"`
	Component string          `json:"component"`
	Scanner   string          `json:"scanner"`
	Severity  models.Severity `json:"severity"`
	Status    models.Status   `json:"status" doc:"The current status"`
	FirstSeen time.Time       `json:"first_seen"`
	Resolved  *time.Time      `json:"resolved"`
}

func betweenOf(l gate.BetweenList) betweenBody {
	b := betweenBody{Count: l.Tally.Total(), Counts: l.Tally, Items: make([]betweenItem, 0, len(l.Rows))}
	for _, o := range l.Rows {
		b.Items = append(b.Items, betweenItem{
			ID:        o.ID,
			Title:     o.Title,
			Component: o.Component,
			Scanner:   o.Scanner,
			Severity:  o.Severity,
			Status:    o.Status,
			FirstSeen: o.FirstSeenAt,
			Resolved:  optional(o.ResolvedAt),
		})
	}
	return b
}

// momentsBody compares a product's gate at two moments.
type momentsBody struct {
	From       momentBody    `json:"from"`
	To         momentBody    `json:"to"`
	Difference models.Counts `json:"difference"`
	Came       betweenBody   `json:"came" doc:"First seen between"`
	Reopened   betweenBody   `json:"reopened" doc:"Known before and active: reopened by a report between, or changed by it otherwise"`
	Went       betweenBody   `json:"went" doc:"Resolved between, and not seen again since"`
	Assessed   betweenBody   `json:"assessed" doc:"Assessed between, or their waiver has ended"`
}

type momentsInput struct {
	IDPath
	From     time.Time `query:"from" required:"true" doc:"RFC 3339"`
	To       time.Time `query:"to" doc:"RFC 3339; absent: now"`
	Severity string    `query:"severity" enum:"critical,high,medium,low,none,unknown" doc:"Only observations of these severities"`
	Limit    int       `query:"limit" minimum:"1" maximum:"100" default:"50" doc:"The maximum number of items per list"`
}

func (a *API) comparisons() {
	register(a, onGet("/products/{id}/gate/comparison", "compare-gate"),
		"Compare a product's gate at two points in time, with the observations added and resolved in between",
		a.compare)
}

func (a *API) compare(ctx context.Context, in *momentsInput) (*struct{ Body momentsBody }, error) {
	scope := actorOf(ctx).Scope()
	row, err := a.Store.Product(ctx, scope, in.ID)
	if err != nil {
		return nil, err
	}
	q := gate.Query{Product: row, From: in.From, To: in.To, Limit: in.Limit}
	if s, ok := models.SeverityByName(in.Severity); ok {
		q.Severity = &s
	}
	c, err := a.Gates.Compare(ctx, a.Store, scope, q)
	if err != nil {
		return nil, err
	}
	b := momentsBody{From: momentOf(c.From), To: momentOf(c.To), Difference: c.To.Counts.Minus(c.From.Counts)}
	for _, l := range c.Lists {
		switch l.What {
		case models.Came:
			b.Came = betweenOf(l)
		case models.CameBack:
			b.Reopened = betweenOf(l)
		case models.Went:
			b.Went = betweenOf(l)
		case models.WasAssessed:
			b.Assessed = betweenOf(l)
		}
	}
	return &struct{ Body momentsBody }{b}, nil
}
