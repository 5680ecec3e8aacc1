// Package exception groups the reported errors of Gatecrier and of other programs by
// fingerprint, and notifies once per group and window.
package exception

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"gatecrier/app/scrub"
	"gatecrier/models"
)

// Report is one occurrence of an exception.
type Report struct {
	Kind        models.ExceptionKind
	ProductID   int64  // 0 = none
	Class       string // of the root cause: "ValueError", "*fs.PathError"
	Message     string // of the error that was caught
	Function    string // a route, a task, or the function that threw; "" = from the topmost frame
	Frames      []Frame
	Chain       []Cause           // its causes, outermost first
	Fingerprint []string          // the sender's own key; nil = none
	Arguments   map[string]string // of the task; values of secret names are hidden
	Release     string
	Environment string
	Level       string
	Platform    string
	Server      string
	User        string            // the user it happened to
	Tags        map[string]string // as the sender has set them
	Reference   string            // the request's ID, of Gatecrier's own exceptions
}

// Frame is one call of a stack.
type Frame struct {
	Module   string `json:"module,omitempty"` // a package, a module, a file
	Function string `json:"function,omitempty"`
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	InApp    bool   `json:"in_app"` // of the program itself, not of a library
}

// Cause is an exception that led to another exception.
type Cause struct {
	Class   string  `json:"class"`
	Message string  `json:"message"`
	Frames  []Frame `json:"frames,omitempty"`
}

// Sample is the stored part of one occurrence.
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
	Truncated   bool              `json:"truncated,omitempty"` // the report was longer than its bounds
}

// The bounds of a report: bytes of a text, entries of a list.
const (
	maxClass    = 200
	maxMessage  = 4000
	maxFunction = 300
	maxText     = 300
	maxFrames   = 60
	maxCauses   = 10
	maxPairs    = 30
)

// trim cuts a report to its bounds, cleans its texts for every database, hides secrets,
// and reports whether it cut anything.
func (r *Report) trim() (truncated bool) {
	var t trimmer
	t.text(&r.Class, maxClass)
	t.text(&r.Message, maxMessage)
	t.text(&r.Function, maxFunction)
	for _, text := range []*string{&r.Release, &r.Environment, &r.Level, &r.Platform, &r.Server, &r.User, &r.Reference} {
		t.text(text, maxText)
	}
	t.frames(&r.Frames)
	t.chain(&r.Chain)
	for i, word := range r.Fingerprint {
		if strings.IndexFunc(word, unicode.IsLetter) >= 0 { // else a number, which is not shown
			r.Fingerprint[i], _ = scrub.Cut(word, maxMessage)
		}
	}
	r.Arguments, r.Tags = t.pairs(HideSecrets(r.Arguments)), t.pairs(HideSecrets(r.Tags))
	if r.Class == "" {
		r.Class = "Exception"
	}
	if r.Function == "" {
		r.Function = Clean(r.where(), maxFunction)
	}
	return t.truncated
}

// trimmer cuts the parts of a report to their bounds, and cleans their texts.
type trimmer struct {
	truncated bool // it has cut something
}

// text hides the secrets of a text, and cuts it to at most limit bytes.
func (t *trimmer) text(text *string, limit int) {
	short, cut := scrub.Cut(*text, limit)
	t.truncated = t.truncated || cut || len(short) > limit
	*text = Clean(scrub.Text(Clean(short, limit)), limit)
}

func (t *trimmer) frames(list *[]Frame) {
	if len(*list) > maxFrames {
		*list, t.truncated = (*list)[:maxFrames], true
	}
	for i := range *list {
		f := &(*list)[i]
		t.text(&f.Module, maxFunction)
		t.text(&f.Function, maxFunction)
		t.text(&f.File, maxFunction)
	}
}

func (t *trimmer) chain(list *[]Cause) {
	if len(*list) > maxCauses {
		*list, t.truncated = (*list)[:maxCauses], true
	}
	for i := range *list {
		c := &(*list)[i]
		t.text(&c.Class, maxClass)
		t.text(&c.Message, maxMessage)
		t.frames(&c.Frames)
	}
}

// pairs returns at most maxPairs pairs of m. It returns an empty map for nil.
func (t *trimmer) pairs(m map[string]string) map[string]string {
	short := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		value := m[key]
		if len(short) == maxPairs {
			t.truncated = true
			break
		}
		t.text(&key, maxText)
		t.text(&value, maxText)
		short[key] = value
	}
	return short
}

// where returns the name of the program's topmost own call, or of the topmost call.
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

// Name returns a frame's function with its module.
func (f Frame) Name() string {
	switch {
	case f.Module == "" || strings.HasPrefix(f.Function, f.Module+"."):
		return f.Function
	case f.Function == "":
		return f.Module
	}
	return f.Module + "." + f.Function
}

// sample returns the JSON of a report as a Sample.
func (r Report) sample(at time.Time, truncated bool) ([]byte, error) {
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
		Truncated:   truncated,
	}
	if s.Frames == nil {
		s.Frames = []Frame{}
	}
	return json.Marshal(s)
}

// Clean returns a text as valid UTF-8 without NUL, cut between runes to at most limit bytes.
func Clean(text string, limit int) string {
	if len(text) > 4*limit {
		text = text[:4*limit]
	}
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "�"), "\x00", "�")
	if len(text) <= limit {
		return text
	}
	cut := limit - len("…")
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}

// restored returns a report of a group's latest sample. An error means that the sample is no JSON.
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
