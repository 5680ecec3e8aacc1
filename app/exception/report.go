// Package exception takes exceptions in, of Gatecrier itself and of other
// programs: it decides which are the same, and whether people are told, once
// for each and window.
package exception

import (
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"gatecrier/models"
)

// Report is one occurrence of an exception.
type Report struct {
	Kind        models.ExceptionKind
	ProductID   int64  // 0 = none
	Class       string // of the root cause: "ValueError", "*fs.PathError"
	Message     string // of what was caught
	Function    string // a route, a task, or where it was thrown; "" = the topmost frame says
	Frames      []Frame
	Chain       []Cause           // what it was caused by, outermost first
	Fingerprint []string          // the sender's word on what is the same; nil = none
	Arguments   map[string]string // of the task; those with the names of secrets are not kept
	Release     string
	Environment string
	Level       string
	Platform    string
	Server      string
	User        string            // whom it happened to
	Tags        map[string]string // more, as the sender has it
	Reference   string            // of Gatecrier's own: the id of the request
}

// Frame is a call of a stack.
type Frame struct {
	Module   string `json:"module,omitempty"` // a package, a module, a file
	Function string `json:"function,omitempty"`
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	InApp    bool   `json:"in_app"` // of the program, not of what it is built on
}

// Cause is an exception that led to another one.
type Cause struct {
	Class   string  `json:"class"`
	Message string  `json:"message"`
	Frames  []Frame `json:"frames,omitempty"`
}

// Sample is what is kept of one occurrence.
type Sample struct {
	At          time.Time         `json:"at"`
	Class       string            `json:"class"`
	Message     string            `json:"message"`
	Function    string            `json:"function,omitempty"`
	Frames      []Frame           `json:"frames"` // innermost first
	Chain       []Cause           `json:"chain,omitempty"`
	Arguments   map[string]string `json:"arguments,omitempty"`
	Release     string            `json:"release,omitempty"`
	Environment string            `json:"environment,omitempty"`
	Level       string            `json:"level,omitempty"`
	Platform    string            `json:"platform,omitempty"`
	Server      string            `json:"server,omitempty"`
	User        string            `json:"user,omitempty"`
	Tags        map[string]string `json:"tags,omitempty"`
	Reference   string            `json:"reference,omitempty"`
	Truncated   bool              `json:"truncated,omitempty"` // it was longer
}

// The bounds of what is kept.
const (
	maxClass    = 200
	maxMessage  = 4000
	maxFunction = 300
	maxText     = 300
	maxFrames   = 60
	maxCauses   = 10
	maxPairs    = 30
)

// trim cuts a report to its bounds, makes its texts such that every database
// takes them, and says whether anything was lost.
func (r *Report) trim() (lost bool) {
	cut := func(text *string, most int) {
		if short := Clean(*text, most); short != *text {
			lost = lost || len(*text) > most
			*text = short
		}
	}
	cut(&r.Class, maxClass)
	cut(&r.Message, maxMessage)
	cut(&r.Function, maxFunction)
	for _, text := range []*string{&r.Release, &r.Environment, &r.Level, &r.Platform, &r.Server, &r.User, &r.Reference} {
		cut(text, maxText)
	}
	frames := func(list []Frame) []Frame {
		if len(list) > maxFrames {
			list, lost = list[:maxFrames], true
		}
		for i := range list {
			cut(&list[i].Module, maxFunction)
			cut(&list[i].Function, maxFunction)
			cut(&list[i].File, maxFunction)
		}
		return list
	}
	r.Frames = frames(r.Frames)
	if len(r.Chain) > maxCauses {
		r.Chain, lost = r.Chain[:maxCauses], true
	}
	for i := range r.Chain {
		c := &r.Chain[i]
		cut(&c.Class, maxClass)
		cut(&c.Message, maxMessage)
		c.Frames = frames(c.Frames)
	}
	pairs := func(m map[string]string) map[string]string {
		short := map[string]string{}
		for key, value := range m {
			if len(short) == maxPairs {
				lost = true
				break
			}
			cut(&key, maxText)
			cut(&value, maxText)
			short[key] = value
		}
		return short
	}
	r.Arguments, r.Tags = pairs(Masked(r.Arguments)), pairs(Masked(r.Tags))
	if r.Class == "" {
		r.Class = "Exception"
	}
	if r.Function == "" {
		r.Function = Clean(r.where(), maxFunction)
	}
	return lost
}

// where is the topmost frame of the program's own.
func (r *Report) where() string {
	for _, f := range r.Frames {
		if f.InApp {
			return f.Name()
		}
	}
	if len(r.Frames) > 0 {
		return r.Frames[0].Name()
	}
	return ""
}

// Name is how a frame is called: its function, with its module.
func (f Frame) Name() string {
	switch {
	case f.Module == "" || strings.HasPrefix(f.Function, f.Module+"."):
		return f.Function
	case f.Function == "":
		return f.Module
	}
	return f.Module + "." + f.Function
}

// sample is what is kept of a report.
func (r Report) sample(at time.Time, lost bool) ([]byte, error) {
	s := Sample{
		At:          at,
		Class:       r.Class,
		Message:     r.Message,
		Function:    r.Function,
		Frames:      r.Frames,
		Chain:       r.Chain,
		Arguments:   r.Arguments,
		Release:     r.Release,
		Environment: r.Environment,
		Level:       r.Level,
		Platform:    r.Platform,
		Server:      r.Server,
		User:        r.User,
		Tags:        r.Tags,
		Reference:   r.Reference,
		Truncated:   lost,
	}
	if s.Frames == nil {
		s.Frames = []Frame{}
	}
	return json.Marshal(s)
}

// Clean makes a text valid UTF-8 without NUL and cuts it to a number of bytes,
// between runes.
func Clean(text string, most int) string {
	if len(text) > 4*most {
		text = text[:4*most]
	}
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "�"), "\x00", "�")
	if len(text) <= most {
		return text
	}
	cut := most - len("…")
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}

// restored is the report of a group's latest sample.
func restored(g models.ExceptionGroup) (Report, error) {
	var s Sample
	if err := json.Unmarshal(g.Sample, &s); err != nil {
		return Report{}, err
	}
	return Report{
		Kind:      g.Kind,
		ProductID: g.ProductID,
		Class:     g.Class,
		Message:   s.Message,
		Function:  g.Function,
		Frames:    s.Frames,
		Arguments: s.Arguments,
		Release:   s.Release,
		User:      s.User,
		Reference: s.Reference,
	}, nil
}
