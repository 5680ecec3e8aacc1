package event

import (
	"strconv"
	"time"

	"gatecrier/app/number"
)

// IngestBudgetExceeded is the payload of ingest.exceeded, version 1: the ingest key of a product
// reported more events than its budget allows.
type IngestBudgetExceeded struct {
	Product Product   `json:"product"`
	Per     string    `json:"per"` // minute, day
	Limit   int64     `json:"limit"`
	Until   time.Time `json:"until"` // further events are refused until then
}

// Kind returns ingest.exceeded, version 1.
func (IngestBudgetExceeded) Kind() (Type, int) { return IngestExceeded, 1 }

func (e IngestBudgetExceeded) notice() Notice {
	const name = "Ingest key over its budget"
	id := strconv.FormatInt(e.Product.ID, 10)
	until := e.Until.UTC().Format("2006-01-02 15:04 UTC")
	return Notice{
		Name:  name,
		Title: title(name, e.Product.Name, ""),
		Message: "It reported more than " + number.Of(int(e.Limit), "event", "events") + " in a " + e.Per +
			": further events are refused until " + until + ". Replace the key if it is misused",
		Tone:    ToneBad,
		Key:     "ingest/" + id,
		Page:    "/products/" + id + "?tab=exceptions",
		Actions: []Action{silence(e.Product.ID, IngestExceeded, "")},
		Facts: []Fact{
			{"Product", e.Product.Name},
			{"Budget", number.Of(int(e.Limit), "event", "events") + " per " + e.Per},
			{"Refused until", until},
		},
	}
}
