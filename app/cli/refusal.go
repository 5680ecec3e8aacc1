package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// refusal says in one line why a server did not do what a request asks for.
func refusal(res *http.Response, text []byte, now time.Time) *callError {
	var p struct {
		Detail string `json:"detail"`
		Errors []struct{ Name, Message string }
	}
	if err := json.Unmarshal(text, &p); err != nil || p.Detail == "" {
		e := notGatecrier(res, text)
		e.repeat, e.after = repeatable(res, ""), retryAfter(res.Header, now)
		return e
	}
	line := fmt.Sprintf("%s (%d)", p.Detail, res.StatusCode)
	for _, e := range p.Errors {
		line += fmt.Sprintf("; %s: %s", e.Name, e.Message)
	}
	return &callError{
		text:   plain(line + advice(res.StatusCode)),
		status: res.StatusCode,
		repeat: repeatable(res, p.Detail),
		after:  retryAfter(res.Header, now),
		detail: p.Detail,
	}
}

// advice says what to do about a status of Gatecrier.
func advice(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return "; check --token or GATECRIER_TOKEN"
	case http.StatusForbidden:
		return "; use a token whose role allows it: push needs upload, writer, maintainer or owner"
	case http.StatusRequestEntityTooLarge:
		return "; an administrator can raise the limit in the section Reports of the settings"
	}
	return ""
}

// notGatecrier is the error for an answer that does not come from Gatecrier's API.
func notGatecrier(res *http.Response, text []byte) *callError {
	host, status := res.Request.URL.Host, res.StatusCode
	e := &callError{status: status}
	what := fmt.Sprintf("%s answered %d %s", host, status, http.StatusText(status))
	page := isPage(res, text)
	if page {
		what += " with a web page instead of JSON"
	}
	location, _ := res.Location() //nolint:errcheck // without a location there is nothing to name
	switch {
	case location != nil && status/100 == 3:
		e.text = fmt.Sprintf("%s: it redirects to %s://%s; use that address as --url",
			what, location.Scheme, location.Host)
	case status == http.StatusRequestEntityTooLarge:
		e.text = what + ": a proxy in front of Gatecrier refuses a report of this size; raise its limit " +
			"(nginx: client_max_body_size)"
	case status == http.StatusUnauthorized, status == http.StatusProxyAuthRequired:
		e.text = what + ": a proxy in between asks for a sign-in of its own"
	case bytes.Contains(text, []byte("HTTP request to an HTTPS server")):
		e.text = what + ": it expects HTTPS; is --url https://" + host + "?"
	case status == http.StatusNotFound:
		e.text = what + ": this is not the API of Gatecrier; --url is its address alone, such as https://gatecrier.example"
	case status >= http.StatusInternalServerError && page:
		e.text = what + ": a proxy in between cannot reach Gatecrier"
	case status >= http.StatusInternalServerError:
		e.text = what
	default:
		e.text = what + ": this is not the API of Gatecrier; check --url, and that no proxy is in between"
	}
	e.text = plain(e.text)
	return e
}

// isPage reports whether an answer is HTML.
func isPage(res *http.Response, text []byte) bool {
	return strings.Contains(res.Header.Get("Content-Type"), "html") || bytes.HasPrefix(bytes.TrimSpace(text), []byte("<"))
}
