package sentry

import (
	"net/http"
	"net/url"
	"strings"
)

// KeyOf is the key that a request names in its header or its query; "" where
// it does not.
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

// keyOfDSN is the key of an address as SDKs are given it: https://KEY@HOST/ID.
func keyOfDSN(dsn string) string {
	u, err := url.Parse(dsn)
	if err != nil || u.User == nil {
		return ""
	}
	return u.User.Username()
}
