package mattermost

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
		if err != nil || r.Method != http.MethodPost || r.URL.Path != "/hooks/x" ||
			r.Header.Get("Content-Type") != "application/json; charset=utf-8" {
			t.Errorf("%s %s %v %v", r.Method, r.URL, r.Header, err)
		}
		got <- string(body)
		if _, err := io.WriteString(w, "ok"); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	r := New(moduletest.NewClient(t)).Send(t.Context(), module.Config{"url": server.URL + "/hooks/x"}, moduletest.Usual())
	if r.Kind() != module.KindDelivered || r.Answer != "ok" || r.Status != 200 {
		t.Errorf("result = %+v", r)
	}
	want := `{"text":"🔴 **Security gate of Shop failed**\n\nYou are a member of Shop","attachments":[{` +
		`"fallback":"Security gate of Shop failed","color":"#C62828","title":"Open in Gatecrier",` +
		`"title_link":"https://gates.example/products/7",` +
		`"text":"• critical, known exploited: ` +
		`[CVE-2024-3094](https://advisories.example/CVE-2024-3094?from=%28gate%29&lang=en)` +
		` in xz 5.6.0 · fix: 5.6.2\n• high: CVE-2021-44228 in log4j-core 2.14.1\n\n` +
		`2026-05-04 03:02:01 UTC",` +
		`"fields":[{"short":true,"title":"Product","value":"Shop"},{"short":true,"title":"Gate",` +
		`"value":"from Passed to Failed"}]}]}`
	if diff := cmp.Diff(want, <-got); diff != "" {
		t.Error(diff)
	}
}

func TestCompose_MinimalMessage(t *testing.T) {
	for want, m := range map[string]module.Message{
		`{"text":"**Gatecrier**"}`: {Link: "javascript:alert(1)", Facts: []module.Fact{{}}},
		`{"text":"🟢 **Gatecrier**","attachments":[{"fallback":"Gatecrier","color":"#23894E","text":"Test message",` +
			`"fields":[{"short":true,"title":"","value":"v"}]}]}`: {
			Test: true, Tone: module.ToneGood, Facts: []module.Fact{{}, {Value: "v"}},
		},
	} {
		body, err := module.JSON(compose(m))
		if diff := cmp.Diff(want, string(body)); diff != "" || err != nil {
			t.Error(err, diff)
		}
	}
}

func TestMarkdownIsEscaped(t *testing.T) {
	for give, want := range map[string]string{
		"CVE-2024-3094 in xz 5.6.0":  "CVE-2024-3094 in xz 5.6.0",
		"[x](javascript:alert(1))":   `\[x\]\(javascript:alert\(1\)\)`,
		"![x](y.png) **b** `c` a\\":  "!\\[x\\]\\(y.png\\) \\*\\*b\\*\\* \\`c\\` a\\\\",
		"@here @all eve@example.org": "@" + gap + "here @" + gap + "all eve@" + gap + "example.org",
		"<!channel> <@U1> <a|b>":     "<" + gap + `!channel\> <` + gap + "@" + gap + `U1\> <` + gap + `a\|b\>`,
		"&#64;channel":               "&" + gap + `\#64;channel`,
		"# heading ~town :smile:":    `\# heading \~town :smile:`,
		"- item":                     `\- item`,
		"12. item":                   `12\. item`,
		"3) item":                    `3\) item`,
		"a - b 1. c":                 "a - b 1. c",
	} {
		if got := fit(give, 1000); got != want {
			t.Errorf("fit(%q) = %q, want %q", give, got, want)
		}
	}
}

func TestItemsSayHowManyAreLeftOut(t *testing.T) {
	if got := texts.List(make([]module.Item, 40), module.Rest{}); strings.Count(got, "•") != 15 ||
		!strings.HasSuffix(got, "\nand 25 more") {
		t.Errorf("%q", got)
	}
	if got := texts.List(make([]module.Item, 15), module.Rest{}); strings.Count(got, "•") != 15 ||
		strings.Contains(got, "more") {
		t.Errorf("%q", got)
	}
}

// worst returns the texts that take the most space when they are encoded.
func worst() []string {
	return append(
		moduletest.HostileTexts(),
		strings.Repeat("🚨", 10_000),
		strings.Repeat(`\"`, 5000),
		strings.Repeat("@", 10_000),
		strings.Repeat("漢", 10_000),
		"@channel <!here> &commat;all",
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
	body, err := module.JSON(compose(m))
	if err != nil || !utf8.Valid(body) || len(body) > 20<<10 {
		t.Fatalf("%d bytes, %v", len(body), err)
	}
	var p payload
	if err := json.Unmarshal(body, &p); err != nil {
		t.Fatal(err)
	}
	if len(p.Attachments) != 1 || p.Attachments[0].Fallback == "" {
		t.Fatalf("payload = %+v", p)
	}
	a := p.Attachments[0]
	texts := []string{a.Text}
	for _, f := range a.Fields {
		texts = append(texts, f.Title, f.Value)
	}
	title, why, _ := strings.Cut(strings.TrimPrefix(p.Text, "🔴 "), "\n\n")
	texts = append(texts, strings.TrimSuffix(strings.TrimPrefix(title, "**"), "**"), why)
	for _, text := range append(texts, p.Text) {
		if n := utf8.RuneCountInString(text); n >= 8000 {
			t.Errorf("a text of %d characters", n)
		}
	}
	for _, text := range texts {
		for line := range strings.SplitSeq(text, "\n") {
			checkPlain(t, moduletest.WithoutLink(strings.TrimPrefix(line, "• ")))
		}
	}
	checkGaps(t, a.Fallback)
}

// checkPlain checks that a text has no active Markdown: each special character is escaped, and
// none begins a list.
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
	if escaped || s != "" && strings.ContainsAny(s[:1], "-+") {
		t.Errorf("%.200q", s)
	}
	checkGaps(t, s)
}

// checkGaps checks that a text has no mention and no tag.
func checkGaps(t *testing.T, s string) {
	t.Helper()
	for i, r := range s {
		if strings.ContainsRune(gapped, r) && !strings.HasPrefix(s[i+1:], gap) {
			t.Errorf("%q can act in %.200q", r, s)
		}
	}
}

func TestPrepare(t *testing.T) {
	s := New(moduletest.NewClient(t))
	for url, ok := range map[string]bool{
		"https://mattermost.example.org/hooks/x": true, "ftp://mattermost.example.org/": false,
		"mattermost.example.org": false, "https://10.0.0.1/hooks/x": false, "": false,
	} {
		if _, err := s.Prepare(module.Config{"url": url}); (err == nil) != ok {
			t.Errorf("%q: %v", url, err)
		}
	}
}
