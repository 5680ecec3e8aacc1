package moduletest

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatecrier/app/module"
)

func (s suite) testConnectionsKept(t *testing.T) {
	for _, code := range []int{200, 204, 500} {
		r := s.newFixture(t, status(code))
		for range 5 {
			r.send(t.Context(), Usual())
		}
		if n := r.connsMade(); n != 1 {
			t.Errorf("%d connections for five answers of %d", n, code)
		}
	}
}

func (s suite) testParallel(t *testing.T) {
	r := s.newFixture(t, status(200))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { r.expect(module.KindDelivered) })
	}
	wg.Wait()
	if n := len(r.got()); n != 8 {
		t.Errorf("%d of 8 messages arrived", n)
	}
}

// testSameMessage checks that a later attempt sends the same body, with the same ID.
func (s suite) testSameMessage(t *testing.T) {
	var calls atomic.Int32
	r := s.newFixture(t, func(w http.ResponseWriter, req *http.Request) {
		if calls.Add(1) == 1 {
			status(500)(w, req)
			return
		}
		status(200)(w, req)
	})
	r.expect(module.KindTransient)
	r.expect(module.KindDelivered)
	got := r.got()
	if len(got) != 2 {
		t.Fatalf("%d requests, want 2", len(got))
	}
	if diff := cmp.Diff(string(got[0].body), string(got[1].body)); diff != "" {
		t.Errorf("the second attempt sends something else: %s", diff)
	}
	if diff := cmp.Diff(got[0].whereIs(Usual().ID), got[1].whereIs(Usual().ID)); diff != "" {
		t.Errorf("the second attempt has the id elsewhere: %s", diff)
	}
}

// whereIs reports for each header, and for the body, whether it has a text.
func (q request) whereIs(text string) map[string]bool {
	found := map[string]bool{"the body": bytes.Contains(q.body, []byte(text))}
	for name, values := range q.header {
		if strings.Contains(strings.Join(values, "\n"), text) {
			found[name] = true
		}
	}
	return found
}

// HostileTexts returns texts that break hand-made encoding.
func HostileTexts() []string {
	return []string{
		`"quotes" and \backslashes\ `,
		"lines\nand\r\nmore\ttabs",
		"</script><script>alert(1)</script> <!-- & &amp;",
		"{{ .Secret }} ${HOME} %s %d $(id) `id`",
		"emoji 🚨👩‍👩‍👧 and \u202eright to left\u202c",
		"עברית العربية",
		"\u2028\u2029\u0000\u0007\u007f",
		"invalid \xff\xfe UTF-8",
		"*_~`[x](javascript:alert(1))<!channel> @everyone <@U123>",
		"\r\nSubject: injected\r\n\r\n",
		strings.Repeat("long ", 2000),
		"",
	}
}

// Hostile returns Usual with the text in all fields and many facts and items.
func Hostile(text string) module.Message {
	m := Usual()
	m.Title, m.Why = text, text
	for range 30 {
		m.Facts = append(m.Facts, module.Fact{Label: text, Value: text})
		m.Items = append(m.Items, text)
	}
	return m
}

func (s suite) testHostileTexts(t *testing.T) {
	for _, text := range HostileTexts() {
		t.Run(text[:min(len(text), 12)], func(t *testing.T) {
			r := s.newFixture(t, status(200))
			data, err := json.Marshal(map[string]any{"product": map[string]any{"id": 7, "name": text}, "why": text})
			if err != nil {
				t.Fatal(err)
			}
			m := Hostile(text)
			if len(text) < 1000 { // the payloads of events are small
				m.Data = data
			}
			result := r.send(context.Background(), m)
			if result.Kind() != module.KindDelivered {
				t.Fatalf("result = %v (%s)", result.Kind(), result.Reason)
			}
			r.checkRequest()
		})
	}
}

func (r *fixture) checkRequest() {
	r.t.Helper()
	got := r.got()
	if len(got) != 1 {
		r.t.Fatalf("%d requests, want 1", len(got))
	}
	if len(got[0].body) > 28<<10 {
		r.t.Errorf("a body of %d bytes, more than most receivers take", len(got[0].body))
	}
	isJSON := strings.HasPrefix(got[0].header.Get("Content-Type"), "application/json")
	if isJSON && !json.Valid(got[0].body) {
		r.t.Errorf("the body is not valid JSON: %s", got[0].body)
	}
	if got[0].header.Get("Subject") != "" || got[0].header.Get("Content-Type") == "" {
		r.t.Errorf("headers = %v", got[0].header)
	}
}
