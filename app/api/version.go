package api

import (
	"strconv"
	"strings"

	"gatecrier/app/fault"
)

// etagOf returns the ETag of a version.
func etagOf(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// ifVersionOf returns the version that a change expects, by its body or by its If-Match header; nil
// for any.
func ifVersionOf(ifMatch string, body *int64) (*int64, error) {
	tag := strings.TrimSpace(ifMatch)
	if tag == "" || tag == "*" {
		return body, nil
	}
	version, err := strconv.ParseInt(strings.Trim(strings.TrimPrefix(tag, "W/"), `"`), 10, 64)
	switch {
	case err != nil:
		return nil, fault.BadField("If-Match", `The ETag of a response, like "12"`)
	case body != nil && *body != version:
		return nil, fault.BadField("version", "Another one than that of If-Match: send one of the two")
	}
	return &version, nil
}
