package sentry

import (
	"net/http"
	"net/url"
	"strings"
)

// KeyOf returns the key in a request's header or query, "" for none.
func KeyOf(r *http.Request) string {
	if list := r.Header.Get("X-Sentry-Auth"); list != "" {
		list = strings.TrimSpace(list)
		if scheme, rest, ok := strings.Cut(list, " "); ok && strings.EqualFold(scheme, "Sentry") {
			list = rest
		}
		for part := range strings.SplitSeq(list, ",") {
			if name, value, _ := strings.Cut(strings.TrimSpace(part), "="); strings.EqualFold(name, "sentry_key") {
				return strings.TrimSpace(value)
			}
		}
	}
	return r.URL.Query().Get("sentry_key")
}

// keyOfDSN returns the key of a DSN (https://KEY@HOST/ID), "" for none.
func keyOfDSN(dsn string) string {
	u, err := url.Parse(dsn)
	if err != nil || u.User == nil {
		return ""
	}
	return u.User.Username()
}
