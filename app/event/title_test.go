package event_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"gatecrier/app/event"
	"gatecrier/models"
)

func TestTitle_GateFailed(t *testing.T) {
	shop, thresholds := event.Product{ID: 7, Name: "Shop"}, &models.Counts{Medium: 5}
	counts := models.Counts{Critical: 1, High: 2, Medium: 5, Low: 1}
	for want, g := range map[string]event.GateChange{
		"Security gate failed: Shop (1 critical, 2 high, 1 low)": {Counts: counts, Thresholds: thresholds},
		"Security gate failed: Shop (4 critical)": {
			Counts: counts, Thresholds: thresholds, Effective: &models.Counts{Critical: 4, Medium: 5},
		},
		"Security gate failed: Shop": {Counts: counts},
	} {
		g.Product, g.To = shop, models.GateFailed
		if got := described(t, g, "").Title; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestTitle_LongNames checks that a receiver that truncates titles to 150 characters shows the
// state and the numbers, and that names with different ends stay different.
func TestTitle_LongNames(t *testing.T) {
	of := func(name string) string {
		return described(t, event.GateChange{
			Product: event.Product{ID: 7, Name: name}, To: models.GateFailed,
			Counts:     models.Counts{Critical: 100, High: 200, Medium: 300, Low: 400},
			Thresholds: &models.Counts{},
		}, "").Title
	}
	long := strings.Repeat("ä", 300)
	a, b := of(long+"-api"), of(long+"-web")
	if a == b || utf8.RuneCountInString(a) > 148 || !strings.HasPrefix(a, "Security gate failed: ä") ||
		!strings.HasSuffix(a, "-api (100 critical, 200 high, 300 medium, 400 low)") {
		t.Errorf("%q\n%q", a, b)
	}
}
