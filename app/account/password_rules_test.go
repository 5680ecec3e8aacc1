package account

import (
	"strings"
	"testing"

	"github.com/alexedwards/argon2id"
)

// A sign-in with an unknown name takes as long as one with a known name.
func TestDummyHashTakesAsLong(t *testing.T) {
	h := newHasher(0)
	got, salt, key, err := argon2id.DecodeHash(h.dummy)
	if err != nil {
		t.Fatal(err)
	}
	if *got != *h.params || len(salt) != int(h.params.SaltLength) || len(key) != int(h.params.KeyLength) {
		t.Errorf("it is hashed by %+v, others by %+v", got, h.params)
	}
	if ok, err := h.matches(t.Context(), "", ""); ok || err != nil {
		t.Errorf("a user without an account has a right password: %v, %v", ok, err)
	}
}

func TestWrongPassword(t *testing.T) {
	for password, want := range map[string]string{
		"a good one, this":       "",
		strings.Repeat("é", 10):  "",
		strings.Repeat("é", 9):   "At least 10",
		strings.Repeat("é", 257): "At most 256",
		"Ilse Quill":             "other than your name",
		"ILSE@northquay.example": "other than your name",
		"ilse.q@box":             "",
		"PassWord123":            "too common",
		"1q2w3e4r5t":             "too common",
		"abcdefghi\xff":          "Enter text",
	} {
		got := WrongPassword(password, 10, "ilse quill", "ilse@northquay.example")
		if (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%q: %q, want %q", password, got, want)
		}
	}
	if WrongPassword("longmailbox", 8, "x", "longmailbox@example.org") == "" ||
		WrongPassword("anything goes", 8, "", "") != "" {
		t.Error("what is before the @ is not the address")
	}
	if len(common()) < 200 {
		t.Errorf("only %d common passwords", len(common()))
	}
	for word := range common() {
		if len(word) < 8 || word != strings.ToLower(word) {
			t.Errorf("%q can never be met", word)
		}
	}
}

// browserAgents are User-Agents with their names.
var browserAgents = []struct{ agent, want string }{
	{
		"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
		"Firefox on Linux",
	},
	{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) " +
			"Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0",
		"Edge on Windows",
	},
	{
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) " +
			"Version/17.5 Mobile/15E148 Safari/604.1",
		"Safari on iPhone",
	},
	{
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) " +
			"Version/17.5 Safari/605.1.15",
		"Safari on macOS",
	},
	{
		"Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) " +
			"Chrome/126.0.0.0 Mobile Safari/537.36",
		"Chrome on Android",
	},
	{"curl/8.5.0", "curl"},
	{"", "an unknown browser"},
	{"<script>", "an unknown browser"},
}

func TestBrowser(t *testing.T) {
	for _, test := range browserAgents {
		if got := Browser(test.agent); got != test.want {
			t.Errorf("%s: %q, want %q", test.agent, got, test.want)
		}
	}
}

func TestZones(t *testing.T) {
	list := Zones()
	for _, name := range list {
		if !validZone(name) {
			t.Errorf("%s is not known", name)
		}
	}
	if len(list) < 300 {
		t.Errorf("only %d zones", len(list))
	}
	for _, name := range []string{"Local", "Nowhere/None", "../../etc/passwd", "europe/berlin "} {
		if validZone(name) {
			t.Errorf("%s is a zone", name)
		}
	}
}
