package email

import (
	"bytes"
	"context"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
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
	moduletest.ConformConfig(t,
		func(c *outbound.Client) module.Sender {
			return New(c, nil, func() Server { return Server{} }, greetAda, time.Now)
		},
		module.Config{"to": "ada@example.org"})
}

func TestPrepare(t *testing.T) {
	e := newTest(t, &Server{})
	for to, ok := range map[string]bool{
		"ada@example.org": true, "ada.l+gates@sub.example.org": true, "ada@bücher.example": true, "root@localhost": true,
		"ada": false, "ada@": false, "@example.org": false, "Ada <ada@example.org>": false,
		"ada@example.org, bob@example.org":        false,
		"ada@example.org\r\nBcc: bob@example.org": false, `"a b"@example.org`: false, "jörg@example.org": false,
		"ada@[127.0.0.1]":  false,
		"ada@exa mple.org": false, "<ada@example.org>": false, "ada@example.org>": false, "a@b@example.org": false, "": false,
		strings.Repeat("a", 65) + "@example.org": false, "ada@" + strings.Repeat("a.", 130) + "org": false,
	} {
		if _, err := e.Prepare(module.Config{"to": to}); (err == nil) != ok {
			t.Errorf("%q: %v", to, err)
		}
	}
}

func TestHint(t *testing.T) {
	for to, want := range map[string]string{
		"ada@example.org": "a…@example.org", "a@example.org": "a…@example.org", "": "", "x": "",
	} {
		if got := hint(to); got != want {
			t.Errorf("hint(%q) = %q", to, got)
		}
	}
}

func TestSend_WithoutSettingsIsSkipped(t *testing.T) {
	s := &Server{Host: "127.0.0.1", Port: 1, TLS: TLSNone}
	e := newTest(t, s)
	if r := e.SendTest(t.Context(), "ada@example.org", ""); r.Kind() != module.KindSkipped ||
		r.Reason != "EMAIL_FROM is empty, no email is sent" {
		t.Errorf("%v %+v", r.Kind(), r)
	}
	s.From, s.Host = "gates@example.org", ""
	if r := e.SendTest(t.Context(), "ada@example.org", ""); r.Kind() != module.KindSkipped ||
		r.Reason != "SMTP_HOST is empty, no email is sent" {
		t.Errorf("%v %+v", r.Kind(), r)
	}
	s.Host, s.From = "127.0.0.1", "gates\r\nBcc: x@example.org"
	if r := e.SendTest(t.Context(), "ada@example.org", ""); r.Kind() != module.KindPermanent {
		t.Errorf("%v %+v", r.Kind(), r)
	}
	s.From = "gates@example.org"
	if r := e.SendTest(t.Context(), "ada@example.org>\r\nRSET", ""); r.Kind() != module.KindPermanent {
		t.Errorf("%v %+v", r.Kind(), r)
	}
}

func TestSendTest(t *testing.T) {
	s := script(t, nil)
	e := newTest(t, &s)
	if r := e.SendTest(t.Context(), "ada@example.org", "https://gates.example"); r.Kind() != module.KindDelivered {
		t.Errorf("%v %+v", r.Kind(), r)
	}
}

// parsed is a mail as a reader parses it.
type parsed struct {
	header      mail.Header
	plain, html string
}

func parse(t testing.TB, raw []byte) parsed {
	t.Helper()
	msg, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	kind, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("%s %v", kind, err)
	}
	p := parsed{header: msg.Header}
	parts := multipart.NewReader(msg.Body, params["boundary"])
	for _, into := range []struct {
		kind string
		text *string
	}{{"text/plain; charset=UTF-8", &p.plain}, {"text/html; charset=UTF-8", &p.html}} {
		part, err := parts.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		if part.Header.Get("Content-Type") != into.kind ||
			part.Header.Get("Content-Transfer-Encoding") != "quoted-printable" {
			t.Errorf("part %v", part.Header)
		}
		text, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil || !utf8.Valid(text) {
			t.Fatal(err)
		}
		*into.text = strings.ReplaceAll(string(text), "\r\n", "\n")
	}
	if _, err := parts.NextRawPart(); err != io.EOF {
		t.Errorf("after the last part: %v", err)
	}
	return p
}

func TestCompose(t *testing.T) {
	e := newTest(t, &Server{})
	m := moduletest.Usual()
	m.Title, m.Key = "Security gate failed: Café", "gate/7"
	raw, err := e.compose(m, "gates@example.org", "ada@example.org", "Ada")
	if err != nil {
		t.Fatal(err)
	}
	p := parse(t, raw)
	want := mail.Header{
		"Auto-Submitted": {"auto-generated"}, "X-Auto-Response-Suppress": {"All"}, "Mime-Version": {"1.0"},
		"Date": {"Mon, 04 May 2026 12:00:00 +0000"}, "From": {`"Gatecrier" <gates@example.org>`}, "To": {"<ada@example.org>"},
		"Message-Id":  {"<0198f0a4-7a11-7cc3-98c4-dc0c0c07398f@example.org>"},
		"In-Reply-To": {threadID(m, "gates@example.org")}, "References": {threadID(m, "gates@example.org")},
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(p.header.Get("Subject"))
	if err != nil || subject != m.Title {
		t.Errorf("subject = %q, %v", subject, err)
	}
	delete(p.header, "Subject")
	delete(p.header, "Content-Type")
	if diff := cmp.Diff(want, p.header); diff != "" {
		t.Error(diff)
	}
	text := `Hello Ada,

Security gate failed: Café
You are a member of Shop

Product: Shop
Gate: from Passed to Failed

- critical, known exploited: CVE-2024-3094 in xz 5.6.0 · fix: 5.6.2
  https://advisories.example/CVE-2024-3094?from=(gate)&lang=en
- high: CVE-2021-44228 in log4j-core 2.14.1

Open in Gatecrier: https://gates.example/products/7

` + "-- " + `
Gatecrier sent this to ada@example.org about what happened on 4 May 2026, 03:02 UTC. ` +
		"You get this email because the address is a notification target there; its owner can remove it.\n"
	if diff := cmp.Diff(text, p.plain); diff != "" {
		t.Error(diff)
	}
	for _, part := range []string{
		"Hello Ada,", m.Title, m.Why, "from Passed to Failed", "CVE-2021-44228",
		`href="https://gates.example/products/7"`,
		`href="https://advisories.example/CVE-2024-3094?from=%28gate%29&amp;lang=en"`,
		"critical, known exploited: <a", ">CVE-2024-3094</a> in xz 5.6.0 · fix: 5.6.2</li>",
		">high: CVE-2021-44228 in log4j-core 2.14.1</li>", "a notification target there", "prefers-color-scheme: dark",
	} {
		if !strings.Contains(p.html, part) {
			t.Errorf("the page has no %q", part)
		}
	}
	if strings.Contains(p.html, "src=") || strings.Contains(p.html, "url(") || strings.Contains(p.html, "ZgotmplZ") ||
		strings.Count(p.html, "http") != 2 {
		t.Error("the page has remote content")
	}
}

func TestGreeting(t *testing.T) {
	e := newTest(t, &Server{})
	for address, want := range map[string]string{"ada@example.org": "Hello Ada,", "bob@example.org": "Hello,"} {
		page, err := e.Preview(context.Background(), moduletest.Usual(), address)
		if err != nil || !strings.Contains(page, ">"+want+"<") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestAttemptsDifferOnlyInTheirDate(t *testing.T) {
	e := newTest(t, &Server{})
	at := noon
	e.now = func() time.Time { at = at.Add(time.Hour); return at }
	var mails [2]string
	for i := range mails {
		raw, err := e.compose(moduletest.Usual(), "gates@example.org", "ada@example.org", "")
		if err != nil {
			t.Fatal(err)
		}
		mails[i] = regexp.MustCompile(`(?m)^Date: .*$`).ReplaceAllString(string(raw), "")
	}
	if diff := cmp.Diff(mails[0], mails[1]); diff != "" {
		t.Error(diff)
	}
}

func TestView_CountsOmittedItems(t *testing.T) {
	m := module.Message{Items: make([]module.Item, 60), Facts: make([]module.Fact, 30)}
	v := newView(m, "ada@example.org", "")
	if len(v.Items) != 30 || v.Rest.Count != 30 || len(v.Facts) != 0 || !strings.Contains(v.plain(), "\nand 30 more\n") {
		t.Errorf("%+v", v)
	}
	page, err := newTest(t, &Server{}).render(v)
	if err != nil || !strings.Contains(page, "and 30 more") {
		t.Errorf("%v", err)
	}
}

func FuzzCompose(f *testing.F) {
	e := newTest(f, &Server{})
	for _, text := range worst() {
		f.Add(text, "https://gates.example/"+text, text)
	}
	f.Fuzz(func(t *testing.T, text, link, name string) {
		m := moduletest.Hostile(text)
		m.Link, m.ID, m.Key = link, text, name
		checkMail(t, e, m, name)
	})
}

func TestHostileTexts(t *testing.T) {
	e := newTest(t, &Server{})
	for _, text := range worst() {
		m := moduletest.Hostile(text)
		m.Key = text
		checkMail(t, e, m, text)
	}
}

func worst() []string {
	return append(
		moduletest.HostileTexts(),
		strings.Repeat("🚨", 10_000),
		strings.Repeat("a", 10_000),
		strings.Repeat("<b>", 5000),
		"=?utf-8?q?=0D=0ABcc:_x@example.org?=",
		"\n.\nRSET\n",
		"a\r\n.\r\nMAIL FROM:<x@example.org>",
		"\" onload=alert(1) x='",
		"--gatecrier--",
	)
}

// checkMail checks that a text stays within its place in the mail.
func checkMail(t *testing.T, e *Email, m module.Message, name string) {
	t.Helper()
	raw, err := e.compose(m, "gates@example.org", "ada@example.org", name)
	if err != nil {
		t.Fatal(err)
	}
	if len(raw) > 700<<10 {
		t.Errorf("%d bytes", len(raw))
	}
	for line := range bytes.SplitSeq(raw, []byte("\r\n")) {
		if len(line) > 998 || bytes.ContainsAny(line, "\r\n\x00") {
			t.Fatalf("a line of %d bytes: %.100q", len(line), line)
		}
	}
	p := parse(t, raw)
	allowed := map[string]bool{
		"Auto-Submitted":           true,
		"Content-Type":             true,
		"Date":                     true,
		"From":                     true,
		"Message-Id":               true,
		"In-Reply-To":              true,
		"References":               true,
		"Mime-Version":             true,
		"Subject":                  true,
		"To":                       true,
		"X-Auto-Response-Suppress": true,
	}
	for key, values := range p.header {
		if !allowed[key] || len(values) != 1 {
			t.Errorf("header %s: %q", key, values)
		}
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(p.header.Get("Subject"))
	if err != nil || utf8.RuneCountInString(subject) > maxSubject || strings.ContainsAny(subject, "\r\n\u202e") {
		t.Errorf("subject = %q, %v", subject, err)
	}
	checkPage(t, e, p.html)
}

var (
	tag    = regexp.MustCompile(`</?[a-zA-Z!][^>]*>`)
	listed = regexp.MustCompile(`href="[^"]*"`)
)

// checkPage compares the tags of a page with those of one with harmless texts.
func checkPage(t *testing.T, e *Email, page string) {
	t.Helper()
	known := map[string]bool{}
	for _, tone := range []module.Tone{module.ToneBad, module.ToneGood, module.TonePlain} {
		m := moduletest.Hostile("harmless")
		m.Tone, m.Test = tone, true
		harmless, err := e.render(newView(m, "ada@example.org", "x"))
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range tag.FindAllString(harmless, -1) {
			known[listed.ReplaceAllString(found, "")] = true
		}
	}
	for _, found := range tag.FindAllString(page, -1) {
		if !known[listed.ReplaceAllString(found, "")] {
			t.Errorf("a tag that is not ours: %.200q", found)
		}
	}
	for _, found := range listed.FindAllString(page, -1) {
		if !strings.HasPrefix(found, `href="http://`) && !strings.HasPrefix(found, `href="https://`) {
			t.Errorf("link %.200q", found)
		}
	}
}
