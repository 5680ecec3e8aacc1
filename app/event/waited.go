package event

import (
	"encoding/json"
	"fmt"
	"time"

	"gatecrier/models"
)

// WaitedSince returns the time from which on an event could have been appended, for the types that
// wait: a gate change on hold, an hour of joined exceptions, a silence that has ended. It returns the
// event's own time for others.
func WaitedSince(e models.Event) (time.Time, error) {
	switch Type(e.Type) {
	case GateChanged, ExceptionSummary, SilenceHasEnded:
	default:
		return e.At, nil
	}
	var p struct {
		HeldSince *time.Time `json:"held_since"`
		Since     *time.Time `json:"since"`
		Ended     *time.Time `json:"ended"`
	}
	if err := json.Unmarshal(e.Payload, &p); err != nil {
		return time.Time{}, fmt.Errorf("decode event %d: %w", e.ID, err)
	}
	for _, at := range []*time.Time{p.HeldSince, p.Since, p.Ended} {
		if at != nil {
			return *at, nil
		}
	}
	return e.At, nil
}
