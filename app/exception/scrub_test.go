package exception

import (
	"strings"
	"testing"
	"time"

	"gatecrier/models"
)

// secretTexts are texts with a secret each. The secrets are made up in parts, so that no scanner of
// this repository takes them for real ones.
var secretTexts = []struct{ name, text, secret string }{
	{"a URL", "dial postgres://app:hunter2@db:5432/shop: refused", "hunter2"},
	{"key=value", "login failed: password=hunter2 user=ann", "hunter2"},
	{"JSON", `body {"api_key": "hunter2", "id": 4}`, "hunter2"},
	{"YAML", "config:\n  client_secret: hunter2\n  id: 4", "hunter2"},
	{"ODBC", "Server=db;Uid=app;Pwd=hunter2;Encrypt=yes", "hunter2"},
	{"Authorization", "request Authorization: Bearer hunter2\nAccept: */*", "hunter2"},
	{"Cookie", "Cookie: sessionid=hunter2; lang=en", "hunter2"},
	{"a token", "clone with ghp_" + strings.Repeat("a1B2", 9) + " failed", "a1B2"},
	{"a JWT", "bad eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl here", "eyJzdWIi"},
	{"a private key", "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----", "MIIEvQ"},
	{"a card", "card 4111 1111 1111 1111 is declined", "1111"},
	{"an IBAN", "no account GB82 WEST 1234 5698 7654 32 found", "5698"},
}

func TestSampleHoldsNoSecret_InAnyField(t *testing.T) {
	for _, c := range secretTexts {
		t.Run(c.name, func(t *testing.T) {
			frames := []Frame{{Module: c.text, Function: c.text, File: c.text, InApp: true}}
			o := newOccurrence(Report{
				Kind:        models.ExceptionReported,
				Class:       c.text,
				Message:     c.text,
				Function:    c.text,
				Frames:      frames,
				Chain:       []Cause{{Class: c.text, Message: c.text, Frames: frames}},
				Arguments:   map[string]string{"body": c.text, c.text: "x"},
				Release:     c.text,
				Environment: c.text,
				Level:       c.text,
				Platform:    c.text,
				Server:      c.text,
				User:        c.text,
				Tags:        map[string]string{"body": c.text, c.text: "x"},
				Reference:   c.text,
			}, Policy{})
			sample, err := o.Report.sample(time.Time{}, false)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(sample), c.secret) {
				t.Errorf("the sample has %q: %s", c.secret, sample)
			}
			row := o.row("key", nil)
			for _, text := range []string{row.Class, row.Message, row.Function, row.Release} {
				if strings.Contains(text, c.secret) {
					t.Errorf("the row has %q: %s", c.secret, text)
				}
			}
		})
	}
}

// Another secret is not another exception.
func TestKey_SameForChangedSecrets(t *testing.T) {
	for _, text := range []string{
		"dial postgres://app:SECRET@db:5432/shop: refused",
		"login failed: password=SECRET user=ann",
		"clone with ghp_SECRETSECRETSECRETSECRET failed",
		"request Authorization: Bearer SECRET",
	} {
		for _, g := range []Grouping{GroupSmart, GroupExact} {
			var keys []string
			for _, value := range []string{"hunterTWOx", "s3cretOther"} {
				said := strings.ReplaceAll(text, "SECRET", value)
				r := Report{
					Kind: models.ExceptionReported, Class: "E", Message: said, Arguments: map[string]string{"a": said},
				}
				keys = append(keys, newOccurrence(r, Policy{Grouping: g}).key.key)
			}
			if keys[0] != keys[1] {
				t.Errorf("%s: two keys for %q", g, text)
			}
		}
	}
}
