package cli

import "testing"

func TestPlain_RemovesWhatALogTakesAsACommand(t *testing.T) {
	for in, want := range map[string]string{
		"lodash 4.17.20":                      "lodash 4.17.20",
		"a\r\n::error::b\tc\v\u2028d":         "a ::error::b c d",
		"\x1b[31;1mred\x1b[0m \u009b2Jgone":   "red gone",
		"\x1b]0;title\x07text\x1b]8;;x\x1b\\": "text",
		"a\x1bcb\x1b(Bc\x1b":                  "abc",
		"a\x00\x07\x08\x7f\u0085b":            "a b",
		"evil\u202etxt\u2066\u200b\ufeff":     "eviltxt",
		"##[add-mask]x ##vso[y] ### z":        "# #[add-mask]x # #vso[y] # # # z",
		"#\u200b#[error]x":                    "# #[error]x",
		"süß 日本 \U0001f600":                   "süß 日本 \U0001f600",
		"bad \xff\xfe":                        "bad \ufffd\ufffd",
	} {
		if got := plain(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if got := lineStart(" \n::set-output::x"); got != "./::set-output::x" {
		t.Errorf("at the start of a line: %q", got)
	}
	if got := short("äöüß", 3); got != "äö…" {
		t.Errorf("shortened: %q", got)
	}
}
