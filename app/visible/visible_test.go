package visible

import (
	"strings"
	"testing"
)

func TestProblem_NamesTheCharacter(t *testing.T) {
	for text, want := range map[string]string{
		"shop":            "",
		"Käse 店 магазин":  "",
		"فروشگاه\u200cها": "", // Persian needs the non-joiner
		"👩\u200d💻 team":   "",
		"❤\ufe0f team":    "",
		"a\u202eb":        "U+202E (right-to-left override), character 2",
		"shop\u200b":      "U+200B (zero width space), character 5",
		"sh\u200dop":      "U+200D (zero width joiner)",
		"sh\ufe0fop":      "U+FE0F (invisible)",
		"\u2066shop":      "U+2066",
		"shop\u3164":      "U+3164",
		"shop\u00ad":      "soft hyphen",
		"sh\u2028op":      "U+2028",
		"a\tb":            "No control characters",
		"a\xffb":          "No control characters",
	} {
		if got := Problem(text); (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestEscape_ShowsHiddenCharacters(t *testing.T) {
	for text, want := range map[string]string{
		"shop":          "shop",
		"a\u202Eb":      `a\u202Eb`,
		"a\u200b":       `a\u200B`,
		"a\U000E0041b":  `a\U000E0041b`,
		"👩\u200d💻":      "👩\u200d💻",
		"a\xff\u202eb":  "a\xff\\u202Eb",
		"<b>\u2067</b>": `<b>\u2067</b>`,
	} {
		if got := Escape(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
