package event

import (
	"strconv"
	"time"

	"gatecrier/app/number"
	"gatecrier/models"
)

// HeldNamed is how many silenced notifications an event names.
const HeldNamed = 10

// SilenceEnded is the payload of silence.ended, version 1: a silence has ended, and this is
// what it has silenced.
type SilenceEnded struct {
	Silence  int64             `json:"silence_id"`
	Product  *Product          `json:"product"` // of the silence, or null
	Group    *Group            `json:"group"`   // of the silence, or null; it was of everything with neither
	Author   string            `json:"author"`
	UserID   int64             `json:"user_id,omitempty"` // of the author, if they can still see its scope
	Reason   string            `json:"reason"`
	Started  time.Time         `json:"started"`
	Ended    time.Time         `json:"ended"`
	EndedBy  string            `json:"ended_by,omitempty"` // the user who ended it early
	Held     int               `json:"silenced"`           // silenced notifications
	Products int               `json:"products"`           // of these notifications
	Named    []HeldBack        `json:"notifications"`      // the first ones, at most ten
	Gate     *models.GateState `json:"gate"`               // the state of the product's gate, or null
	Why      string            `json:"gate_why,omitempty"` // the reason of that state
}

// Group names a group of products.
type Group struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// HeldBack is a silenced notification.
type HeldBack struct {
	ID      int64     `json:"id"`
	Name    string    `json:"name"`
	Product string    `json:"product,omitempty"`
	At      time.Time `json:"at"`
}

// Kind returns silence.ended, version 1.
func (SilenceEnded) Kind() (Type, int) { return SilenceHasEnded, 1 }

func (s SilenceEnded) notice() Notice {
	n := Notice{
		Message: s.Reason,
		Tone:    TonePlain,
		Key:     "silence/" + strconv.FormatInt(s.Silence, 10),
		Page:    "/silences/" + strconv.FormatInt(s.Silence, 10),
		Facts:   s.facts(),
	}
	state, name := "Silence ended", productName(s.Product)
	if s.Group != nil {
		name = s.Group.Name
	}
	if s.Gate != nil { // the message has the state that others about the gate have not sent
		n.Key = "gate/" + strconv.FormatInt(s.Product.ID, 10)
		n.Message = withWhy(StateWord(*s.Gate), s.Why)
		if *s.Gate == models.GateFailed {
			state, n.Tone = "Gate failed, silence ended", ToneBad
			n.Actions = []Action{{"Open product", ProductPage(s.Product.ID)}}
		}
	}
	n.Name, n.Title = withDetails(state, s.heldText()), title(state, name, s.heldText())
	if s.Product == nil {
		n.UserID = s.UserID
	}
	for _, h := range s.Named {
		n.Items = append(n.Items, Item{Text: h.line(s.Product == nil)})
	}
	if more := s.Held - len(s.Named); more > 0 {
		n.Rest = Rest{more, n.Page}
	}
	return n
}

// withWhy returns a state with its reason, if there is one.
func withWhy(state, why string) string {
	if why == "" {
		return state
	}
	return state + ": " + why
}

// heldText returns how many notifications were silenced: "3 notifications of 2 products silenced".
func (s SilenceEnded) heldText() string {
	if s.Held == 0 {
		return "nothing silenced"
	}
	text := number.Of(s.Held, "notification", "notifications")
	if s.Products > 1 {
		text += " of " + strconv.Itoa(s.Products) + " products"
	}
	return text + " silenced"
}

func (h HeldBack) line(product bool) string {
	text := h.At.UTC().Format("2006-01-02 15:04 UTC") + ": " + h.Name
	if product && h.Product != "" {
		text += " (" + h.Product + ")"
	}
	return text
}

func (s SilenceEnded) facts() []Fact {
	var facts []Fact
	switch {
	case s.Product != nil:
		facts = append(facts, Fact{"Product", s.Product.Name})
	case s.Group != nil:
		facts = append(facts, Fact{"Group", s.Group.Name})
	}
	if s.Gate != nil {
		facts = append(facts, Fact{"Gate now", StateWord(*s.Gate)})
	}
	facts = append(facts,
		Fact{"Silence of", s.Author},
		Fact{"Reason", s.Reason},
		Fact{"From", s.Started.UTC().Format("2006-01-02 15:04 UTC")},
		Fact{"Until", s.Ended.UTC().Format("2006-01-02 15:04 UTC")},
	)
	if s.EndedBy != "" {
		facts = append(facts, Fact{"Ended early by", s.EndedBy})
	}
	return facts
}
