package event

import (
	"slices"
	"strconv"
	"time"
)

// waiversNamed is how many waivers an event names.
const waiversNamed = 10

// WaiverExpiring is the payload of waiver.expiring, version 1: accepted risks
// of a product count again soon.
type WaiverExpiring struct {
	Product Product   `json:"product"`
	Count   int       `json:"count"`   // how many
	First   time.Time `json:"first"`   // when the first of them ends
	Waivers []Waiver  `json:"waivers"` // those that end first, at most ten
}

// Waiver is an accepted risk.
type Waiver struct {
	ID int64 `json:"observation_id"`
	Finding
	Until time.Time `json:"until"`
}

// Name adds a waiver to those that are named, if it ends early enough.
func (w *WaiverExpiring) Name(one Waiver) {
	at, _ := slices.BinarySearchFunc(w.Waivers, one, func(a, b Waiver) int { return a.Until.Compare(b.Until) })
	if at >= waiversNamed {
		return
	}
	w.Waivers = slices.Insert(w.Waivers, at, one)
	w.Waivers = w.Waivers[:min(len(w.Waivers), waiversNamed)]
}

// Kind is waiver.expiring, version 1.
func (WaiverExpiring) Kind() (Type, int) { return WaiverEnds, 1 }

func (w WaiverExpiring) notice() Notice {
	what := plural(w.Count, "waiver ends", "waivers end") + " soon"
	n := Notice{
		Name:  what,
		Title: what + " (" + w.Product.Name + ")",
		Tone:  TonePlain,
		Key:   "waivers/" + strconv.FormatInt(w.Product.ID, 10),
		Message: "The first on " + w.First.UTC().
			Format("2006-01-02 15:04 UTC") +
			": then what they cover counts for the gate again",
		Facts: []Fact{{"Product", w.Product.Name}},
	}
	for _, one := range w.Waivers {
		if n.Severity == nil || one.Severity < *n.Severity {
			n.Severity = &one.Severity
		}
		line := one.Severity.String() + ": " + one.Title
		if one.Component != "" {
			line += " in " + one.Component
		}
		n.Items = append(n.Items, line+", until "+one.Until.UTC().Format("2006-01-02"))
	}
	return n
}
