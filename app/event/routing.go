package event

import (
	"strconv"
	"time"
)

// RoutingFailure is the payload of routing.failed, version 1: an event could not be routed several
// times. It is appended once for all events that fail meanwhile.
type RoutingFailure struct {
	Event   int64     `json:"event_id"`
	Type    Type      `json:"event_type"`
	At      time.Time `json:"event_at"`
	Product *Product  `json:"product"` // of the event, or null
	Reason  string    `json:"reason"`  // why the last try failed
	Tries   int       `json:"tries"`
}

// Kind returns routing.failed, version 1.
func (RoutingFailure) Kind() (Type, int) { return RoutingFailed, 1 }

func (r RoutingFailure) notice() Notice {
	n := Notice{
		Name:    "Event not routed",
		Title:   title("Event not routed", productName(r.Product), ""),
		Message: r.Reason,
		Tone:    ToneBad,
		Key:     "routing",
		Page:    "/admin/unrouted",
		Facts: []Fact{
			{"Event", string(r.Type) + " " + strconv.FormatInt(r.Event, 10)},
			{"Tries", strconv.Itoa(r.Tries)},
		},
	}
	if r.Product != nil {
		n.Facts = append(n.Facts, Fact{"Product", r.Product.Name})
	}
	return n
}
