package event

import (
	"fmt"
	"strconv"
	"time"
)

// Connector names the connection of an event.
type Connector struct {
	ID     int64  `json:"id"`
	Name   string `json:"name"`
	Module string `json:"module"`
}

// Trouble says what is wrong with a connection.
type Trouble string

// The troubles.
const (
	TroubleDown      Trouble = "down"      // it does not answer, or with errors; messages wait and it is tried
	TroubleRejecting Trouble = "rejecting" // it answers, and takes no message
	TroubleGone      Trouble = "gone"      // it says that it is finished, and is turned off
	TroublePaused    Trouble = "paused"    // it has been down for so long that it is not tried any more
)

// ConnectorError is the payload of connector.error, version 1: messages to a
// connection do not arrive.
type ConnectorError struct {
	Connection Connector `json:"connection"`
	Product    *Product  `json:"product"`           // whose target it is, or null
	UserID     int64     `json:"user_id,omitempty"` // whose own it is
	State      Trouble   `json:"state"`
	Reason     string    `json:"reason"`
	Since      time.Time `json:"since"`
	Waiting    int       `json:"waiting"` // messages that wait for it
}

// Kind is connector.error, version 1.
func (ConnectorError) Kind() (Type, int) { return ConnectorBroken, 1 }

// ConnectorRecovery is the payload of connector.recovered, version 1: messages
// to a connection arrive again, and those that waited have gone.
type ConnectorRecovery struct {
	Connection Connector `json:"connection"`
	Product    *Product  `json:"product"`
	UserID     int64     `json:"user_id,omitempty"`
	Since      time.Time `json:"since"` // how long it was broken
	Late       int       `json:"late"`  // messages that have arrived late
}

// Kind is connector.recovered, version 1.
func (ConnectorRecovery) Kind() (Type, int) { return ConnectorRecovered, 1 }

func (c ConnectorError) notice() Notice {
	n := Notice{
		Name:    "Messages to " + quoted(c.Connection.Name) + " do not arrive",
		Message: c.what(),
		Tone:    ToneBad, // why is not for all who may see the product: it may name a host
		Key:     c.Connection.key(),
		UserID:  c.UserID,
		Facts:   c.Connection.facts(c.Product),
	}
	n.Title = n.Name + of(c.Product)
	n.Facts = append(n.Facts, Fact{"Failing since", c.Since.UTC().Format("2006-01-02 15:04 UTC")})
	if c.Reason != "" {
		n.Facts = append(n.Facts, Fact{"Reason", c.Reason})
	}
	if c.Waiting > 0 {
		n.Facts = append(n.Facts, Fact{"Waiting", plural(c.Waiting, "message", "messages")})
	}
	return n
}

// what is the trouble in a sentence.
func (c ConnectorError) what() string {
	switch c.State {
	case TroubleDown:
		return "Its messages wait, and it is tried again and again"
	case TroubleRejecting:
		return "It takes no messages"
	case TroubleGone:
		return "It is turned off"
	case TroublePaused:
		return "It is paused after three days; somebody has to resume it"
	}
	return "It does not work"
}

func (c ConnectorRecovery) notice() Notice {
	n := Notice{
		Name: "Messages to " + quoted(c.Connection.Name) + " arrive again", Message: "Delivering again", Tone: ToneGood,
		Key: c.Connection.key(), UserID: c.UserID, Facts: c.Connection.facts(c.Product),
	}
	if c.Late > 0 {
		n.Message += fmt.Sprintf(", %d sent late", c.Late)
	}
	n.Title = n.Name + of(c.Product)
	n.Facts = append(n.Facts, Fact{"Failed since", c.Since.UTC().Format("2006-01-02 15:04 UTC")})
	return n
}

func (c Connector) key() string { return "connection/" + strconv.FormatInt(c.ID, 10) }

func (c Connector) facts(p *Product) []Fact {
	facts := []Fact{{"Connection", c.Name}, {"Module", c.Module}}
	if p != nil {
		facts = append([]Fact{{"Product", p.Name}}, facts...)
	}
	return facts
}

func of(p *Product) string {
	if p == nil {
		return ""
	}
	return " (" + p.Name + ")"
}

func quoted(s string) string { return "“" + s + "”" }

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
