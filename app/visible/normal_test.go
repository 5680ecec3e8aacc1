package visible

import (
	"slices"
	"testing"
)

const (
	composed   = "K\u00e4se"
	decomposed = "Ka\u0308se"
)

func TestName_IsComposed(t *testing.T) {
	for text, want := range map[string]string{
		"shop":               "shop",
		" " + decomposed:     composed,
		composed + "\t":      composed,
		"\u1112\u1161\u11ab": "\ud55c", // Hangul
		"\u212b":             "\u00c5", // the unit is the letter
		"a\u0323\u0302":      "\u1ead", // two marks, in any order
		"a\u0302\u0323":      "\u1ead", //
		"\u2001" + composed:  composed, // a space that becomes another one
		"\ufb01":             "\ufb01", // a ligature looks different: it stays
		"a\xff" + decomposed: "a\xff" + composed,
		"👩\u200d💻":           "👩\u200d💻",
		"\u0938\u094d\u200d": "\u0938\u094d\u200d",
	} {
		if got := Name(text); got != want {
			t.Errorf("%+q: %+q, want %+q", text, got, want)
		}
		if got := Name(Name(text)); got != Name(text) {
			t.Errorf("%+q: %+q the second time", text, got)
		}
	}
}

func TestForms_BestFirst(t *testing.T) {
	const mixed = composed + " " + decomposed
	for text, want := range map[string][]string{
		"shop":     {"shop"},
		composed:   {composed, decomposed},
		decomposed: {decomposed, composed},
		mixed:      {mixed, composed + " " + composed, decomposed + " " + decomposed},
	} {
		if got := Forms(text); !slices.Equal(got, want) {
			t.Errorf("%+q: %+q, want %+q", text, got, want)
		}
	}
}
