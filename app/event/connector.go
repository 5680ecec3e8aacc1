package event

import (
	"fmt"
	"strconv"
	"time"

	"gatecrier/app/number"
)

// Connector names the connection of an event.
type Connector struct {
	ID     int64  `json:"id"`
	Name   string `json:"name"`
	Module string `json:"module"`
}

// Trouble is what is wrong with a connection.
type Trouble string

// The kinds of trouble.
const (
	TroubleDown      Trouble = "down"      // it does not answer, or answers with errors; its messages wait
	TroubleRejecting Trouble = "rejecting" // it answers, but rejects messages
	TroubleGone      Trouble = "gone"      // it says that it is gone, and is turned off
	TroublePaused    Trouble = "paused"    // it has been down too long, and waits for a user to resume it
)

// ConnectorError is the payload of connector.error, version 1: messages to a connection do
// not arrive.
type ConnectorError struct {
	Connection Connector `json:"connection"`
	Product    *Product  `json:"product"`           // that has the connection as a target, or null
	UserID     int64     `json:"user_id,omitempty"` // of a user's own connection
	State      Trouble   `json:"state"`
	Reason     string    `json:"reason"`
	Since      time.Time `json:"since"`
	Waiting    int       `json:"waiting"` // messages that wait
}

// Kind returns connector.error, version 1.
func (ConnectorError) Kind() (Type, int) { return ConnectorBroken, 1 }

// ConnectorRecovery is the payload of connector.recovered, version 1: messages to a
// connection arrive again, and those that waited are sent.
type ConnectorRecovery struct {
	Connection Connector `json:"connection"`
	Product    *Product  `json:"product"`
	UserID     int64     `json:"user_id,omitempty"`
	Since      time.Time `json:"since"` // the start of the trouble
	Late       int       `json:"late"`  // messages that arrived late
}

// Kind returns connector.recovered, version 1.
func (ConnectorRecovery) Kind() (Type, int) { return ConnectorRecovered, 1 }

func (c ConnectorError) notice() Notice {
	n := Notice{
		Name:    "Messages do not arrive: " + quoted(c.Connection.Name),
		Title:   c.Connection.title("Messages do not arrive", c.Product),
		Message: c.message(),
		Tone:    ToneBad, // without the reason, which can name a host: not every viewer can see it
		Key:     c.Connection.key(),
		UserID:  c.UserID,
		Facts:   c.Connection.facts(c.Product),
	}
	n.Facts = append(n.Facts, Fact{"Failing since", c.Since.UTC().Format("2006-01-02 15:04 UTC")})
	if c.Reason != "" {
		n.Facts = append(n.Facts, Fact{"Reason", c.Reason})
	}
	if c.Waiting > 0 {
		n.Facts = append(n.Facts, Fact{"Waiting", number.Of(c.Waiting, "message", "messages")})
	}
	return n
}

// message returns the trouble as a sentence.
func (c ConnectorError) message() string {
	switch c.State {
	case TroubleDown:
		return "Its messages wait and are retried automatically"
	case TroubleRejecting:
		return "It rejects messages"
	case TroubleGone:
		return "It was turned off"
	case TroublePaused:
		return "Paused after three days of failures: resume it on its page"
	}
	return "It is failing"
}

func (c ConnectorRecovery) notice() Notice {
	n := Notice{
		Name:  "Messages arrive again: " + quoted(c.Connection.Name),
		Title: c.Connection.title("Messages arrive again", c.Product), Message: "Delivering again", Tone: ToneGood,
		Key: c.Connection.key(), UserID: c.UserID, Facts: c.Connection.facts(c.Product),
	}
	if c.Late > 0 {
		n.Message += fmt.Sprintf(", %d sent late", c.Late)
	}
	n.Facts = append(n.Facts, Fact{"Failed since", c.Since.UTC().Format("2006-01-02 15:04 UTC")})
	return n
}

// title returns the title of a notice about the connection.
func (c Connector) title(state string, p *Product) string {
	return withDetails(state+": "+quoted(shorten(c.Name, maxTitleName)), shorten(productName(p), maxTitleName))
}

func (c Connector) key() string { return "connection/" + strconv.FormatInt(c.ID, 10) }

func (c Connector) facts(p *Product) []Fact {
	facts := []Fact{{"Connection", c.Name}, {"Module", c.Module}}
	if p != nil {
		facts = append([]Fact{{"Product", p.Name}}, facts...)
	}
	return facts
}

func quoted(s string) string { return "“" + s + "”" }
