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

// FuzzEncode: every event that there is, with any text wherever one may be as
// long as one may be there, is a body of valid JSON within the limit.
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

// largest is the message of a change whose texts are as long as they may be:
// names 255 characters, texts of reports 255 and 1000 bytes.
func largest(t *testing.T, text string) module.Message {
	t.Helper()
	name := fill(text, 255, 4*255)
	finding := event.Finding{Title: fill(text, 255, 255), Component: fill(text, 1000, 1000), Severity: models.Critical}
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
		Why:        "1000000000 critical (limit 0), 1000000000 high (limit 0), 1000000000 medium (limit 0)",
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

// fill repeats a text up to so many characters and bytes, valid as all that is
// stored, and without control characters as names are.
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
