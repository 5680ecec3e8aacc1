package page

import (
	"net/url"
	"strconv"
	"strings"

	"gatecrier/templates/ui"
)

func id(n int64) string { return strconv.FormatInt(n, 10) }

func productPath(n int64) string { return "/products/" + id(n) }

func tabPath(n int64, tab Tab) string {
	if tab == TabObservations {
		return productPath(n)
	}
	return productPath(n) + "?tab=" + string(tab)
}

func resendPath(n int64) string { return "/resends/" + id(n) }

func deliveryPath(n int64) string { return "/deliveries/" + id(n) }

func noticePath(n int64) string { return "/inbox/" + id(n) }

func targetPath(product, target int64, action string) string {
	return productPath(product) + "/targets/" + id(target) + "/" + action
}

// pushCommand returns the command that sends a report.
func pushCommand(baseURL, product string, options ...[2]string) string {
	lines := []string{
		"gatecrier push --url " + quote(baseURL),
		`--token "$GATECRIER_TOKEN"`,
		"--product " + quote(product),
	}
	for _, o := range options {
		if o[1] != "" {
			lines = append(lines, o[0]+" "+quote(o[1]))
		}
	}
	return strings.Join(append(lines, "--fail-on-gate report.json"), " \\\n  ")
}

// quote returns a word quoted for a POSIX shell.
func quote(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-._/:@%+=", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// web reports whether a link of a report can be followed: http and https only.
func web(link string) bool {
	u, err := url.Parse(link)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

// outcome sums up the deliveries of an event in words.
func outcome(t DeliveryTally) string {
	all := ui.Plural(t.Total, "message", "messages")
	delivered := strconv.Itoa(t.Delivered) + " of " + all + " delivered"
	switch {
	case t.Total == 0:
		return "no one was notified"
	case t.Held == t.Total:
		return all + " silenced"
	case t.Dead > 0:
		return delivered + ", " + strconv.Itoa(t.Dead) + " failed"
	case t.Delivered == t.Total:
		return all + " delivered"
	}
	return delivered
}
