package receiver

import (
	"encoding/json"
	"errors"
	"html"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var errNoCard = errors.New("no card in it")

// readSlack reads the blocks of a message to an incoming webhook
// (https://docs.slack.dev/reference/block-kit/blocks).
func readSlack(body []byte) (Card, error) {
	type text struct{ Text string }
	var doc struct {
		Blocks []struct {
			Type     string
			Text     text
			Fields   []text
			Elements []text
		}
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		return Card{}, err
	}
	var c Card
	for _, b := range doc.Blocks {
		for _, f := range b.Fields {
			label, value, _ := strings.Cut(slackText(f.Text), "\n")
			c.Facts = append(c.Facts, Fact{label, value})
		}
		for _, e := range b.Elements {
			c.say(slackText(e.Text))
		}
		switch link := slackLink.FindStringSubmatch(b.Text.Text); {
		case b.Text.Text == "":
		case b.Type == "header":
			c.Title = b.Text.Text
		case link != nil:
			c.Link = link[1]
		case strings.HasPrefix(b.Text.Text, "• "):
			c.Items = items(slackText(b.Text.Text))
		default:
			c.say(slackText(b.Text.Text))
		}
	}
	if c.Title == "" {
		return c, errNoCard
	}
	return c, nil
}

var (
	slackLink = regexp.MustCompile(`^<(https?://[^|>]+)\|[^>]*>$`)
	slackMark = regexp.MustCompile(`<https?://[^|>]+\|([^>]*)>`)
	slackDate = regexp.MustCompile(`<!date\^(\d{1,12})\^[^|>]*\|[^>]*>`)
)

// slackText returns mrkdwn as plain text.
func slackText(text string) string {
	text = slackDate.ReplaceAllStringFunc(slackMark.ReplaceAllString(text, "$1"), func(date string) string {
		seconds, err := strconv.ParseInt(slackDate.FindStringSubmatch(date)[1], 10, 64)
		if err != nil {
			return date
		}
		return time.Unix(seconds, 0).UTC().Format("2 January 2006, 15:04 UTC")
	})
	return html.UnescapeString(strings.ReplaceAll(text, "*", ""))
}

// say adds a text where it is in the message: before or after the facts and items.
func (c *Card) say(text string) {
	if len(c.Facts)+len(c.Items) > 0 {
		c.Below = append(c.Below, text)
		return
	}
	c.Texts = append(c.Texts, text)
}

func items(text string) []string {
	var list []string
	for line := range strings.Lines(text) {
		list = append(list, strings.TrimPrefix(strings.TrimSpace(line), "• "))
	}
	return list
}

// readTeams reads an Adaptive Card in a message
// (https://adaptivecards.io/explorer/).
func readTeams(body []byte) (Card, error) {
	var doc struct {
		Attachments []struct {
			Content struct {
				Body []struct {
					Type, Text, Size string
					Facts            []struct{ Title, Value string }
				}
				Actions []struct{ URL string }
			}
		}
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		return Card{}, err
	}
	if len(doc.Attachments) == 0 {
		return Card{}, errNoCard
	}
	var c Card
	content := doc.Attachments[0].Content
	for _, e := range content.Body {
		for _, f := range e.Facts {
			c.Facts = append(c.Facts, Fact{cardText(f.Title), cardText(f.Value)})
		}
		switch text := cardText(e.Text); {
		case text == "":
		case c.Title == "":
			c.Title = text
		case strings.HasPrefix(text, "• "):
			c.Items = append(c.Items, strings.TrimPrefix(text, "• "))
		default:
			c.say(text)
		}
	}
	for _, a := range content.Actions {
		c.Link = a.URL
	}
	return c, nil
}

var (
	cardEscape = regexp.MustCompile(`\\([^\pL\pN\s])`)
	cardLink   = regexp.MustCompile(`\[((?:[^\[\]\\]|\\.)*)\]\(https?://[^()\s]+\)`)
	cardDate   = regexp.MustCompile(`\{\{(DATE|TIME)\(([^,)]+)[^}]*\)\}\}`)
)

// cardText returns the Markdown of a card as plain text.
func cardText(text string) string {
	text = cardDate.ReplaceAllStringFunc(text, func(call string) string {
		part := cardDate.FindStringSubmatch(call)
		at, err := time.Parse(time.RFC3339, part[2])
		switch {
		case err != nil:
			return call
		case part[1] == "DATE":
			return at.Format("2 January 2006,")
		}
		return at.Format("15:04 UTC")
	})
	return cardEscape.ReplaceAllString(cardLink.ReplaceAllString(text, "$1"), "$1")
}

// readMattermost reads a post of an incoming webhook with an attachment
// (https://developers.mattermost.com/integrate/reference/message-attachments/).
func readMattermost(body []byte) (Card, error) {
	var doc struct {
		Text        string
		Attachments []struct {
			Text   string
			Link   string `json:"title_link"`
			Fields []struct{ Title, Value string }
		}
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		return Card{}, err
	}
	var c Card
	c.paragraphs(doc.Text)
	for _, a := range doc.Attachments {
		c.Link = a.Link
		c.paragraphs(a.Text)
		for _, f := range a.Fields {
			c.Facts = append(c.Facts, Fact{markdownText(f.Title), markdownText(f.Value)})
		}
	}
	if c.Title == "" {
		return c, errNoCard
	}
	return c, nil
}

// readDiscord reads a message of an incoming webhook with an embed
// (https://docs.discord.com/developers/resources/message).
func readDiscord(body []byte) (Card, error) {
	var doc struct {
		Content string
		Embeds  []struct {
			Description, URL string
			Timestamp        time.Time
			Fields           []struct{ Name, Value string }
		}
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		return Card{}, err
	}
	var c Card
	c.paragraphs(doc.Content)
	for _, e := range doc.Embeds {
		c.Link = e.URL
		c.paragraphs(e.Description)
		for _, f := range e.Fields {
			c.Facts = append(c.Facts, Fact{markdownText(f.Name), markdownText(f.Value)})
		}
		if !e.Timestamp.IsZero() {
			c.say(e.Timestamp.UTC().Format("2 January 2006, 15:04 UTC"))
		}
	}
	if c.Title == "" {
		return c, errNoCard
	}
	return c, nil
}

// paragraphs adds the paragraphs of a Markdown text: the title first, lists as items.
func (c *Card) paragraphs(text string) {
	for part := range strings.SplitSeq(text, "\n\n") {
		switch part = markdownText(part); {
		case part == "":
		case c.Title == "":
			c.Title = part
		case strings.HasPrefix(part, "• "):
			c.Items = append(c.Items, items(part)...)
		default:
			c.say(part)
		}
	}
}

// markdownText returns Markdown without bold, links and escapes.
func markdownText(text string) string {
	return cardText(strings.ReplaceAll(text, "**", ""))
}
