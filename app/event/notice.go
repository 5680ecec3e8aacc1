package event

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"gatecrier/models"
)

// Tone is how loud a notice is.
type Tone string

// The tones.
const (
	ToneBad   Tone = "bad"
	ToneGood  Tone = "good"
	TonePlain Tone = "plain"
)

// Notice is an event in words.
type Notice struct {
	Name     string // within the product: "Security gate has changed to Failed"
	Title    string // anywhere: "Security gate for Shop has changed to Failed"
	Message  string // the reason, shortest first
	Tone     Tone
	Facts    []Fact           // details, the most telling first
	Items    []string         // what failing it, worst first
	Key      string           // what it is about, the same in all notices about that
	Severity *models.Severity // the worst of what it tells of, nil = it tells of none
	Page     string           // of what it is about, a path; "" = that of its product
	UserID   int64            // whom alone it is for, 0 = all who may see its product
}

// Fact is a detail of a notice.
type Fact struct{ Label, Value string }

// described is a payload that has words.
type described interface{ notice() Notice }

// payloads makes an empty payload of each type.
func payloads() map[Type]described {
	return map[Type]described{
		GateChanged:        &GateChange{},
		ConnectorBroken:    &ConnectorError{},
		ConnectorRecovered: &ConnectorRecovery{},
		ExceptionRequest:   &Exception{},
		ExceptionTask:      &Exception{},
		ExceptionReported:  &Exception{},
		WaiverEnds:         &WaiverExpiring{},
		ProductIsStale:     &ProductStale{},
		SilenceHasEnded:    &SilenceEnded{},
	}
}

// maxMessage bounds a notice's message, in findings named.
const maxMessage = 3

// Describe puts an event in words.
func Describe(e models.Event) (Notice, error) {
	p, ok := payloads()[Type(e.Type)]
	if !ok {
		return Notice{}, fmt.Errorf("no words for an event of type %q", e.Type)
	}
	if err := json.Unmarshal(e.Payload, p); err != nil {
		return Notice{}, fmt.Errorf("read the payload of a %s: %w", e.Type, err)
	}
	n := p.notice()
	if e.Actor != "" {
		n.Facts = append(n.Facts, Fact{"By", e.Actor})
	}
	return n, nil
}

func (g GateChange) notice() Notice {
	to := StateWord(g.To)
	return Notice{
		Name:     "Security gate has changed to " + to,
		Title:    "Security gate for " + g.Product.Name + " has changed to " + to,
		Message:  g.Reason(),
		Tone:     g.tone(),
		Facts:    g.facts(),
		Items:    g.Failing.lines(),
		Severity: g.worst(),
		Key:      "gate/" + strconv.FormatInt(g.Product.ID, 10),
	}
}

// worst is the worst severity of what made the gate fail: nil where it did not.
func (g GateChange) worst() *models.Severity {
	if g.To != models.GateFailed || len(g.Failing.Items) == 0 {
		return nil
	}
	worst := g.Failing.Items[0].Severity
	for _, f := range g.Failing.Items {
		worst = min(worst, f.Severity)
	}
	return &worst
}

func (g GateChange) facts() []Fact {
	facts := []Fact{
		{"Product", g.Product.Name},
		{"Gate", "from " + StateWord(g.From) + " to " + StateWord(g.To)},
		{"Branch", g.Branch},
	}
	if g.Cause.Text != "" {
		facts = append(facts, Fact{"Cause", g.Cause.Text})
	}
	if g.HeldSince != nil {
		facts = append(facts, Fact{"Since", g.HeldSince.UTC().Format("2006-01-02 15:04 UTC")})
	}
	return facts
}

// Total returns how many observations the cause has made active.
func (t Failing) Total() int { return t.New + t.Reopened }

func (t Failing) lines() []string {
	lines := make([]string, len(t.Items))
	for i, f := range t.Items {
		lines[i] = f.Severity.String() + ": " + f.Title
		if f.Component != "" {
			lines[i] += " in " + f.Component
		}
	}
	return lines
}

// Reason is why the gate says so, with the findings that failing it.
func (g GateChange) Reason() string {
	if len(g.Failing.Items) == 0 {
		return g.Why
	}
	names := make([]string, 0, maxMessage)
	for _, f := range g.Failing.Items[:min(maxMessage, len(g.Failing.Items))] {
		names = append(names, f.Title)
	}
	text := strings.Join(names, ", ")
	if g.Failing.Total() == 0 {
		return g.Why + ", among them " + text
	}
	if more := g.Failing.Total() - len(names); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	why := g.Why
	if g.Failing.New > 0 {
		why += fmt.Sprintf(", %d new", g.Failing.New)
	}
	if g.Failing.Reopened > 0 {
		why += fmt.Sprintf(", %d reopened", g.Failing.Reopened)
	}
	return why + ": " + text
}

func (g GateChange) tone() Tone {
	switch g.To {
	case models.GateFailed:
		return ToneBad
	case models.GatePassed:
		return ToneGood
	case models.GateNone:
	}
	return TonePlain
}

// StateWord is a gate's state as a heading shows it.
func StateWord(s models.GateState) string {
	switch s {
	case models.GateFailed:
		return "Failed"
	case models.GatePassed:
		return "Passed"
	case models.GateNone:
	}
	return "None"
}
