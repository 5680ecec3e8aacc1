package module

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"gatecrier/app/outbound"
	"gatecrier/app/scrub"
)

// mask replaces secrets in what is shown.
const mask = "[hidden]"

// Show returns a request as it can be shown: its headers without the hidden ones, and its body
// with the secrets masked.
func Show(r outbound.Request, hidden []string, secrets ...string) Shown {
	s := Shown{Body: redact(strings.ToValidUTF8(string(r.Body), "\uFFFD"), secrets)}
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		if !slices.Contains(hidden, http.CanonicalHeaderKey(name)) {
			s.Head = append(s.Head, name+": "+redact(strings.Join(r.Header[name], ", "), secrets))
		}
	}
	return s
}

// redact masks secrets, and the parts of those that are URLs. It also masks one that the end of
// the text cuts off.
func redact(text string, secrets []string) string {
	for _, secret := range secrets {
		for _, part := range secretParts(secret) {
			text = strings.ReplaceAll(text, part, mask)
			for n := len(part) - 1; n >= 8; n-- {
				if strings.HasSuffix(text, part[:n]) {
					text = text[:len(text)-n] + mask
					break
				}
			}
		}
	}
	return text
}

// longPart is the length of a part of a URL that no other text has by chance, in bytes.
const longPart = 24

// secretParts returns a secret and, for a URL, its parts that could be used alone, the longest
// first. A word of a path or a query is such a part only if it looks random. It leaves out those
// under 8 bytes: they are no secrets, and masking them would make the
// text unreadable.
func secretParts(secret string) []string {
	all := []string{secret}
	if u, err := url.Parse(secret); err == nil && u.Host != "" {
		password, _ := u.User.Password()
		all = append(all, password)
		parts := []string{u.RequestURI(), u.EscapedPath(), u.Path, u.RawQuery}
		parts = append(parts, strings.Split(u.Path, "/")...)
		for _, values := range u.Query() {
			parts = append(parts, values...)
		}
		for _, part := range parts { // "checkout" is a word of messages, too
			if scrub.Random(part) || len(part) >= longPart {
				all = append(all, part)
			}
		}
	}
	var long []string
	for _, part := range all {
		if len(part) >= 8 {
			long = append(long, part)
		}
	}
	return long
}

// URLHint returns what can be shown of a secret URL: its host and the last four characters, if
// enough remains secret.
func URLHint(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return ""
	}
	rest := u.RequestURI()
	if len(rest) < 8 {
		return u.Host
	}
	return u.Host + " …" + tail(rest, 4)
}

// tail returns the last n characters.
func tail(text string, n int) string {
	for len(text) > 0 && utf8.RuneCountInString(text) > n {
		_, size := utf8.DecodeRuneInString(text)
		text = text[size:]
	}
	return text
}
