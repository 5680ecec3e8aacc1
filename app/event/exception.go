package event

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatecrier/models"
)

// Exception is the payload of exception.request, exception.task and exception.reported,
// version 1: an error occurred in a program.
type Exception struct {
	Group       int64                `json:"group"` // the ID of its group
	From        models.ExceptionKind `json:"kind"`  // request, task, reported
	Product     *Product             `json:"product"`
	Class       string               `json:"class"`
	Message     string               `json:"message"`
	Function    string               `json:"function"`
	Arguments   map[string]string    `json:"arguments,omitempty"` // of a task
	Release     string               `json:"release,omitempty"`
	Environment string               `json:"environment,omitempty"` // "production"
	User        string               `json:"user,omitempty"`
	Reference   string               `json:"reference,omitempty"` // the ID of the request
	Trace       []string             `json:"trace"`               // the first calls of its stack, innermost first
	First       bool                 `json:"first"`               // the group is new
	Regressed   bool                 `json:"regressed"`           // the group was resolved
	Suppressed  int64                `json:"suppressed"`          // occurrences since the last notification, but this
	HeldSince   *time.Time           `json:"suppressed_since"`    // the time of that notification
	Overflow    bool                 `json:"overflow,omitempty"`  // the group is shared by many exceptions
}

// Kind returns the type of the exception's kind, version 1.
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
	details := e.details()
	group := strconv.FormatInt(e.Group, 10)
	n := Notice{
		Name:    withDetails(e.what(e.Class), details), // with the whole class: silences search it
		Title:   withDetails(e.what(shorten(e.Class, maxTitleClass))+" in "+e.program(), details),
		Message: e.Message,
		Tone:    ToneBad,
		Key:     "exception/" + group,
		Page:    "/exceptions/" + group,
		Items:   items(e.Trace),
	}
	if e.Product != nil {
		t, _ := e.Kind()
		n.Actions = []Action{silence(e.Product.ID, t, n.Name)}
	}
	facts := []Fact{
		{"Product", productName(e.Product)},
		{"Function", e.Function},
		{"Arguments", e.arguments()},
		{"Release", e.Release},
		{"Environment", e.Environment},
		{"User", e.User},
		{"Request", e.Reference},
	}
	for _, f := range facts {
		if f.Value != "" {
			n.Facts = append(n.Facts, f)
		}
	}
	if more := e.suppressedText(); more != "" {
		n.Facts = append(n.Facts, Fact{"Suppressed", more})
		n.Message = appendDetail(n.Message, more)
	}
	return n
}

// gatecrier is what titles call the program itself.
const gatecrier = "Gatecrier"

// program returns the name in titles of the program in which the exception occurred.
func (e Exception) program() string {
	return shorten(cmp.Or(productName(e.Product), gatecrier), maxTitleName)
}

// what returns the beginning of a title that calls the exception's class class.
func (e Exception) what(class string) string {
	if e.Overflow {
		return "Several other exceptions"
	}
	return "Exception " + class
}

// details returns what a title adds in parentheses: where the exception occurred, and whether it was
// resolved before.
func (e Exception) details() string {
	if e.Overflow {
		return ""
	}
	var parts []string
	if e.From == models.ExceptionTask {
		parts = append(parts, "background task")
	}
	if e.Regressed {
		parts = append(parts, "again after it was resolved")
	}
	return strings.Join(parts, ", ")
}

// arguments returns the arguments of a task, ordered by name.
func (e Exception) arguments() string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(e.Arguments)) {
		list = append(list, name+" = "+e.Arguments[name])
	}
	return strings.Join(list, ", ")
}

// suppressedText returns the number of suppressed occurrences, "" for none.
func (e Exception) suppressedText() string {
	if e.Suppressed <= 0 {
		return ""
	}
	text := strconv.FormatInt(e.Suppressed, 10) + " more"
	if e.HeldSince != nil {
		text += " since " + e.HeldSince.UTC().Format("2006-01-02 15:04 UTC")
	}
	return text
}

func appendDetail(message, more string) string {
	if message == "" {
		return more
	}
	return fmt.Sprintf("%s (%s)", message, more)
}

func productName(p *Product) string {
	if p == nil {
		return ""
	}
	return p.Name
}
