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

// RequireUTF8 refuses requests with texts that no database and no page can have: bad
// UTF-8 and NUL in the path, the query, a form, a JSON body, a cookie or the
// Idempotency-Key. Reports are read by parsers that look for themselves.
func RequireUTF8(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		field, wrong := invalidUTF8(r)
		if wrong == "" {
			next.ServeHTTP(w, r)
			return
		}
		p := Problem{
			Title:  http.StatusText(http.StatusBadRequest),
			Status: http.StatusBadRequest,
			Detail: wrong,
			Errors: []fault.Field{{Name: field, Message: wrong}},
		}
		if !strings.HasPrefix(r.URL.Path, "/api/") {
			http.Error(w, "This request cannot be read. "+field+": "+wrong, p.Status)
			return
		}
		w.Header().Set("Content-Type", p.ContentType(""))
		w.WriteHeader(p.Status)
		json.NewEncoder(w).Encode(p) //nolint:errcheck,errchkjson,gosec // who went away needs no answer
	})
}

const badText = "A text with bad UTF-8 or the character NUL"

func isPlainText(text string) bool { return utf8.ValidString(text) && !strings.Contains(text, "\x00") }

// invalidUTF8 names the part of a request that is, and what is wrong with it.
func invalidUTF8(r *http.Request) (field, wrong string) {
	if !isPlainText(r.URL.Path) {
		return "path", badText
	}
	if name, bad := badValue(r.URL.Query()); bad {
		return name, badText
	}
	for _, name := range []string{"Cookie", "Idempotency-Key"} {
		for _, value := range r.Header.Values(name) {
			if !isPlainText(value) {
				return name, badText
			}
		}
	}
	if isReportUpload(r.URL.Path) {
		return "", ""
	}
	return badBody(r)
}

// badValue names a field with a name or a value that cannot be read.
func badValue(values url.Values) (name string, bad bool) {
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

// badBody looks at a body, which stays as it was. One that is too large is for
// others to refuse.
func badBody(r *http.Request) (field, wrong string) {
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
	case err != nil: // it comes again
		return "", ""
	case isJSON:
		return badJSON(text)
	}
	values, err := url.ParseQuery(string(text))
	if name, bad := badValue(values); err == nil && bad {
		return name, badText
	}
	return "", ""
}

// badJSON finds what a decoder would silently take for U+FFFD, and an escaped
// NUL.
func badJSON(text []byte) (field, wrong string) {
	for i := 0; i < len(text); {
		c, size := utf8.DecodeRune(text[i:])
		switch {
		case c == utf8.RuneError && size == 1:
			return "body", fmt.Sprintf("Bad UTF-8 at byte %d", i)
		case c == '\\' && bytes.HasPrefix(text[i:], []byte(`\u0000`)):
			return "body", fmt.Sprintf("The character NUL at byte %d", i)
		case c == '\\':
			size = 2 // what it escapes
		}
		i += size
	}
	return "", ""
}
