package event

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatecrier/models"
)

// Exception is the payload of exception.request, exception.task and
// exception.reported, version 1: something went wrong in a program.
type Exception struct {
	Group     int64                `json:"group"` // the id of what it belongs to
	From      models.ExceptionKind `json:"kind"`  // request, task, reported
	Product   *Product             `json:"product"`
	Class     string               `json:"class"`
	Message   string               `json:"message"`
	Function  string               `json:"function"`
	Arguments map[string]string    `json:"arguments,omitempty"` // of a task
	Release   string               `json:"release,omitempty"`
	User      string               `json:"user,omitempty"`
	Reference string               `json:"reference,omitempty"` // the id of the request
	Trace     []string             `json:"trace"`               // the calls that led to it, innermost first, the first few
	First     bool                 `json:"first"`               // it was never seen before
	Regressed bool                 `json:"regressed"`           // it was resolved, and is back
	Held      int64                `json:"suppressed"`          // how often it has occurred since the last notice, without this one
	HeldSince *time.Time           `json:"suppressed_since"`    // when that was
	Overflow  bool                 `json:"overflow,omitempty"`  // one of many that share a group
}

// Kind is one of three, version 1.
func (e Exception) Kind() (Type, int) {
	switch e.From {
	case models.ExceptionRequest:
		return ExceptionRequest, 1
	case models.ExceptionTask:
		return ExceptionTask, 1
	case models.ExceptionReported:
	}
	return ExceptionReported, 1
}

func (e Exception) notice() Notice {
	name := "Exception " + straightQuoted(e.Class) + " has occurred"
	switch {
	case e.Overflow:
		name = "Other exceptions have occurred"
	case e.From == models.ExceptionTask:
		name += " in background task"
	}
	if e.Regressed && !e.Overflow {
		name += ", again after it was resolved"
	}
	group := strconv.FormatInt(e.Group, 10)
	n := Notice{
		Name:    name,
		Title:   name,
		Message: e.Message,
		Tone:    ToneBad,
		Key:     "exception/" + group,
		Page:    "/exceptions/" + group,
		Items:   e.Trace,
	}
	for _, f := range []Fact{{"Product", productName(e.Product)}, {"Function", e.Function}, {"Arguments", e.arguments()}, {"Release", e.Release}, {"User", e.User}, {"Request", e.Reference}} {
		if f.Value != "" {
			n.Facts = append(n.Facts, f)
		}
	}
	if more := e.more(); more != "" {
		n.Facts = append(n.Facts, Fact{"Before", more})
		n.Message = joined(n.Message, more)
	}
	return n
}

// arguments are those of a task, in the order of their names.
func (e Exception) arguments() string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(e.Arguments)) {
		list = append(list, name+" = "+e.Arguments[name])
	}
	return strings.Join(list, ", ")
}

// more says how often it has occurred since people were told last.
func (e Exception) more() string {
	if e.Held <= 0 {
		return ""
	}
	text := "+" + strconv.FormatInt(e.Held, 10)
	if e.HeldSince != nil {
		text += " since " + e.HeldSince.UTC().Format("2006-01-02 15:04 UTC")
	}
	return text
}

func joined(message, more string) string {
	if message == "" {
		return more
	}
	return fmt.Sprintf("%s (%s)", message, more)
}

func straightQuoted(s string) string { return `"` + s + `"` }

func productName(p *Product) string {
	if p == nil {
		return ""
	}
	return p.Name
}
