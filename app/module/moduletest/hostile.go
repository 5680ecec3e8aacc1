package moduletest

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"gatecrier/app/module"
)

// HostileTexts returns texts that break an encoding or an escape made by hand.
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
	m.Title, m.Why, m.Alone = text, text, text
	for range 30 {
		m.Facts = append(m.Facts, module.Fact{Label: text, Value: text})
		m.Items = append(m.Items, module.Item{Label: text, Text: text, Link: "https://a.example/" + text, More: text})
	}
	m.Rest = module.Rest{Count: 3, Link: "https://a.example/" + text}
	m.Actions = []module.Action{
		{Label: text, Link: m.Link}, {Label: "Assess observations", Link: "https://a.example/" + text},
	}
	m.Origin = module.Origin{Text: text, Manage: module.Action{Label: text, Link: "https://a.example/" + text}}
	return m
}

func (s suite) testHostileTexts(t *testing.T) {
	for _, text := range HostileTexts() {
		t.Run(text[:min(len(text), 12)], func(t *testing.T) {
			f := s.newFixture(t, status(200))
			data, err := json.Marshal(map[string]any{"product": map[string]any{"id": 7, "name": text}, "why": text})
			if err != nil {
				t.Fatal(err)
			}
			m := Hostile(text)
			if len(text) < 1000 { // the payloads of events are small
				m.Data = data
			}
			result := f.send(context.Background(), m)
			if result.Kind() != module.KindDelivered {
				t.Fatalf("result = %v (%s)", result.Kind(), result.Reason)
			}
			f.checkRequest()
		})
	}
}

// testTruncation checks that a module truncates long texts between two characters. An encoder of
// JSON replaces a part of a character by U+FFFD, which no text of the message has.
func (s suite) testTruncation(t *testing.T) {
	for offset := range 4 { // so that a limit of any number of bytes or UTF-16 units cuts one
		f := s.newFixture(t, status(200))
		text := strings.Repeat("x", offset) + strings.Repeat("🚨", 3000)
		result := f.send(t.Context(), Hostile(text))
		if result.Kind() != module.KindDelivered {
			t.Fatalf("result = %v (%s)", result.Kind(), result.Reason)
		}
		f.checkRequest()
		if body := decoded(f.got()[0].body); !utf8.ValidString(body) || strings.ContainsRune(body, utf8.RuneError) {
			t.Errorf("a character is cut in half: %s", body)
		}
	}
}

// decoded returns a JSON body without the escapes of characters, and any other body as it is.
func decoded(body []byte) string {
	var value any
	if json.Unmarshal(body, &value) != nil {
		return string(body)
	}
	plain, err := module.JSON(value)
	if err != nil {
		return string(body)
	}
	return string(plain)
}

// checkRequest checks the only request.
func (f *fixture) checkRequest() {
	f.t.Helper()
	got := f.got()
	if len(got) != 1 {
		f.t.Fatalf("%d requests, want 1", len(got))
	}
	if len(got[0].body) > module.MaxBody {
		f.t.Errorf("a body of %d bytes, more than module.MaxBody", len(got[0].body))
	}
	isJSON := strings.HasPrefix(got[0].header.Get("Content-Type"), "application/json")
	if isJSON && !json.Valid(got[0].body) {
		f.t.Errorf("the body is not valid JSON: %s", got[0].body)
	}
	if got[0].header.Get("Subject") != "" || got[0].header.Get("Content-Type") == "" {
		f.t.Errorf("headers = %v", got[0].header)
	}
}
