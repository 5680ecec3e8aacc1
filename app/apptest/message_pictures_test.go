package apptest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatecrier/app/apptest"
)

// goldenMessages has the messages that the tests of app/delivery compare.
const goldenMessages = "../delivery/testdata/messages"

// TestMessagePictures takes the pictures of docs/notifications.md: chat messages as the demo shows what
// it has received, emails as a mail program shows their HTML.
func TestMessagePictures(t *testing.T) {
	if os.Getenv(apptest.PicturesEnv) == "" {
		t.Skip("make pictures sets " + apptest.PicturesEnv)
	}
	dir := filepath.Join(t.TempDir(), "demo")
	d := startDemo(t, dir)
	defer stopDemo(t, d)
	enter := path(d.URL)
	b := apptest.NewBrowser(t, strings.TrimSuffix(d.URL, enter))
	b.Open(enter)
	apptest.Eventually(t, "the demo's page is there", func() bool { return b.Path() == "/demo" })
	receiver := demoReceiver(t, dir)
	for _, one := range []struct{ channel, event, picture string }{
		{"slack", "gate failed", "slack-gate-failed"},
		{"teams", "gate failed", "teams-gate-failed"},
		{"mattermost", "gate failed", "mattermost-gate-failed"},
		{"discord", "gate failed", "discord-gate-failed"},
		{"slack", "gate passed", "slack-gate-passed"},
		{"teams", "stale product", "teams-stale-product"},
		{"slack", "exceptions", "slack-exceptions"},
		{"discord", "ingest key over its budget", "discord-ingest-budget"},
		{"mattermost", "silence ended while the gate fails", "mattermost-silence-ended"},
	} {
		body := goldenSection(t, one.channel, one.event)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, receiver+"/"+one.channel+"/shop",
			strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		if err := response.Body.Close(); err != nil || response.StatusCode >= 300 {
			t.Fatalf("%s, %s: %s, %v", one.channel, one.event, response.Status, err)
		}
		b.MessagePicture("/demo?channel="+one.channel, "#demo-list article:first-child", one.picture, 1200, "light")
	}

	mails := httptest.NewServer(http.FileServer(http.Dir(goldenMessages)))
	defer mails.Close()
	m := apptest.NewBrowser(t, mails.URL)
	for _, one := range []struct{ event, scheme string }{
		{"gate-failed", "light"},
		{"gate-failed", "dark"},
		{"waivers", "light"},
		{"reported-exception", "light"},
		{"connection-fails", "light"},
	} {
		m.MessagePicture("/email-"+one.event+".html", "body", "email-"+one.event+"-"+one.scheme, 640, one.scheme)
	}
}

// demoReceiver returns the URL of the server that receives what the demo sends.
func demoReceiver(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "demo.json"))
	if err != nil {
		t.Fatal(err)
	}
	var state struct {
		Port string `json:"http_port"`
	}
	if err := json.Unmarshal(text, &state); err != nil {
		t.Fatal(err)
	}
	return "http://127.0.0.1:" + state.Port
}

// goldenSection returns what a channel sends about an event.
func goldenSection(t *testing.T, channel, event string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(goldenMessages, channel+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut("\n"+string(text), "\n=== "+event+"\n")
	if !found {
		t.Fatalf("%s has no %q", channel, event)
	}
	body, _, _ := strings.Cut(rest, "\n=== ")
	return body
}
