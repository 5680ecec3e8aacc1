package admin

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"gatecrier/app/fault"
)

// safeRedirect returns path if it leads to a page of this server, and "/" otherwise. It guards
// against open redirects.
func safeRedirect(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") ||
		strings.Contains(path, `\`) {
		return "/"
	}
	return path
}

// link returns a path with a query. Empty values are left out.
func link(path string, pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// withoutPairs returns names and values without those of some names.
func withoutPairs(pairs []string, names ...string) []string {
	var rest []string
	for i := 0; i < len(pairs); i += 2 {
		if !slices.Contains(names, pairs[i]) {
			rest = append(rest, pairs[i], pairs[i+1])
		}
	}
	return rest
}

// idOf reads an id of a form or a query, 0 for none.
func idOf(text string) int64 {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0
	}
	return id
}

// idsOf reads the ids of notifications. Each field can have several, separated by commas.
func idsOf(fields []string) ([]int64, error) {
	var ids []int64
	for _, field := range fields {
		for text := range strings.SplitSeq(field, ",") {
			id, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return nil, fault.NewNotFound("notification")
			}
			ids = append(ids, id)
		}
	}
	return ids, nil
}
