package module

import "testing"

func TestURLHint(t *testing.T) {
	for raw, want := range map[string]string{
		"https://hooks.slack.com/services/T0/B0/abcdefgh": "hooks.slack.com …efgh",
		"https://h.example:8443/a?sig=12345678":           "h.example:8443 …5678",
		"https://user:password@h.example/":                "h.example",
		"https://h.example/hook":                          "h.example",
		"https://h.example/geheimnisß":                    "h.example …3%9F",
		"not a url":                                       "",
		"https://h.example/\x7f":                          "",
	} {
		if got := URLHint(raw); got != want {
			t.Errorf("URLHint(%q) = %q, want %q", raw, got, want)
		}
	}
}
