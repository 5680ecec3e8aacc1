package sentry

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"gatecrier/app/exception"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// event has the fields of an SDK's event that are read.
// https://develop.sentry.dev/sdk/foundations/transport/event-payloads/
type event struct {
	EventID     text                        `json:"event_id"`
	Type        text                        `json:"type"`
	Platform    text                        `json:"platform"`
	Level       text                        `json:"level"`
	Transaction text                        `json:"transaction"`
	Server      text                        `json:"server_name"`
	Release     text                        `json:"release"`
	Environment text                        `json:"environment"`
	Fingerprint words                       `json:"fingerprint"`
	Exception   boundedList[exceptionValue] `json:"exception"` // the root cause first
	Message     message                     `json:"message"`
	LogEntry    message                     `json:"logentry"`
	Threads     boundedList[thread]         `json:"threads"`
	Stack       stack                       `json:"stacktrace"`
	User        user                        `json:"user"`
	Tags        pairs                       `json:"tags"`
}

type exceptionValue struct {
	Type   text  `json:"type"`
	Value  text  `json:"value"`
	Module text  `json:"module"`
	Stack  stack `json:"stacktrace"`
}

// keep returns one more than a report keeps, so that the report counts as truncated.
func (exceptionValue) keep() int { return 11 }

type thread struct {
	Crashed bool  `json:"-"`
	Stack   stack `json:"stacktrace"`
}

func (thread) keep() int { return 50 }

// UnmarshalJSON accepts marks of any type.
func (t *thread) UnmarshalJSON(raw []byte) error {
	var in struct {
		Crashed, Current text
		Stack            stack `json:"stacktrace"`
	}
	err := json.Unmarshal(raw, &in)
	t.Crashed, t.Stack = in.Crashed == "true" || in.Current == "true", in.Stack
	return err
}

// stack is a stack trace, the outermost call first.
type stack struct{ frames boundedList[frame] }

// UnmarshalJSON accepts an object with frames. Other values are empty.
func (s *stack) UnmarshalJSON(raw []byte) error {
	s.frames.list = nil
	if raw[0] != '{' {
		return nil
	}
	var in struct{ Frames boundedList[frame] }
	err := json.Unmarshal(raw, &in)
	s.frames = in.Frames
	return err
}

// message is a text, or a template with its formatted text.
type message struct{ template, formatted string }

// UnmarshalJSON accepts both.
func (m *message) UnmarshalJSON(raw []byte) error {
	*m = message{}
	if raw[0] != '{' {
		return (*text)(&m.formatted).UnmarshalJSON(raw)
	}
	var in struct{ Message, Formatted text }
	err := json.Unmarshal(raw, &in)
	m.template, m.formatted = string(in.Message), string(in.Formatted)
	return err
}

func (m message) text() string { return cmp.Or(m.formatted, m.template) }

// user is the user that an event happened to.
type user string

// UnmarshalJSON takes the name, else the email, else the ID.
func (u *user) UnmarshalJSON(raw []byte) error {
	*u = ""
	if raw[0] != '{' {
		return nil
	}
	var in struct{ ID, Username, Email text }
	err := json.Unmarshal(raw, &in)
	*u = user(cmp.Or(in.Username, in.Email, in.ID))
	return err
}

// parse decodes an event.
func parse(raw []byte) (event, error) {
	var e event
	if err := json.Unmarshal(raw, &e); err != nil {
		return event{}, fault.Wrap(fault.Malformed, "An event has to be a JSON object, and this one cannot be read", err)
	}
	return e, nil
}

// report returns the report of an event.
func (e event) report() exception.Report {
	r := exception.Report{
		Kind:        models.ExceptionReported,
		Class:       "Message",
		Message:     cmp.Or(e.LogEntry.text(), e.Message.text()),
		Fingerprint: e.Fingerprint,
		Release:     string(e.Release),
		Environment: string(e.Environment),
		Level:       string(e.Level),
		Platform:    string(e.Platform),
		Server:      string(e.Server),
		User:        string(e.User),
		Tags:        e.Tags,
	}
	if list := e.Exception.list; len(list) > 0 {
		for _, t := range slices.Backward(list) {
			r.Chain = append(r.Chain, exception.Cause{Class: e.class(t), Message: string(t.Value), Frames: e.frames(t.Stack)})
		}
		root, caught := r.Chain[len(list)-1], r.Chain[0]
		r.Class, r.Message = root.Class, cmp.Or(caught.Message, root.Message, r.Message)
		for _, c := range r.Chain {
			if r.Frames = c.Frames; len(r.Frames) > 0 {
				break
			}
		}
		if len(r.Chain) == 1 {
			r.Chain = nil
		}
	}
	if len(r.Frames) == 0 {
		r.Frames = e.frames(e.Stack)
	}
	for _, t := range e.Threads.list {
		if len(r.Frames) == 0 && (t.Crashed || len(e.Threads.list) == 1) {
			r.Frames = e.frames(t.Stack)
		}
	}
	if e.Transaction != "" {
		if r.Tags == nil {
			r.Tags = map[string]string{}
		}
		r.Tags["transaction"] = string(e.Transaction)
	}
	if len(r.Frames) == 0 {
		r.Function = string(e.Transaction)
	}
	return r
}

// class returns an exception's type, with its module if that adds something.
func (e event) class(t exceptionValue) string {
	name, module := string(t.Type), string(t.Module)
	switch {
	case name == "":
		return module
	case module == "",
		module == "builtins",
		module == "exceptions",
		module == "__main__",
		e.Platform == "go",
		strings.Contains(name, "."):
		return name
	}
	return module + "." + name
}
