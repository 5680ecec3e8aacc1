package event

import (
	"encoding/json"
	"fmt"
	"slices"

	"gatecrier/models"
)

// Audience is who reads an event. It decides which of its words and data are left out.
type Audience struct {
	Administrator bool // reads the words of exceptions of Gatecrier's own tasks
	AllData       bool // reads the data of every type, not only of those that all viewers read
	UserData      bool // reads the user in whose request an exception occurred
}

// publicTypes are the types whose data every viewer of the product can read. Data of connections can
// name a host, and that of Gatecrier's own exceptions its internals.
var publicTypes = []Type{
	GateChanged,
	WaiverEnds,
	ProductIsStale,
	ExceptionReported,
	ExceptionSummary,
	IngestExceeded,
	SilenceHasEnded,
	AccountIsAttacked,
}

// For describes an event as an audience can read it, and returns the data that it can read, nil for
// none. Messages, pages, the API and rules all get the words and the data of an event here. If the
// event cannot be described, it returns an error and the data of a type that masks nothing.
func (a Audience) For(e models.Event) (n Notice, data json.RawMessage, err error) {
	readable := a.AllData || e.ProductID != 0 && (!Type(e.Type).Known() || slices.Contains(publicTypes, Type(e.Type)))
	if x, ok := payloads()[Type(e.Type)].(*Exception); ok {
		if err := json.Unmarshal(e.Payload, x); err != nil {
			if !models.Redacts(a.Administrator, e.Type) && a.UserData && readable {
				data = validJSON(e.Payload)
			}
			return Notice{}, data, fmt.Errorf("read the payload of a %s: %w", e.Type, err)
		}
		if e, err = a.mask(e, *x); err != nil {
			return Notice{}, nil, err
		}
	}
	if readable {
		data = validJSON(e.Payload)
	}
	n, err = Describe(e)
	if models.Redacts(a.Administrator, e.Type) && n.Message != "" {
		n.Message = models.Redacted
	}
	return n, data, err
}

// validJSON returns a payload that is JSON, else nil.
func validJSON(payload []byte) json.RawMessage {
	if !json.Valid(payload) {
		return nil
	}
	return payload
}

// mask returns the event of an exception without what the audience cannot read of it.
func (a Audience) mask(e models.Event, x Exception) (models.Event, error) {
	redacts := models.Redacts(a.Administrator, e.Type)
	if !redacts && (a.UserData || x.User == "") {
		return e, nil
	}
	if !a.UserData {
		x.User = ""
	}
	if redacts {
		if x.Message != "" {
			x.Message = models.Redacted
		}
		x.Function, x.Arguments, x.Trace, x.User, x.Reference = "", nil, nil, "", ""
	}
	var err error
	e.Payload, err = Encode(x)
	return e, err
}
