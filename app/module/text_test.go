package module

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSingleLine(t *testing.T) {
	for give, want := range map[string]string{
		"plain":                         "plain",
		"  a\r\n\tb\u2028c\u00a0\x00d ": "a b c d",
		"a\xff\xfeb":                    "a\uFFFDb",
		"safe\u202egnp.exe\u202c\u2067": `safe\u202Egnp.exe\u202C\u2067`,
		"pay\u200bpal":                  `pay\u200Bpal`,
		"👩‍👩‍👧 עברית":                   "👩‍👩‍👧 עברית",
		"\ufeff":                        `\uFEFF`,
	} {
		if got := SingleLine(give); got != want {
			t.Errorf("SingleLine(%q) = %q, want %q", give, got, want)
		}
	}
}

func TestTruncate(t *testing.T) {
	for _, tt := range []struct {
		give  string
		limit int
		want  string
	}{
		{"abcd", 4, "abcd"},
		{"abcde", 4, "abc…"},
		{"äöüß\n", 4, "äöüß"},
		{"äöüßä", 4, "äöü…"},
		{"", 4, ""},
		{"ab", 1, "…"},
	} {
		if got := Truncate(tt.give, tt.limit); got != tt.want {
			t.Errorf("Truncate(%q, %d) = %q, want %q", tt.give, tt.limit, got, tt.want)
		}
	}
}

func TestTruncateEncodedNeverSplitsACharacter(t *testing.T) {
	encode := func(r rune) string { return "&#" + string(r) + ";" }
	length := func(s string) int { return len(s) }
	whole := encode('a') + encode('b') + encode('c')
	for limit := 3; limit <= len(whole)+1; limit++ {
		got := TruncateEncoded("abc", limit, length, encode)
		body := strings.TrimSuffix(got, "…")
		if len(got) > limit || !utf8.ValidString(got) || !strings.HasPrefix(whole, body) || len(body)%4 != 0 ||
			(got == whole) != (limit >= len(whole)) {
			t.Errorf("limit %d: %q", limit, got)
		}
	}
}

func TestSafeLink(t *testing.T) {
	for give, want := range map[string]string{
		"https://gates.example/products/7":               "https://gates.example/products/7",
		"http://gates.example:8080/a?b=c&d=1#x":          "http://gates.example:8080/a?b=c&d=1#x",
		"https://gates.example/<a|b> \"c'`":              "https://gates.example/%3Ca%7Cb%3E%20%22c%27%60",
		"https://gates.example/?<a|b>\"c'":               "https://gates.example/?%3Ca%7Cb%3E%22c%27",
		"javascript:alert(1)":                            "",
		"//gates.example/":                               "",
		"/products/7":                                    "",
		"https://gates.example\nx":                       "",
		"https://user:password@gates.example/":           "",
		"https:///x":                                     "",
		"":                                               "",
		"https://g.example/" + strings.Repeat("a", 2000): "",
	} {
		if got := SafeLink(give); got != want {
			t.Errorf("SafeLink(%q) = %q, want %q", give, got, want)
		}
	}
}
