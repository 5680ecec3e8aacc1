package email

import (
	"embed"
	"fmt"
	"html/template"
	"strings"

	"gatecrier/app/module"
)

//go:embed mail.html.tmpl
var files embed.FS

// Bounds of a mail: of texts in characters, of lists in lines.
const (
	maxName  = 60
	maxTitle = 300
	maxWhy   = 3000
	maxFacts = 15
	maxLabel = 100
	maxValue = 400
	maxItems = 30
	maxMark  = 50 // of the label of an item
	maxItem  = 250
	maxMore  = 200 // after it
)

// newPage parses the template, which is part of the program.
func newPage() *template.Template {
	return template.Must(template.ParseFS(files, "mail.html.tmpl"))
}

// view is the content of both parts of a mail.
type view struct {
	Greeting, Title, Why string
	Tone                 module.Tone
	Test, Account        bool
	Facts                []module.Fact
	Items                []module.Item
	Rest                 module.Rest // items that are left out
	Buttons              []module.Action
	Origin               module.Origin
	Time, To             string
}

func newView(m module.Message, to, firstName string) view {
	v := view{
		Greeting: "Hello,", Title: module.Truncate(m.Title, maxTitle), Why: module.Truncate(m.Why, maxWhy),
		Tone: m.Tone, Test: m.Test, Account: m.Type == module.TypeAccount, Buttons: m.Buttons(),
		Origin: m.Origin.Safe(), To: to,
	}
	if name := module.Truncate(firstName, maxName); name != "" {
		v.Greeting = "Hello " + name + ","
	}
	if v.Title == "" {
		v.Title = "Gatecrier"
	}
	if !m.Time.IsZero() {
		v.Time = m.Time.UTC().Format("2 January 2006, 15:04 UTC")
	}
	for _, f := range m.Facts[:min(maxFacts, len(m.Facts))] {
		f = module.Fact{Label: module.Truncate(f.Label, maxLabel), Value: module.Truncate(f.Value, maxValue)}
		if f != (module.Fact{}) {
			v.Facts = append(v.Facts, f)
		}
	}
	for _, item := range m.Items[:min(maxItems, len(m.Items))] {
		v.Items = append(v.Items, module.Item{
			Label: module.Truncate(item.Label, maxMark), Text: module.Truncate(item.Text, maxItem),
			Link: item.SafeLink(), More: module.Truncate(item.More, maxMore),
		})
	}
	v.Rest = module.Rest{Count: m.Rest.Count + len(m.Items) - len(v.Items), Link: module.SafeLink(m.Rest.Link)}
	return v
}

func (e *Email) render(v view) (string, error) {
	var b strings.Builder
	err := e.page.Execute(&b, v)
	return b.String(), err
}

// plain returns the mail as text.
func (v view) plain() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("%s\n\n%s", v.Greeting, v.Title)
	if v.Why != "" {
		line("%s", v.Why)
	}
	if len(v.Facts) > 0 {
		line("")
	}
	for _, f := range v.Facts {
		line("%s: %s", f.Label, f.Value)
	}
	if len(v.Items) > 0 {
		line("")
	}
	for _, item := range v.Items {
		line("- %s", item.Line())
		if item.Link != "" {
			line("  %s", item.Link)
		}
	}
	if v.Rest.Count > 0 {
		line("%s", v.Rest.Text())
		if v.Rest.Link != "" {
			line("  %s", v.Rest.Link)
		}
	}
	if len(v.Buttons) > 0 {
		line("")
	}
	for _, b := range v.Buttons {
		line("%s: %s", b.Label, b.Link)
	}
	line("\n-- \n%s", v.Footer())
	if m := v.Origin.Manage; m.Link != "" {
		line("%s: %s", m.Label, m.Link)
	}
	return b.String()
}

// Footer returns why this mail was sent, and how to stop such mails.
func (v view) Footer() string {
	text := "Gatecrier sent this to " + v.To
	if v.Time != "" {
		text += " about what happened on " + v.Time
	}
	if v.Account {
		return text + ". It is about the account with this address, or the account that requested it."
	}
	if v.Test {
		return text + ". It is a test: a user checked whether email arrives."
	}
	if v.Origin.Text != "" {
		return text + ". " + v.Origin.Text + "."
	}
	return text + ". You get this email because the address is a notification target there; its owner can remove it."
}
