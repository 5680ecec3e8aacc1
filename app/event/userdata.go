package event

import (
	"encoding/json"
	"fmt"

	"gatecrier/models"
)

// WithoutUserData returns an event without the data of the user in whose request an exception
// occurred. Other events are returned as they are.
func WithoutUserData(e models.Event) (models.Event, error) {
	p, ok := payloads()[Type(e.Type)].(*Exception)
	if !ok {
		return e, nil
	}
	if err := json.Unmarshal(e.Payload, p); err != nil {
		return e, fmt.Errorf("read the payload of a %s: %w", e.Type, err)
	}
	if p.User == "" {
		return e, nil
	}
	p.User = ""
	var err error
	e.Payload, err = json.Marshal(p)
	return e, err
}
