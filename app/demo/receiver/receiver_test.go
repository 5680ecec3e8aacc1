package receiver

import (
	"bytes"
	"errors"
	"net/http"
	"net/smtp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func open(t *testing.T) *Receiver {
	t.Helper()
	r := New(time.Now)
	if err := r.Listen(t.Context(), "0", "0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func post(t *testing.T, r *Receiver, path, body string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(
		t.Context(), http.MethodPost, "http://127.0.0.1:"+r.HTTPPort()+path, strings.NewReader(body),
	)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("webhook-id", "msg_1")
	res, err := new(http.Client).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode
}

const slackMessage = `{"blocks":[
	{"type":"header","text":{"text":"A <b>"}},
	{"type":"section","text":{"text":"why &amp; *how*"}},
	{"type":"section","fields":[{"text":"*Gate*\nFailed"}]},
	{"type":"section","text":{"text":"• <https://a.example/?a&amp;b|one>\n• two"}},
	{"type":"section","text":{"text":"<http://127.0.0.1/x|Open>"}},
	{"type":"context","elements":[{"text":"<!date^1777630830^{date}|1 May>"}]}
]}`

const teamsMessage = `{"attachments":[{"content":{
	"body":[
		{"type":"TextBlock","text":"A \\<b\\>"},
		{"type":"TextBlock","text":"why"},
		{"type":"FactSet","facts":[{"title":"Gate","value":"Failed"}]},
		{"type":"TextBlock","text":"• [one](https://a.example/)"},
		{"type":"TextBlock","text":"{{DATE(2026-05-01T10:20:30Z,SHORT)}} {{TIME(2026-05-01T10:20:30Z)}}"}
	],
	"actions":[{"url":"http://127.0.0.1/x"}]
}}]}`

const mattermostMessage = `{"text":"**A \\<b\\>**\n\nwhy","attachments":[{
	"title_link":"http://127.0.0.1/x","fields":[{"title":"Gate","value":"Failed \\(1\\)"}],
	"text":"• [one](https://a.example/)\n[and 2 more](https://a.example/)\n\n1 May"
}]}`

const discordMessage = `{"content":"**A <b>**","embeds":[{
	"url":"http://127.0.0.1/x","fields":[{"name":"Gate","value":"Failed (1)"}],"timestamp":"2026-05-01T10:20:30Z",
	"description":"why\n\n• [one](https://a.example/)\n[and 2 more](https://a.example/)"
}]}`

// Mattermost and Discord send the same as a text with one attachment.
func TestMarkdownPosts(t *testing.T) {
	for name, test := range map[string]struct {
		read func([]byte) (Card, error)
		body string
		at   string
	}{
		"Mattermost": {readMattermost, mattermostMessage, "1 May"},
		"Discord":    {readDiscord, discordMessage, "1 May 2026, 10:20 UTC"},
	} {
		got, err := test.read([]byte(test.body))
		if err != nil {
			t.Fatal(name, err)
		}
		want := Card{
			Title: "A <b>", Texts: []string{"why"}, Below: []string{test.at}, Facts: []Fact{{"Gate", "Failed (1)"}},
			Items: []string{"one", "and 2 more"}, Link: "http://127.0.0.1/x",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestPosts(t *testing.T) {
	r := open(t)
	for _, test := range []struct {
		path, body string
		status     int
	}{
		{"/slack/x", slackMessage, 200},
		{"/teams/x", teamsMessage, 202},
		{"/webhook/x", `{"a":1}`, 200},
		{"/webhook/x", `{"a":1}`, 200},
		{"/slack/x", `{`, 400},
		{"/slack/x", `{}`, 400},
		{"/teams/x", `{}`, 400},
		{"/webhook/x", `x`, 400},
		{"/mattermost/x", `{}`, 400},
		{"/discord/x", `{}`, 400},
		{"/mail/x", `{}`, 404},
		{"/", `{}`, 404},
	} {
		if got := post(t, r, test.path, test.body); got != test.status {
			t.Errorf("%s %.20s: %d, want %d", test.path, test.body, got, test.status)
		}
	}
	list, last := r.Since(0)
	if len(list) != 3 || list[0].Channel != Webhook || list[0].Times != 2 || list[0].ID != last || list[0].Signed ||
		list[0].Body != "{\n  \"a\": 1\n}" {
		t.Fatalf("webhook, twice the same: %+v", list)
	}
	if c := list[1].Card; c.Title != "A <b>" || c.Texts[0] != "why" || c.Below[0] != "1 May 2026, 10:20 UTC" ||
		c.Facts[0] != (Fact{"Gate", "Failed"}) ||
		c.Items[0] != "one" ||
		c.Link != "http://127.0.0.1/x" {
		t.Errorf("Teams: %+v", c)
	}
	if c := list[2].Card; c.Title != "A <b>" || c.Texts[0] != "why & how" || c.Below[0] != "1 May 2026, 10:20 UTC" ||
		c.Facts[0] != (Fact{"Gate", "Failed"}) ||
		len(c.Items) != 2 || c.Items[0] != "one" ||
		c.Link != "http://127.0.0.1/x" {
		t.Errorf("Slack: %+v", c)
	}
	for path, status := range map[string]int{"/mattermost/x": 200, "/discord/x": 204} {
		body := map[string]string{"/mattermost/x": mattermostMessage, "/discord/x": discordMessage}[path]
		if got := post(t, r, path, body); got != status {
			t.Errorf("%s: %d, want %d", path, got, status)
		}
	}
	for range maxMessages + 10 {
		post(t, r, "/webhook/"+time.Now().String()[20:], `{"a":1}`)
	}
	if list, _ := r.Since(0); len(list) != maxMessages {
		t.Errorf("%d messages are kept", len(list))
	}
}

// The receiver also refuses mails on a connection from before the outage.
func TestOutageOnKeptConnection(t *testing.T) {
	r := open(t)
	c, err := smtp.Dial("127.0.0.1:" + r.MailPort())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Hello("localhost"); err != nil {
		t.Fatal(err)
	}
	r.Down(time.Now().Add(time.Hour))
	if err := c.Mail("a@demo.example"); err == nil || !strings.Contains(err.Error(), "421") {
		t.Errorf("while it is down: %v", err)
	}
	r.Down(time.Time{})
	if err := errors.Join(c.Mail("a@demo.example"), c.Quit()); err != nil {
		t.Error(err)
	}
}

func TestMailAndOutage(t *testing.T) {
	r := open(t)
	text := strings.Join([]string{
		"From: =?UTF-8?q?Gr=C3=BC=C3=9Fe?= <a@demo.example>",
		"Subject: =?UTF-8?q?=C3=9Cber?=",
		"Message-ID: <1@x>",
		"Content-Type: multipart/alternative; boundary=b",
		"",
		"--b",
		"Content-Type: text/plain",
		"",
		"plain",
		"--b",
		"Content-Type: text/html",
		"Content-Transfer-Encoding: quoted-printable",
		"",
		"<p>=C3=9Cber</p>",
		"--b--",
		"",
	}, "\r\n")
	send := func() error {
		to := []string{"b@demo.example"}
		return smtp.SendMail("127.0.0.1:"+r.MailPort(), nil, "a@demo.example", to, []byte(text))
	}
	r.Down(time.Now().Add(time.Hour))
	if err := send(); err == nil || !strings.Contains(err.Error(), "421") {
		t.Errorf("while it is down: %v", err)
	}
	if got := post(t, r, "/webhook/x", "{}"); got != http.StatusServiceUnavailable {
		t.Errorf("while it is down: %d", got)
	}
	if until, refused := r.Outage(); until.IsZero() || refused < 2 {
		t.Errorf("down until %s, %d refused", until, refused)
	}
	r.Down(time.Time{})
	if err := send(); err != nil {
		t.Fatal(err)
	}
	list, id := r.Since(0)
	if len(list) != 1 || list[0].Card.Title != "Über" || !strings.HasPrefix(list[0].Card.From, "Grüße") ||
		strings.TrimSpace(list[0].HTML) != "<p>Über</p>" ||
		list[0].To != "b@demo.example" {
		t.Fatalf("mail: %+v", list)
	}
	if m, ok := r.Message(id); !ok || m.ID != id {
		t.Error("the mail is not found by its id")
	}
	if _, err := readMail(bytes.Repeat([]byte("x"), 10)); err == nil {
		t.Error("what is no mail was read")
	}
	r.Clear()
	if list, _ := r.Since(0); len(list) != 0 {
		t.Error("something is remembered")
	}
}
