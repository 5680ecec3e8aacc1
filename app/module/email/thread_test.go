package email

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatecrier/app/module"
	"gatecrier/app/module/moduletest"
)

// thread returns the thread that a mail's headers name.
func thread(t *testing.T, e *Email, m module.Message, from string) string {
	t.Helper()
	raw, err := e.compose(m, from, "ada@example.org", "")
	if err != nil {
		t.Fatal(err)
	}
	h := parse(t, raw).header
	if h.Get("In-Reply-To") != h.Get("References") || len(h["References"]) > 1 ||
		h.Get("References") == h.Get("Message-Id") {
		t.Errorf("headers %v", h)
	}
	return h.Get("References")
}

func TestThreadID(t *testing.T) {
	e := newTest(t, &Server{})
	failed, passed, other := moduletest.Usual(), moduletest.Usual(), moduletest.Usual()
	failed.ID, failed.Key = "1", "gate/7"
	passed.ID, passed.Key, passed.Tone = "2", "gate/7", module.ToneGood
	other.ID, other.Key = "3", "gate/8"
	first := thread(t, e, failed, "gates@example.org")
	if !strings.HasPrefix(first, "<thread-") || !strings.HasSuffix(first, "@example.org>") ||
		strings.Contains(first, "gate/7") {
		t.Errorf("thread %q", first)
	}
	if again := thread(t, e, passed, "others@example.org"); again != first {
		t.Errorf("another thread for the same gate: %q, %q", first, again)
	}
	for name, another := range map[string]string{
		"gate": thread(t, e, other, "gates@example.org"), "domain": thread(t, e, failed, "gates@example.com"),
	} {
		if another == first || another == "" {
			t.Errorf("another %s has the thread %q", name, another)
		}
	}
	failed.Test = true
	other.Key = ""
	if id := thread(t, e, failed, "gates@example.org") + thread(t, e, other, "gates@example.org"); id != "" {
		t.Errorf("a test, or what is about nothing, has the thread %q", id)
	}
}

func TestShow(t *testing.T) {
	e := newTest(t, &Server{From: "gates@bücher.example"})
	m := moduletest.Usual()
	m.Title, m.Key = "Security gate of Café failed", "gate/7"
	var _ module.Shower = e
	shown, err := e.Show(t.Context(), module.Config{"to": "ada@example.org"}, m)
	if err != nil {
		t.Fatal(err)
	}
	const from = "gates@xn--bcher-kva.example"
	raw, err := e.compose(m, from, "ada@example.org", "Ada")
	if err != nil {
		t.Fatal(err)
	}
	sent := parse(t, raw)
	want := []string{
		`From: "Gatecrier" <` + from + ">", "To: <ada@example.org>", "Subject: " + m.Title,
		"Message-ID: " + sent.header.Get("Message-Id"), "Auto-Submitted: auto-generated",
		"In-Reply-To: " + threadID(m, from), "References: " + threadID(m, from), "Date: " + sent.header.Get("Date"),
	}
	if diff := cmp.Diff(want, shown.Head); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(sent.plain, shown.Body); diff != "" {
		t.Error(diff)
	}
	m.Key = ""
	if shown, err := e.Show(t.Context(), module.Config{"to": "ada@example.org"}, m); err != nil || len(shown.Head) != 6 {
		t.Errorf("shown without a thread: %q, %v", shown.Head, err)
	}
	for _, from := range []string{"", "nobody"} {
		if _, err := newTest(
			t, &Server{From: from},
		).Show(t.Context(), module.Config{"to": "ada@example.org"}, m); err == nil {
			t.Errorf("shown as sent by %q", from)
		}
	}
}

func TestShowHostileTexts(t *testing.T) {
	e := newTest(t, &Server{From: "gates@example.org"})
	for _, text := range worst() {
		m := moduletest.Hostile(text)
		m.ID, m.Key = text, text
		shown, err := e.Show(t.Context(), module.Config{"to": "ada@example.org"}, m)
		if err != nil || len(shown.Head) < 6 || strings.ContainsAny(strings.Join(shown.Head, ""), "\r\n\x00") {
			t.Errorf("shown %q, %v", shown.Head, err)
		}
	}
}

func TestDescriptor(t *testing.T) {
	d := (*Email)(nil).Descriptor()
	if want := (module.Limits{Ordered: true, Parallel: 4, PerSecond: 1, Burst: 10}); !d.OneServer || d.Limits != want {
		t.Errorf("queue %+v, one server %v", d.Limits, d.OneServer)
	}
}
