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

// A word of a secret URL's path is also a word of messages.
func TestRedact_HidesSecretsByTheirPlace(t *testing.T) {
	const secret = "https://hooks.example/checkout/T0a1B2c3D4/production?team=checkout"
	for text, want := range map[string]string{
		"the gate of checkout in production failed": "the gate of checkout in production failed",
		"post " + secret + " now":                   "post [hidden] now",
		"/checkout/T0a1B2c3D4/production is gone":   "[hidden] is gone",
		"the key T0a1B2c3D4 is wrong":               "the key [hidden] is wrong",
	} {
		if got := redact(text, []string{secret}); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}
