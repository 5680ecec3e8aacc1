package event

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"gatecrier/models"
)

// Tone is the tone of a notice: bad, good or plain.
type Tone string

// The tones.
const (
	ToneBad   Tone = "bad"
	ToneGood  Tone = "good"
	TonePlain Tone = "plain"
)

// Notice is the description of an event.
type Notice struct {
	Name     string // without the product: "Security gate failed (1 critical)"
	Title    string // with the product: "Security gate failed: Shop (1 critical)"
	Message  string // the reason, the most important part first: complete without the items
	Summary  string // the reason above a list of the items: it names none; "" = Message
	Tone     Tone
	Facts    []Fact           // details, the most important first
	Items    []Item           // the failing observations, worst first; calls, waivers, notifications
	Rest     Rest             // what Items leaves out
	Actions  []Action         // what to do, beside opening its page
	Key      string           // its subject, equal in all notices about it
	Severity *models.Severity // the worst of its observations, nil for none
	Page     string           // the path of its subject's page; "" = the product's page
	UserID   int64            // the only user it notifies, 0 = all viewers of its product
}

// Fact is a detail of a notice.
type Fact struct{ Label, Value string }

// Rest is what the list of a notice leaves out.
type Rest struct {
	Count int
	Page  string // the path of the whole list, or ""
}

// describer is a payload that has words.
type describer interface{ notice() Notice }

// payloads returns an empty payload of each type.
func payloads() map[Type]describer {
	return map[Type]describer{
		GateChanged:        &GateChange{},
		ConnectorBroken:    &ConnectorError{},
		ConnectorRecovered: &ConnectorRecovery{},
		ExceptionRequest:   &Exception{},
		ExceptionTask:      &Exception{},
		ExceptionReported:  &Exception{},
		ExceptionSummary:   &ExceptionsJoined{},
		WaiverEnds:         &WaiverExpiring{},
		ProductIsStale:     &ProductStale{},
		SilenceHasEnded:    &SilenceEnded{},
		RoutingFailed:      &RoutingFailure{},
		IngestExceeded:     &IngestBudgetExceeded{},
		AccountIsAttacked:  &AccountAttack{},
	}
}

// maxReasonTitles is how many observations a reason names.
const maxReasonTitles = 3

// Known reports whether a type is defined here. An event of another type comes from another
// program.
func (t Type) Known() bool {
	_, ok := payloads()[t]
	return ok
}

// InInbox reports whether events of a type are in the inbox of all who can view their product.
// Others are in an inbox only where something grants it.
func (t Type) InInbox() bool { return t.Known() }

// Describe returns the description of an event. It returns an error for the invalid payload of a
// known type; an event of an unknown type is described from its data, as far as that is readable.
func Describe(e models.Event) (Notice, error) {
	p, ok := payloads()[Type(e.Type)]
	if !ok {
		return describeForeign(e), nil
	}
	if err := json.Unmarshal(e.Payload, p); err != nil {
		return Notice{}, fmt.Errorf("read the payload of a %s: %w", e.Type, err)
	}
	return withActor(p.notice(), e), nil
}

// describeForeign returns the description of an event of an unknown type.
func describeForeign(e models.Event) Notice {
	f, err := NewForeign(Type(e.Type), e.Payload)
	if err != nil { // its type is all that is known of it
		f = Foreign{typ: Type(e.Type)}
	}
	n := f.notice()
	if e.Product != "" {
		n.Title = title(n.Name, e.Product, "")
		n.Facts = append(n.Facts, Fact{"Product", e.Product})
	}
	return withActor(n, e)
}

func withActor(n Notice, e models.Event) Notice {
	if e.Actor != "" {
		n.Facts = append(n.Facts, Fact{"By", e.Actor})
	}
	return n
}

func (g GateChange) notice() Notice {
	state, over := "Security gate "+strings.ToLower(StateWord(g.To)), g.overText()
	return Notice{
		Name:     withDetails(state, over),
		Title:    title(state, g.Product.Name, over),
		Message:  g.fromTo() + g.Reason(),
		Summary:  g.fromTo() + g.Summary(),
		Tone:     g.tone(),
		Facts:    g.facts(),
		Items:    g.Failing.items(g.Product.ID),
		Rest:     g.rest(),
		Actions:  g.actions(),
		Severity: g.worstFailing(),
		Key:      "gate/" + strconv.FormatInt(g.Product.ID, 10),
	}
}

// worstFailing returns the worst severity of the failing observations, nil for none.
func (g GateChange) worstFailing() *models.Severity {
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

// Above returns the reason as it is written above a list of the items.
func (n Notice) Above() string { return cmp.Or(n.Summary, n.Message) }

func (g GateChange) fromTo() string { return StateWord(g.From) + " → " + StateWord(g.To) + ": " }

// Summary returns why the gate has its state, with the numbers of new and of reopened observations.
func (g GateChange) Summary() string {
	suffix := g.Uncounted.Suffix()
	why := strings.TrimSuffix(g.Why, suffix)
	if g.Failing.New > 0 {
		why += fmt.Sprintf(", %d new", g.Failing.New)
	}
	if g.Failing.Reopened > 0 {
		why += fmt.Sprintf(", %d reopened", g.Failing.Reopened)
	}
	return why + suffix
}

// Reason returns why the gate has its state, with the first failing observations.
func (g GateChange) Reason() string {
	if len(g.Failing.Items) == 0 {
		return g.Summary()
	}
	names := make([]string, 0, maxReasonTitles)
	for _, f := range g.Failing.Items[:min(maxReasonTitles, len(g.Failing.Items))] {
		names = append(names, f.Title)
	}
	text := strings.Join(names, ", ")
	suffix := g.Uncounted.Suffix()
	why := strings.TrimSuffix(g.Summary(), suffix)
	if g.Failing.Total() == 0 {
		return why + ", among them " + text + suffix
	}
	if more := g.Failing.Total() - len(names); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return why + ": " + text + suffix
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

// StateWord returns a gate's state as a word of a heading.
func StateWord(s models.GateState) string {
	switch s {
	case models.GateFailed:
		return "Failed"
	case models.GatePassed:
		return "Passed"
	case models.GateNone:
	}
	return "Not evaluated"
}
