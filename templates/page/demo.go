package page

import (
	"strconv"
	"strings"
	"time"

	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

// DemoView is the guided page of the demo.
type DemoView struct {
	Frame     layout.View
	ProductID int64
	Product   string
	State     string // of its gate
	Why       string
	Last      string        // what the last step did, "" before the first
	Thrown    int64         // the exception that it threw, 0 for none
	Down      time.Duration // for how long the receiver is still down
	Refused   int           // messages it has refused since it was taken down
	Next      time.Duration // until the next attempt to send a message that waits
	Waiting   int           // messages on the way
	Chips     []ui.Chip     // channels
	Messages  []DemoMessage // newest first
	Hidden    bool          // the user is no administrator, who alone see the messages
	Poll      string        // the path of the news
	Changed   bool          // of updates: the gate or Last has changed
}

// DemoMessage is a message that has arrived at the demo's receiver.
type DemoMessage struct {
	ID      int
	Channel string // mail, slack, teams, mattermost, discord, webhook
	At      time.Time
	To      string
	Times   int
	From    string
	Title   string
	Texts   []string
	Facts   [][2]string
	Items   []string
	Below   []string // texts after the facts and items
	Link    string   // "" = none
	Mail    string   // where its HTML is, "" for other channels
	Headers [][2]string
	Body    string
	Signed  bool
}

// DemoEnterView is the entrance to the demo.
type DemoEnterView struct {
	Frame layout.View
	Key   string
	Wrong bool
}

func (m DemoMessage) icon() string {
	switch m.Channel {
	case "slack":
		return "brand-slack"
	case "teams":
		return "brand-teams"
	case "mattermost", "discord":
		return "send"
	case "webhook":
		return "webhook"
	}
	return "mail"
}

func (m DemoMessage) channel() string {
	switch m.Channel {
	case "slack":
		return "Slack"
	case "teams":
		return "Microsoft Teams"
	case "mattermost":
		return "Mattermost"
	case "discord":
		return "Discord"
	case "webhook":
		return "Webhook"
	}
	return "Email"
}

// id returns the id of the message's element.
func (m DemoMessage) id() string { return "message-" + strconv.Itoa(m.ID) }

// countdown returns a time in seconds, rounded up: while something lasts, it has more than 0 s left.
func countdown(d time.Duration) string {
	return strconv.Itoa(int((d+time.Second-1)/time.Second)) + " s"
}

// now describes the state of the receiver in a sentence.
func (v DemoView) now() string {
	var parts []string
	switch {
	case v.Down > 0:
		parts = append(parts, "The receiver is offline for another "+countdown(v.Down))
	case v.Waiting > 0 || v.Refused > 0:
		parts = append(parts, "The receiver is online")
	}
	if v.Refused > 0 {
		parts = append(parts, ui.Plural(v.Refused, "attempt", "attempts")+" refused")
	}
	if v.Waiting > 0 {
		text := ui.Plural(v.Waiting, "message", "messages") + " queued for retry"
		if v.Next > 0 {
			text += ", the next attempt in " + countdown(v.Next)
		}
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		return "The receiver is online, and the queue is empty."
	}
	return strings.Join(parts, "; ") + "."
}
