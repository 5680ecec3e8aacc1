package exception

import (
	"strings"
	"testing"
	"unicode/utf8"

	"gatecrier/models"
)

// Any report has a key, always the same, whatever its line numbers.
func FuzzKey(f *testing.F) {
	for _, seed := range [][6]string{
		{"ValueError", "order 4711 of 10.0.0.1 is lost", "shop", "pay.func1[go.shape.int]", "", "{{ default }}"},
		{"*fs.PathError", "open /tmp/0x7ffe: 2026-11-25T22:59:01Z\x00\xff", "", "", "mine", ""},
		{"", "", "a.b", "a.b.c-fm", "\x00", "\xff"},
		{"", "", strings.Repeat("m", maxFunction), strings.Repeat("f", maxFunction), "", ""},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3], seed[4], seed[5], 7)
	}
	f.Fuzz(func(t *testing.T, class, message, module, function, word, more string, line int) {
		made := func(line int) Report {
			r := Report{
				Kind:      models.ExceptionReported,
				Class:     class,
				Message:   message,
				Arguments: map[string]string{word: more, more: word},
				Frames: []Frame{
					{Module: module, Function: function, Line: line, InApp: true},
					{Function: module, Line: line},
				},
				Chain: []Cause{{Class: more, Message: word}},
			}
			if word != "" {
				r.Fingerprint = []string{word, more}
			}
			return r
		}
		for _, g := range []Grouping{GroupSmart, GroupExact} {
			a, b := made(line), made(line/2)
			a.trim()
			b.trim()
			first, by := Key(g, a)
			if again, _ := Key(g, b); again != first || len(first) != len(smartVersion)+32 || by == "" {
				t.Errorf("%q and %q by %q", first, again, by)
			}
			for _, text := range []string{a.Class, a.Message, a.Function, a.Frames[0].Module} {
				if !utf8.ValidString(text) || len(text) > maxMessage {
					t.Errorf("%q is kept", text)
				}
			}
			if a.trim() {
				t.Error("a trimmed report is trimmed again")
			}
		}
	})
}
