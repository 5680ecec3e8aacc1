package discord

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
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
		if err != nil || r.Method != http.MethodPost || r.URL.Path != "/api/webhooks/1/x" ||
			r.Header.Get("Content-Type") != "application/json; charset=utf-8" {
			t.Errorf("%s %s %v %v", r.Method, r.URL, r.Header, err)
		}
		got <- string(body)
		w.WriteHeader(http.StatusNoContent)
	}))
	defer server.Close()
	config := module.Config{"url": server.URL + "/api/webhooks/1/x"}
	r := New(moduletest.NewClient(t)).Send(t.Context(), config, moduletest.Usual())
	if r.Kind() != module.KindDelivered || r.Status != 204 {
		t.Errorf("result = %+v", r)
	}
	want := `{"content":"🔴 **Security gate of Shop failed**","embeds":[{"title":"Open in Gatecrier",` +
		`"description":"You are a member of Shop\n\n• critical, known exploited: ` +
		`[CVE-2024-3094](https://advisories.example/CVE-2024-3094?from=%28gate%29&lang=en) in xz 5.6.0 · fix: 5.6.2\n` +
		`• high: CVE-2021-44228 in log4j-core 2.14.1",` +
		`"color":12986408,"url":"https://gates.example/products/7",` +
		`"fields":[{"name":"Product","value":"Shop","inline":true},{"name":"Gate","value":"from Passed to Failed",` +
		`"inline":true}],` +
		`"timestamp":"2026-05-04T03:02:01Z"}],"allowed_mentions":{"parse":[]}}`
	if diff := cmp.Diff(want, <-got); diff != "" {
		t.Error(diff)
	}
}

func TestCompose_MinimalMessage(t *testing.T) {
	for want, m := range map[string]module.Message{
		`{"content":"**Gatecrier**","allowed_mentions":{"parse":[]}}`: {
			Link: "javascript:alert(1)", Time: time.Now(), Facts: []module.Fact{{}},
		},
		`{"content":"🟢 **Gatecrier**","embeds":[{"description":"Test message","color":2328910,"fields":[` +
			`{"name":"` + gap + `","value":"v","inline":true},{"name":"l","value":"` + gap + `","inline":true}]}],` +
			`"allowed_mentions":{"parse":[]}}`: {
			Test: true, Tone: module.ToneGood, Facts: []module.Fact{{}, {Value: "v"}, {Label: "l"}},
		},
	} {
		body, err := module.JSON(compose(m))
		if diff := cmp.Diff(want, string(body)); diff != "" || err != nil {
			t.Error(err, diff)
		}
	}
}

func TestJudge(t *testing.T) {
	tests := []struct {
		status int
		header string
		body   string
		want   module.Kind
		wait   time.Duration
	}{
		{204, "", "", module.KindDelivered, 0},
		{200, "", `{"retry_after":5,"code":10015}`, module.KindDelivered, 0},
		{404, "", `{"message":"Unknown Webhook","code":10015}`, module.KindGone, 0},
		{404, "", `{"message":"404: Not Found","code":0}`, module.KindRejected, 0},
		{404, "", "10015", module.KindRejected, 0},
		{400, "", `{"message":"Unknown Webhook","code":10015}`, module.KindRejected, 0},
		{
			429,
			"",
			`{"message":"You are being rate limited.","retry_after":0.65,"global":false}`,
			module.KindRetryAfter,
			650 * time.Millisecond,
		},
		{429, "3", `{"retry_after":2.5}`, module.KindRetryAfter, 3 * time.Second},
		{429, "", `{"retry_after":1e300}`, module.KindRetryAfter, 6 * time.Hour},
		{429, "", `{"retry_after":-1e300}`, module.KindTransient, 0},
		{429, "", `{"retry_after":0}`, module.KindTransient, 0},
		{429, "", `{"retry_after":"soon"}`, module.KindTransient, 0},
		{429, "", "error code: 1015", module.KindTransient, 0},
		{503, "", `{"retry_after":2.5}`, module.KindTransient, 0},
	}
	for _, tt := range tests {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if tt.header != "" {
				w.Header().Set("Retry-After", tt.header)
			}
			w.WriteHeader(tt.status)
			if tt.body == "" {
				return
			}
			if _, err := io.WriteString(w, tt.body); err != nil {
				t.Error(err)
			}
		}))
		r := New(moduletest.NewClient(t)).Send(t.Context(), module.Config{"url": server.URL}, moduletest.Usual())
		if r.Kind() != tt.want || r.Wait() != tt.wait || r.Status != tt.status || r.Answer != tt.body || r.Reason == "" ||
			!r.Private ||
			r.Duration <= 0 {
			t.Errorf("%d %s: %v after %v, %+v", tt.status, tt.body, r.Kind(), r.Wait(), r)
		}
		server.Close()
	}
}

func TestMarkdownIsEscaped(t *testing.T) {
	for give, want := range map[string]string{
		"CVE-2024-3094 in xz 5.6.0":      "CVE-2024-3094 in xz 5.6.0",
		"[x](https://evil.example/a/b)":  `\[x\](https:\//evil.example/a/b)`,
		"**b** __u__ `c` ~~s~~ ||h|| \\": "\\*\\*b\\*\\* \\_\\_u\\_\\_ \\`c\\` \\~\\~s\\~\\~ \\|\\|h\\|\\| \\\\",
		"@everyone <@1> <#2> <t:3:R>":    "@" + gap + `everyone \<@` + gap + `1\> \<\#2\> \<t:3:R\>`,
		"# heading":                      `\# heading`,
		"-# small":                       `\-\# small`,
		"> quote":                        `\> quote`,
		"- item":                         `\- item`,
		"12. item":                       `12\. item`,
		"a - b 1. c":                     "a - b 1. c",
	} {
		if got := fit(give, 1000); got != want {
			t.Errorf("fit(%q) = %q, want %q", give, got, want)
		}
	}
}

func TestItemsSayHowManyAreLeftOut(t *testing.T) {
	if got := texts.List(make([]module.Item, 25), module.Rest{}); strings.Count(got, "•") != 15 ||
		!strings.HasSuffix(got, "\nand 10 more") {
		t.Errorf("%q", got)
	}
	long := make([]module.Item, 15)
	for i := range long {
		long[i].Text = strings.Repeat("*", 300)
	}
	got := texts.List(long, module.Rest{})
	if n := strings.Count(got, "•"); n != 7 || !strings.HasSuffix(got, "…\nand 8 more") {
		t.Errorf("%d lines, %q", n, got[len(got)-20:])
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
		"@everyone @here <@&1>",
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
		m.Link, m.Test = "https://gates.example/"+strings.Repeat("a", 1900), true
		checkPayload(t, m)
	}
}

func FuzzJudge(f *testing.F) {
	for _, answer := range []string{`{"retry_after":0.65}`, `{"code":10015}`, `{"retry_after":1e300}`, "[]", "null", ""} {
		f.Add(404, answer)
		f.Add(429, answer)
	}
	f.Fuzz(func(t *testing.T, status int, answer string) {
		r := module.Transient("x")
		r.Status, r.Answer = status, answer
		r = judge(r)
		if (r.Wait() > 0) != (r.Kind() == module.KindRetryAfter) || r.Wait() < 0 || r.Wait() > 6*time.Hour ||
			r.Status != status ||
			r.Answer != answer {
			t.Errorf("%v after %v: %+v", r.Kind(), r.Wait(), r)
		}
	})
}

// checkPayload checks what Discord checks.
func checkPayload(t *testing.T, m module.Message) {
	t.Helper()
	body, err := module.JSON(compose(m))
	if err != nil || !utf8.Valid(body) || len(body) > 28<<10 {
		t.Fatalf("%d bytes, %v", len(body), err)
	}
	var p payload
	if err := json.Unmarshal(body, &p); err != nil {
		t.Fatal(err)
	}
	if len(p.Embeds) != 1 || p.Mentions.Parse == nil || len(p.Mentions.Parse) != 0 {
		t.Fatalf("payload = %+v", p)
	}
	e := p.Embeds[0]
	total := checkText(t, e.Title, 0, 256) + checkText(t, e.Description, 0, 4096)
	checkText(t, p.Content, 1, 2000)
	checkPlain(t, strings.TrimSuffix(strings.TrimPrefix(p.Content, "🔴 **"), "**"))
	for line := range strings.SplitSeq(e.Description, "\n") {
		checkPlain(t, moduletest.WithoutLink(strings.TrimPrefix(line, "• ")))
	}
	for _, f := range e.Fields {
		total += checkText(t, f.Name, 1, 256) + checkText(t, f.Value, 1, 1024)
		checkPlain(t, f.Name)
		checkPlain(t, f.Value)
	}
	if len(e.Fields) > 25 || total > 6000 || len(e.URL) > 2048 {
		t.Errorf("%d fields, %d characters in all, a URL of %d", len(e.Fields), total, len(e.URL))
	}
}

func checkText(t *testing.T, s string, least, limit int) int {
	t.Helper()
	n := module.UTF16Len(s)
	if n < least || n > limit {
		t.Errorf("%d characters, want %d to %d: %.100q", n, least, limit, s)
	}
	return n
}

// checkPlain checks that a text has no active Markdown: each special character is escaped, and it
// has no list, link or mention.
func checkPlain(t *testing.T, s string) {
	t.Helper()
	escaped := false
	for i, r := range s {
		if !escaped && r != '\\' && strings.ContainsRune(special, r) || r < ' ' ||
			r == '@' && !strings.HasPrefix(s[i+1:], gap) {
			t.Errorf("%q is not escaped in %.200q", r, s)
			return
		}
		escaped = r == '\\' && !escaped
	}
	if escaped || s != "" && strings.ContainsAny(s[:1], "-+") || strings.Contains(s, "://") {
		t.Errorf("%.200q", s)
	}
}

func TestPrepare(t *testing.T) {
	s := New(moduletest.NewClient(t))
	for url, ok := range map[string]bool{
		"https://discord.com/api/webhooks/1/x": true, "ftp://discord.com/": false,
		"discord.com": false, "https://10.0.0.1/x": false, "": false,
	} {
		if _, err := s.Prepare(module.Config{"url": url}); (err == nil) != ok {
			t.Errorf("%q: %v", url, err)
		}
	}
}
