package event

import (
	"strconv"
	"time"

	"gatecrier/app/number"
)

// Staleness is whether a product receives reports.
type Staleness string

// The states.
const (
	StalenessStale Staleness = "stale" // no reports for its time
	StalenessBack  Staleness = "back"  // reports again
)

// ProductStale is the payload of product.stale, version 1: a product's default branch has
// received no reports for its time, or receives them again.
type ProductStale struct {
	Product Product   `json:"product"`
	Branch  string    `json:"branch"`
	State   Staleness `json:"state"`
	Last    time.Time `json:"last,omitzero"` // the last report; of "back" the one before it, if known
	After   int64     `json:"after_seconds"` // the time without a report until it is stale
}

// Kind returns product.stale, version 1.
func (ProductStale) Kind() (Type, int) { return ProductIsStale, 1 }

func (p ProductStale) notice() Notice {
	n := Notice{
		Name:    "No recent reports",
		Tone:    ToneBad,
		Key:     "stale/" + strconv.FormatInt(p.Product.ID, 10),
		Message: "The last report came on " + p.Last.UTC().Format("2006-01-02 15:04 UTC") + ". The gate can be out of date",
		Facts: []Fact{
			{"Product", p.Product.Name},
			{"Branch", p.Branch},
			{"Expected", "every " + durationText(time.Duration(p.After)*time.Second)},
		},
	}
	if p.State == StalenessStale {
		n.Actions = []Action{silence(p.Product.ID, ProductIsStale, "")}
	}
	if p.State == StalenessBack {
		n.Name, n.Tone = "Reports have resumed", ToneGood
		n.Message = "The gate is up to date"
		if !p.Last.IsZero() {
			n.Message = "The previous report came on " + p.Last.UTC().Format("2006-01-02 15:04 UTC")
		}
	}
	n.Title = title(n.Name, p.Product.Name, "")
	return n
}

// durationText returns a duration in its largest whole unit.
func durationText(d time.Duration) string {
	switch {
	case d%(24*time.Hour) == 0:
		return number.Of(int(d/(24*time.Hour)), "day", "days")
	case d%time.Hour == 0:
		return number.Of(int(d/time.Hour), "hour", "hours")
	case d%time.Minute == 0:
		return number.Of(int(d/time.Minute), "minute", "minutes")
	}
	return number.Of(int(d/time.Second), "second", "seconds")
}
