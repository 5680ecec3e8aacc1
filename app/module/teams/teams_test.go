package teams

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
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
		if err != nil || r.Method != http.MethodPost || r.URL.RawQuery != "api-version=1&sig=s1gnature" ||
			r.Header.Get("Content-Type") != "application/json; charset=utf-8" {
			t.Errorf("%s %s %v %v", r.Method, r.URL, r.Header, err)
		}
		got <- string(body)
		w.WriteHeader(http.StatusAccepted)
	}))
	defer server.Close()
	m := moduletest.Usual()
	m.Facts[0].Value = "my_shop [1] <b>"
	config := module.Config{"url": server.URL + "/workflows/x?api-version=1&sig=s1gnature"}
	r := New(moduletest.NewClient(t)).Send(t.Context(), config, m)
	if r.Kind() != module.KindDelivered || r.Reason != "accepted" || r.Status != 202 {
		t.Errorf("result = %+v", r)
	}
	want := `{"type":"message","attachments":[{"contentType":"application/vnd.microsoft.card.adaptive",` +
		`"contentUrl":null,"content":{` +
		`"$schema":"http://adaptivecards.io/schemas/adaptive-card.json","type":"AdaptiveCard","version":"1.4",` +
		`"msteams":{"width":"Full"},` +
		`"fallbackText":"Security gate of Shop failed","body":[` +
		`{"type":"TextBlock","text":"Security gate of Shop failed","wrap":true,"size":"Large","weight":"Bolder",` +
		`"color":"Attention"},` +
		`{"type":"TextBlock","text":"You are a member of Shop","wrap":true,"spacing":"Small"},` +
		`{"type":"FactSet","facts":[{"title":"Product","value":"my\\_shop \\[1\\] \\<b\\>"},{"title":"Gate",` +
		`"value":"from Passed to Failed"}]},` +
		`{"type":"TextBlock","text":"• critical, known exploited: ` +
		`[CVE-2024-3094](https://advisories.example/CVE-2024-3094?from=%28gate%29&lang=en)` +
		` in xz 5.6.0 · fix: 5.6.2","wrap":true,"spacing":"Medium"},` +
		`{"type":"TextBlock","text":"• high: CVE-2021-44228 in log4j-core 2.14.1","wrap":true,"spacing":"None"},` +
		`{"type":"TextBlock","text":"{{DATE(2026-05-04T03:02:01Z,SHORT)}} {{TIME(2026-05-04T03:02:01Z)}}",` +
		`"wrap":true,"size":"Small","isSubtle":true}],` +
		`"actions":[{"type":"Action.OpenUrl","title":"Open in Gatecrier","url":"https://gates.example/products/7"}]}}]}`
	if diff := cmp.Diff(want, <-got); diff != "" {
		t.Error(diff)
	}
}

func TestCompose_MinimalMessage(t *testing.T) {
	c := compose(module.Message{
		Test:  true,
		Tone:  module.ToneGood,
		Facts: []module.Fact{{}, {Value: "v"}},
		Link:  "javascript:alert(1)",
	})
	want := card{
		Schema: schema, Type: "AdaptiveCard", Version: "1.4", Teams: width{"Full"}, Summary: "Gatecrier",
		Body: []element{
			{Type: "TextBlock", Text: "Gatecrier", Wrap: true, Size: "Large", Weight: "Bolder", Color: "Good"},
			{Type: "FactSet", FactList: []fact{{Value: "v"}}},
			{Type: "TextBlock", Text: "Test message", Wrap: true, Size: "Small", Subtle: true},
		},
	}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Error(diff)
	}
}

func TestMarkdownIsEscaped(t *testing.T) {
	for give, want := range map[string]string{
		"CVE-2024-3094 in xz 5.6.0":        "CVE-2024-3094 in xz 5.6.0",
		"[x](https://evil.example)":        `\[x\](https://evil.example)`,
		"![x](https://evil.example/a.png)": `!\[x\](https://evil.example/a.png)`,
		"<https://evil.example>":           `\<https://evil.example\>`,
		"<at>all</at> **b** `c` a\\b":      "\\<at\\>all\\</at\\> \\*\\*b\\*\\* \\`c\\` a\\\\b",
		"{{DATE(2020-01-01T00:00:00Z)}}":   `\{\{DATE(2020-01-01T00:00:00Z)\}\}`,
		"&#91;x](y)":                       `\&#91;x\](y)`,
		"# heading":                        `\# heading`,
		"- item":                           `\- item`,
		"12. item":                         `12\. item`,
		"1.5 is 1.5":                       `1\.5 is 1.5`,
		"3) item":                          `3\) item`,
		"a 1. b":                           "a 1. b",
		"==":                               `\==`,
	} {
		if got := fit(give, 1000); got != want {
			t.Errorf("fit(%q) = %q, want %q", give, got, want)
		}
	}
}

func TestItemsSayHowManyAreLeftOut(t *testing.T) {
	got := itemsOf(make([]module.Item, 40), module.Rest{})
	if len(got) != 16 || got[15].Text != "and 25 more" || got[14].Text != "• " {
		t.Errorf("%+v", got)
	}
	if got := itemsOf(make([]module.Item, 15), module.Rest{}); len(got) != 15 || got[14].Text != "• " {
		t.Errorf("%+v", got)
	}
}

// worst returns the texts that take the most space when they are encoded.
func worst() []string {
	return append(
		moduletest.HostileTexts(),
		strings.Repeat("🚨", 10_000),
		strings.Repeat(`\"`, 5000),
		strings.Repeat("[", 10_000),
		strings.Repeat("漢", 10_000),
		strings.Repeat(`"a`, 5000),
	)
}

func FuzzEncode(f *testing.F) {
	for _, text := range worst() {
		f.Add(text, "https://gates.example/"+text)
	}
	f.Fuzz(func(t *testing.T, text, link string) {
		m := moduletest.Hostile(text)
		m.Actions[0].Link = link
		checkPayload(t, m)
	})
}

func TestHostileTexts(t *testing.T) {
	for _, text := range worst() {
		m := moduletest.Hostile(text)
		m.Actions[0].Link = "https://gates.example/" + strings.Repeat("a", 1900)
		checkPayload(t, m)
	}
}

func checkPayload(t *testing.T, m module.Message) {
	t.Helper()
	body, err := module.JSON(message(m))
	if err != nil || !utf8.Valid(body) || len(body) > 20<<10 {
		t.Fatalf("%d bytes, %v", len(body), err)
	}
	var p payload
	if err := json.Unmarshal(body, &p); err != nil {
		t.Fatal(err)
	}
	if p.Type != "message" || len(p.Attachments) != 1 || p.Attachments[0].Content.Body[0].Text == "" {
		t.Errorf("payload = %+v", p)
	}
	for i, e := range p.Attachments[0].Content.Body {
		last := i == len(p.Attachments[0].Content.Body)-1
		if !last {
			checkPlain(t, moduletest.WithoutLink(strings.TrimPrefix(e.Text, "• ")))
		}
		for _, f := range e.FactList {
			checkPlain(t, f.Title)
			checkPlain(t, f.Value)
		}
	}
}

// checkPlain checks that a text has no active Markdown: each special character is escaped, and it
// has one line.
func checkPlain(t *testing.T, s string) {
	t.Helper()
	escaped := false
	for _, r := range s {
		if !escaped && r != '\\' && strings.ContainsRune(special, r) || r < ' ' {
			t.Errorf("%q is not escaped in %.200q", r, s)
			return
		}
		escaped = r == '\\' && !escaped
	}
	if escaped || s != "" && strings.ContainsAny(s[:1], "#-+=") {
		t.Errorf("%.200q", s)
	}
}
