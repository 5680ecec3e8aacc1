package oauth

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"gatecrier/app/outbound"
	"gatecrier/app/scrub"
)

const (
	maxCode        = 60  // bytes
	maxDescription = 300 // bytes
)

// temporaryCodes are the errors of servers that pass by themselves.
var temporaryCodes = []string{"temporarily_unavailable", "server_error", "slow_down"}

// refusal returns the error of an answer without a token.
func refusal(c Config, host string, a outbound.Answer, said answer) *Error {
	code := cleanCode(said.Error)
	e := &Error{
		temporary: a.Status >= http.StatusInternalServerError || a.Status == http.StatusTooManyRequests ||
			a.Status == http.StatusRequestTimeout || slices.Contains(temporaryCodes, code),
	}
	if e.temporary {
		e.wait = a.RetryAfter
	}
	switch {
	case code != "":
		e.reason = host + " has refused an access token: " + code
		if text := c.clean(said.Description); text != "" {
			e.reason += ": " + text
		}
	default:
		e.reason = fmt.Sprintf("%s has refused an access token: HTTP %d", host, a.Status)
	}
	return e
}

// cleanCode returns an error code of RFC 6749, "" for anything else.
func cleanCode(code string) string {
	odd := func(r rune) bool { return (r < 'a' || r > 'z') && r != '_' }
	if len(code) > maxCode || strings.ContainsFunc(code, odd) {
		return ""
	}
	return code
}

// clean returns a server's text on one line, without the secrets of the request.
func (c Config) clean(text string) string {
	for _, secret := range []string{c.ClientSecret, c.RefreshToken} {
		for _, form := range []string{secret, url.QueryEscape(secret)} {
			if form != "" {
				text = strings.ReplaceAll(text, form, scrub.Mask)
			}
		}
	}
	text = strings.ToValidUTF8(text, "")
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	}), " ")
	short, cut := scrub.Cut(text, maxDescription)
	if cut {
		short += "…"
	}
	return short
}
