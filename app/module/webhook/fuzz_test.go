package webhook

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"gatecrier/app/event"
	"gatecrier/app/module"
	"gatecrier/app/module/moduletest"
	"gatecrier/models"
)

// FuzzEncode checks that every event, with any text of any valid length, has a body of valid JSON
// within the limit.
func FuzzEncode(f *testing.F) {
	for _, text := range append(moduletest.HostileTexts(), "\"", "<", "\u2028", "🚨", "漢") {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m := largest(t, text)
		payload, err := module.JSON(bodyOf(formatStandard, m))
		if err != nil || len(payload) > maxBody || !utf8.Valid(payload) {
			t.Fatalf("%d bytes, %v", len(payload), err)
		}
		if thin, err := module.JSON(bodyOf(formatSekoia, m)); err != nil || len(thin) > maxBody || !json.Valid(thin) {
			t.Fatalf("an envelope of %d bytes, %v", len(thin), err)
		}
		var got body
		if err := json.Unmarshal(payload, &got); err != nil {
			t.Fatal(err)
		}
		var change event.GateChange
		if err := json.Unmarshal(got.Data, &change); err != nil {
			t.Fatal(err)
		}
		if want := fill(text, 255, 4*255); change.Product.Name != want {
			t.Errorf("the name came as %q, want %q", change.Product.Name, want)
		}
	})
}

// largest returns the message of a change with the longest texts that are valid: names of 255
// characters, findings as events name them.
func largest(t *testing.T, text string) module.Message {
	t.Helper()
	name := fill(text, 255, 4*255)
	finding := event.Finding{
		ID: 1 << 40, Title: fill(text, 255, 255), Severity: models.Critical, Component: fill(text, 1000, 1000),
		Fix: fill(text, 255, 255), URL: "https://a.example/" + fill(text, 250, 250), KEV: true,
	}.Brief()
	limits := models.Counts{}
	data, err := event.Encode(event.GateChange{
		Product: event.Product{
			ID:   1 << 40,
			Name: name,
		},
		Branch:     name,
		From:       models.GatePassed,
		To:         models.GateFailed,
		Policy:     "product",
		Why:        "1000000000 critical (threshold 0), 1000000000 high (threshold 0), 1000000000 medium (threshold 0)",
		Thresholds: &limits,
		Cause:      event.Cause{Kind: "import", Text: "a report of " + name + " (" + name + ")"},
		Failing:    event.Failing{New: 1 << 40, Items: []event.Finding{finding, finding, finding, finding, finding}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return module.Message{
		ID: "msg_1", Type: "gate.changed", Version: 1, Time: time.Now(), Data: data,
		Actor: fill(text, 100, 400), Link: "https://" + strings.Repeat("a", 200) + "/products/1",
	}
}

// fill repeats a text up to a number of characters and bytes. The result is valid UTF-8 without
// control characters, like a stored name.
func fill(text string, runes, bytes int) string {
	var b strings.Builder
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	if text == "" {
		return ""
	}
	for n := 0; n < runes; {
		for _, r := range text {
			if n++; n > runes || b.Len()+utf8.RuneLen(r) > bytes {
				return b.String()
			}
			b.WriteRune(r)
		}
	}
	return b.String()
}
