package web

import "net/url"

// HTTPLink is an address that a page may link to, or "" where a report gave
// something else than http or https.
func HTTPLink(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return raw
}
