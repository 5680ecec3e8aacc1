package event

import (
	"strconv"
	"time"
)

// Silence says whether a product sends reports.
type Silence string

// The states.
const (
	SilenceSilent Silence = "silent" // none for its time
	SilenceBack   Silence = "back"   // again
)

// ProductSilent is the payload of product.silent, version 1: a product's
// default branch gets no reports any more, or gets them again.
type ProductSilent struct {
	Product Product   `json:"product"`
	Branch  string    `json:"branch"`
	State   Silence   `json:"state"`
	Last    time.Time `json:"last,omitzero"` // the last report; where it is back, the one before, if that is known
	After   int64     `json:"after_seconds"` // without a report it counts as silent after so long
}

// Kind is product.silent, version 1.
func (ProductSilent) Kind() (Type, int) { return ProductIsSilent, 1 }

func (p ProductSilent) notice() Notice {
	n := Notice{
		Name: "No reports any more", Tone: ToneBad, Key: "silent/" + strconv.FormatInt(p.Product.ID, 10),
		Message: "The last one came on " + p.Last.UTC().Format("2006-01-02 15:04 UTC") + ": the gate says what was true then",
		Facts:   []Fact{{"Product", p.Product.Name}, {"Branch", p.Branch}, {"Expected", "every " + span(time.Duration(p.After)*time.Second)}},
	}
	if p.State == SilenceBack {
		n.Name, n.Tone = "Reports come again", ToneGood
		n.Message = "The gate says what is true now"
		if !p.Last.IsZero() {
			n.Message = "The one before came on " + p.Last.UTC().Format("2006-01-02 15:04 UTC")
		}
	}
	n.Title = n.Name + " (" + p.Product.Name + ")"
	return n
}

// span is a time in words, in its largest whole unit.
func span(d time.Duration) string {
	switch {
	case d%(24*time.Hour) == 0:
		return plural(int(d/(24*time.Hour)), "day", "days")
	case d%time.Hour == 0:
		return plural(int(d/time.Hour), "hour", "hours")
	case d%time.Minute == 0:
		return plural(int(d/time.Minute), "minute", "minutes")
	}
	return plural(int(d/time.Second), "second", "seconds")
}
