package slack

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"gatecrier/app/module"
	"gatecrier/app/module/moduletest"
	"gatecrier/app/outbound"
)

func TestConform(t *testing.T) {
	moduletest.Conform(t,
		func(c *outbound.Client) module.Sender { return New(c) },
		func(url string) module.Config { return module.Config{"url": url} })
}

func TestSend(t *testing.T) {
	got := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json; charset=utf-8" {
			t.Errorf("%s %v %v", r.Method, r.Header, err)
		}
		got <- string(body)
		if _, err := io.WriteString(w, "ok"); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	m := moduletest.Usual()
	m.Facts[0].Value = "R&D <Shop>"
	r := New(moduletest.NewClient(t)).Send(t.Context(), module.Config{"url": server.URL + "/services/T0/B0/x"}, m)
	if r.Kind() != module.KindDelivered || r.Answer != "ok" || r.Status != 200 {
		t.Errorf("result = %+v", r)
	}
	want := `{"text":"🔴 Security gate of Shop failed\nYou are a member of Shop\n` +
		`https://gates.example/products/7","blocks":[` +
		`{"type":"header","text":{"type":"plain_text","text":"🔴 Security gate of Shop failed"}},` +
		`{"type":"section","text":{"type":"mrkdwn","text":"You are a member of Shop","verbatim":true}},` +
		`{"type":"section","fields":[{"type":"mrkdwn","text":"*Product*\nR&amp;D &lt;Shop&gt;","verbatim":true},` +
		`{"type":"mrkdwn","text":"*Gate*\nfrom Passed to Failed","verbatim":true}]},` +
		`{"type":"section","text":{"type":"mrkdwn","text":"• critical, known exploited: ` +
		`<https://advisories.example/CVE-2024-3094?from=(gate)&amp;lang=en|CVE-2024-3094> in xz 5.6.0 · fix: 5.6.2\n` +
		`• high: CVE-2021-44228 in log4j-core 2.14.1","verbatim":true}},` +
		`{"type":"section","text":{"type":"mrkdwn","text":"<https://gates.example/products/7|Open in Gatecrier>",` +
		`"verbatim":true}},` +
		`{"type":"context","elements":[{"type":"mrkdwn",` +
		`"text":"<!date^1777863721^{date_short_pretty} {time}|2026-05-04T03:02:01Z>","verbatim":true}]}` +
		`],"unfurl_links":false,"unfurl_media":false}`
	if diff := cmp.Diff(want, <-got); diff != "" {
		t.Error(diff)
	}
}

func TestCompose_MinimalMessage(t *testing.T) {
	m := module.Message{
		Test:  true,
		Tone:  module.ToneGood,
		Facts: []module.Fact{{}, {Value: "v"}},
		Link:  "javascript:alert(1)",
	}
	body, err := module.JSON(compose(m))
	want := `{"text":"🟢 Gatecrier","blocks":[{"type":"header","text":{"type":"plain_text","text":"🟢 Gatecrier"}},` +
		`{"type":"section","fields":[{"type":"mrkdwn","text":"v","verbatim":true}]},` +
		`{"type":"context","elements":[{"type":"mrkdwn","text":"Test message","verbatim":true}]}],` +
		`"unfurl_links":false,"unfurl_media":false}`
	if diff := cmp.Diff(want, string(body)); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

func TestItemsSayHowManyAreLeftOut(t *testing.T) {
	if got := texts.List(make([]module.Item, 25), module.Rest{}); strings.Count(got, "•") != 20 ||
		!strings.HasSuffix(got, "\nand 5 more") {
		t.Errorf("%q", got)
	}
	long := make([]module.Item, 20)
	for i := range long {
		long[i].Text = strings.Repeat("&", 300)
	}
	got := texts.List(long, module.Rest{})
	if n := strings.Count(got, "•"); n != 11 || !strings.HasSuffix(got, "…\nand 9 more") || len(got) > 3000 {
		t.Errorf("%d lines, %d bytes, %q", n, len(got), got[len(got)-20:])
	}
}

func TestJudge(t *testing.T) {
	tests := []struct {
		status int
		body   string
		want   module.Kind
	}{
		{200, "ok", module.KindDelivered},
		{404, "no_service\n", module.KindGone},
		{404, "no_team", module.KindGone},
		{403, "team_disabled", module.KindGone},
		{410, "channel_is_archived", module.KindGone},
		{404, "channel_not_found", module.KindRejected},
		{403, "action_prohibited", module.KindRejected},
		{403, "invalid_token", module.KindRejected},
		{400, "invalid_payload", module.KindPermanent},
		{400, "invalid_blocks", module.KindPermanent},
		{400, "no_text", module.KindPermanent},
		{400, "something new", module.KindRejected},
		{429, "no_service", module.KindTransient},
		{500, "rollup_error", module.KindTransient},
		{503, "no_service", module.KindTransient},
	}
	for _, tt := range tests {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(tt.status)
			if _, err := io.WriteString(w, tt.body); err != nil {
				t.Error(err)
			}
		}))
		r := New(moduletest.NewClient(t)).Send(t.Context(), module.Config{"url": server.URL}, moduletest.Usual())
		if r.Kind() != tt.want || r.Status != tt.status || r.Answer != tt.body || !r.Private || r.Duration <= 0 {
			t.Errorf("%d %s: %v, %+v", tt.status, tt.body, r.Kind(), r)
		}
		server.Close()
	}
}

func FuzzEncode(f *testing.F) {
	for _, text := range moduletest.HostileTexts() {
		f.Add(text, text)
	}
	f.Add(strings.Repeat("&<🚨>", 10_000), "https://gates.example/<x|y>?a=b&c")
	f.Add(strings.Repeat("漢字", 5_000), "https://gates.example/"+strings.Repeat("&", 1900))
	f.Fuzz(func(t *testing.T, text, link string) {
		m := moduletest.Hostile(text)
		m.Actions[0].Link = link
		checkPayload(t, m)
	})
}

func TestHostileTexts(t *testing.T) {
	long := []string{strings.Repeat("&<🚨>", 10_000), strings.Repeat("漢字", 5_000)}
	for _, text := range append(moduletest.HostileTexts(), long...) {
		checkPayload(t, moduletest.Hostile(text))
	}
}

// checkPayload checks what Slack checks, and that only our own link and date are in angle
// brackets.
func checkPayload(t *testing.T, m module.Message) {
	t.Helper()
	body, err := module.JSON(compose(m))
	if err != nil || !utf8.Valid(body) || len(body) > 64<<10 {
		t.Fatalf("%d bytes, %v", len(body), err)
	}
	var p payload
	if err := json.Unmarshal(body, &p); err != nil {
		t.Fatal(err)
	}
	if len(p.Blocks) > 50 || p.Text == "" || module.UTF16Len(p.Text) > 4000 {
		t.Errorf("%d blocks, %d characters of text", len(p.Blocks), module.UTF16Len(p.Text))
	}
	checkAngles(t, p.Text, 0)
	total := 0
	for _, b := range p.Blocks {
		if b.Text != nil {
			total += checkText(t, b.Type, *b.Text)
		}
		if len(b.Fields) > 10 || b.Text == nil && len(b.Fields)+len(b.Elements) == 0 {
			t.Errorf("block %+v", b)
		}
		for _, x := range append(b.Fields, b.Elements...) {
			total += checkText(t, "field", x)
		}
	}
	if total > 13_200 {
		t.Errorf("%d characters in all", total)
	}
}

func checkText(t *testing.T, where string, x text) int {
	t.Helper()
	limit := map[string]int{"header": 150, "section": 3000, "field": 2000}[where]
	n := module.UTF16Len(x.Text)
	if n == 0 || n > limit || x.Type == "mrkdwn" && !x.Verbatim {
		t.Errorf("%s of %d characters: %.100q", where, n, x.Text)
	}
	if x.Type == "mrkdwn" {
		for line := range strings.SplitSeq(x.Text, "\n") {
			checkAngles(t, itemLink.ReplaceAllString(line, "$1"), 1)
		}
	}
	return n
}

// itemLink is a link of an item, an action or an origin: no character of its URL or its text ends it.
var itemLink = regexp.MustCompile(`<https?://[^\s<>|]+\|([^<>]+)>`)

func checkAngles(t *testing.T, s string, limit int) {
	t.Helper()
	own := strings.HasPrefix(s, "<http") && strings.HasSuffix(s, "|Open in Gatecrier>") || strings.HasPrefix(s, "<!date^")
	if n := strings.Count(s, "<"); n > limit || n == 1 && !own || n != strings.Count(s, ">") {
		t.Errorf("angles that are not ours: %.200q", s)
	}
	for _, rest := range strings.Split(s, "&")[1:] {
		if !strings.HasPrefix(rest, "amp;") && !strings.HasPrefix(rest, "lt;") && !strings.HasPrefix(rest, "gt;") {
			t.Errorf("an & that is no entity: %.100q", rest)
		}
	}
}

func TestPrepare(t *testing.T) {
	s := New(moduletest.NewClient(t))
	for url, ok := range map[string]bool{
		"https://hooks.slack.com/services/T0/B0/abc": true, "https://mattermost.example.org/hooks/x": true,
		"ftp://hooks.slack.com/": false, "hooks.slack.com": false, "https://10.0.0.1/x": false, "": false,
	} {
		if _, err := s.Prepare(module.Config{"url": url}); (err == nil) != ok {
			t.Errorf("%q: %v", url, err)
		}
	}
}
