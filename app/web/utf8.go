package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"gatecrier/app/fault"
)

// RequireUTF8 refuses requests with texts that no database and no page can hold: invalid UTF-8 or
// NUL in the path, the query, a form, a JSON body, a cookie or the Idempotency-Key. The parsers of
// reports check these themselves.
func RequireUTF8(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		field, reason := invalidUTF8(r)
		if reason == "" {
			next.ServeHTTP(w, r)
			return
		}
		p := Problem{
			Title:  http.StatusText(http.StatusBadRequest),
			Status: http.StatusBadRequest,
			Detail: reason,
			Errors: []fault.Field{{Name: field, Message: reason}},
		}
		if !strings.HasPrefix(r.URL.Path, "/api/") {
			http.Error(w, "This request cannot be read. "+field+": "+reason, p.Status)
			return
		}
		w.Header().Set("Content-Type", p.ContentType(""))
		w.WriteHeader(p.Status)
		json.NewEncoder(w).Encode(p) //nolint:errcheck,errchkjson,gosec // the client has gone
	})
}

const invalidText = "A text with bad UTF-8 or the character NUL"

// isPlainText reports whether a text is valid UTF-8 without NUL.
func isPlainText(text string) bool { return utf8.ValidString(text) && !strings.Contains(text, "\x00") }

// invalidUTF8 returns the part of a request with an invalid text, and the reason, "" if there is
// no such part.
func invalidUTF8(r *http.Request) (field, reason string) {
	if !isPlainText(r.URL.Path) {
		return "path", invalidText
	}
	if name, found := invalidValue(r.URL.Query()); found {
		return name, invalidText
	}
	for _, name := range []string{"Cookie", "Idempotency-Key"} {
		for _, value := range r.Header.Values(name) {
			if !isPlainText(value) {
				return name, invalidText
			}
		}
	}
	if isReportUpload(r.URL.Path) {
		return "", ""
	}
	return invalidBody(r)
}

// invalidValue returns the name of a field with an invalid name or value.
func invalidValue(values url.Values) (name string, found bool) {
	for name, list := range values {
		if !isPlainText(name) {
			return "query", true
		}
		for _, value := range list {
			if !isPlainText(value) {
				return name, true
			}
		}
	}
	return "", false
}

// invalidBody checks a form or a JSON body. The handler can read the body again. limitBody refuses
// one that is too large.
func invalidBody(r *http.Request) (field, reason string) {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	form, isJSON := kind == "application/x-www-form-urlencoded", strings.HasSuffix(kind, "json")
	if r.Body == nil || !form && !isJSON {
		return "", ""
	}
	rest := r.Body
	text, err := io.ReadAll(io.LimitReader(rest, maxBody(r.URL.Path)))
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(text), rest), rest}
	switch {
	case err != nil: // the handler gets it again
		return "", ""
	case isJSON:
		return invalidJSON(text)
	}
	values, err := url.ParseQuery(string(text))
	if name, found := invalidValue(values); err == nil && found {
		return name, invalidText
	}
	return "", ""
}

// invalidJSON finds bytes that a decoder would silently replace by U+FFFD, and an escaped NUL.
func invalidJSON(text []byte) (field, reason string) {
	for i := 0; i < len(text); {
		c, size := utf8.DecodeRune(text[i:])
		switch {
		case c == utf8.RuneError && size == 1:
			return "body", fmt.Sprintf("Bad UTF-8 at byte %d", i)
		case c == '\\' && bytes.HasPrefix(text[i:], []byte(`\u0000`)):
			return "body", fmt.Sprintf("The character NUL at byte %d", i)
		case c == '\\':
			size = 2 // skips the escaped character
		}
		i += size
	}
	return "", ""
}
