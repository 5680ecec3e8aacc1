package web

import "net/url"

// HTTPLink returns an address of a report that a page can link to, "" if it is not http or https.
func HTTPLink(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return raw
}
