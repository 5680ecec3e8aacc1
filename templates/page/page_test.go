package page

import (
	"fmt"
	"testing"

	"gatecrier/templates/ui"
)

func TestQuoteForTheShell(t *testing.T) {
	for word, want := range map[string]string{
		"payments-api": "payments-api", "": "''", "a b": "'a b'", "$(rm -rf ~)": "'$(rm -rf ~)'", "it's": `'it'\''s'`,
		"https://gate.example:8080": "https://gate.example:8080", "a;b": "'a;b'", "決済": "'決済'", "a\nb": "'a\nb'",
	} {
		if got := quote(word); got != want {
			t.Errorf("%q: got %s, want %s", word, got, want)
		}
	}
}

func TestOnlyWebLinksAreFollowed(t *testing.T) {
	for link, want := range map[string]bool{
		"https://a.example/x": true, "http://a.example": true, "": false, "javascript:alert(1)": false, "//a.example": false,
		"data:text/html,x": false, "https:": false, "HTTPS://a.example": true,
		"\thttps://a.example": false, "ftp://a.example": false,
	} {
		if got := web(link); got != want {
			t.Errorf("%q: got %v", link, got)
		}
	}
}

func TestOverviewSentence(t *testing.T) {
	for want, v := range map[string]OverviewView{
		"Welcome to Gatecrier":                   {},
		"1 gate is failing":                      {Products: 3, Failed: 1, Trouble: 2},
		"2 gates are failing":                    {Products: 3, Failed: 2},
		"No gate is failing, but deliveries are": {Products: 3, Passed: 2, Trouble: 1},
		"No gate has been evaluated yet":         {Products: 3, None: 3},
		"The gate passes":                        {Products: 3, Passed: 1},
		"All 3 gates pass":                       {Products: 3, Passed: 3},
	} {
		if got := v.Sentence(); got != want {
			t.Errorf("%+v: got %q, want %q", v, got, want)
		}
	}
}

func TestTabsByRight(t *testing.T) {
	reader := ProductView{Tab: TabSettings}
	if got := reader.Current(); got != TabObservations {
		t.Errorf("a reader is shown %q", got)
	}
	if got := (ProductView{Tab: "nonsense"}).Current(); got != TabObservations {
		t.Errorf("an unknown tab is %q", got)
	}
	if got := (ProductView{Tab: TabSettings, CanEdit: true}).Current(); got != TabSettings {
		t.Errorf("a maintainer is shown %q", got)
	}
}

func TestLimits(t *testing.T) {
	v := ProductView{Limits: &ui.Counts{High: 3, Medium: NoLimit}}
	for severity, want := range map[string]int64{"critical": 0, "high": 3, "medium": NoLimit, "strange": NoLimit} {
		if got := v.limit(severity); got != want {
			t.Errorf("%s: got %d, want %d", severity, got, want)
		}
	}
	counted := ProductView{Limits: v.Limits, Effective: &ui.Counts{Critical: 1, High: 3}}
	for severity, want := range map[string]string{
		"critical": "1 over, 1 counts, true", "high": "at threshold, , false", "medium": ", none count, false",
	} {
		row := ui.Tally{Severity: severity, N: 3}
		if got := fmt.Sprint(counted.room(row), ", ", counted.countText(row), ", ", counted.over(row)); got != want {
			t.Errorf("%s: got %q, want %q", severity, got, want)
		}
	}
	if (ProductView{}).over(ui.Tally{Severity: "critical", N: 9}) {
		t.Error("over a threshold where there is no gate")
	}
}
