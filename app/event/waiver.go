package event

import (
	"slices"
	"strconv"
	"time"

	"gatecrier/app/number"
	"gatecrier/models"
)

// MaxWaivers is how many waivers an event names.
const MaxWaivers = 10

// WaiverExpiring is the payload of waiver.expiring, version 1: waivers of a product end soon.
type WaiverExpiring struct {
	Product Product   `json:"product"`
	Count   int       `json:"count"`   // all that end soon
	First   time.Time `json:"first"`   // the earliest end
	Waivers []Waiver  `json:"waivers"` // the first to end, at most ten
}

// Waiver is an observation whose risk is accepted for a time.
type Waiver struct {
	Finding
	Until time.Time `json:"until"`
}

// Name adds a waiver to Waivers if it is among the first to end.
func (w *WaiverExpiring) Name(one Waiver) {
	one.Finding = one.Brief()
	at, _ := slices.BinarySearchFunc(w.Waivers, one, func(a, b Waiver) int { return a.Until.Compare(b.Until) })
	if at >= MaxWaivers {
		return
	}
	w.Waivers = slices.Insert(w.Waivers, at, one)
	w.Waivers = w.Waivers[:min(len(w.Waivers), MaxWaivers)]
}

// Kind returns waiver.expiring, version 1.
func (WaiverExpiring) Kind() (Type, int) { return WaiverEnds, 1 }

func (w WaiverExpiring) notice() Notice {
	what := number.Of(w.Count, "waiver ends", "waivers end") + " soon"
	n := Notice{
		Name:  what,
		Title: title(what, w.Product.Name, ""),
		Tone:  TonePlain,
		Key:   "waivers/" + strconv.FormatInt(w.Product.ID, 10),
		Message: "The first ends on " + w.First.UTC().Format("2006-01-02 15:04 UTC") +
			". Their observations then count for the gate again",
		Facts: []Fact{{"Product", w.Product.Name}},
	}
	for _, one := range w.Waivers {
		if n.Severity == nil || one.Severity < *n.Severity {
			n.Severity = &one.Severity
		}
		n.Items = append(n.Items, one.item(w.Product.ID, "until "+one.Until.UTC().Format(time.DateOnly)))
	}
	named := make([]Finding, len(w.Waivers))
	for i, one := range w.Waivers {
		named[i] = one.Finding
	}
	n.Actions = []Action{assess(w.Product.ID, w.Count, named, w.assessPage()), silence(w.Product.ID, WaiverEnds, "")}
	if more := w.Count - len(w.Waivers); more > 0 {
		n.Rest = Rest{more, w.page()}
	}
	return n
}

// assessPage returns the path of the product's page with its waivers.
func (w WaiverExpiring) assessPage() string {
	return ProductPage(w.Product.ID) + "?status=" + string(models.StatusRiskAccepted)
}

// page returns the path of the list of the product's waivers.
func (w WaiverExpiring) page() string {
	return "/observations?product=" + strconv.FormatInt(w.Product.ID, 10) + "&status=" +
		string(models.StatusRiskAccepted)
}
