package ingest

import (
	"net/url"
	"regexp"
	"strings"
)

// subjectOf splits what a report is of, such as the name of an image, into the name, and its tag or
// else its digest. It returns no subject for a path that only means something on the machine of the
// scan: an absolute or a temporary one, or the working directory.
func subjectOf(name string) (subject, reference string) {
	name = strings.TrimSpace(name)
	switch {
	case isLocalPath(name):
		return "", ""
	case imageID.MatchString(name):
		return "", name
	}
	if u, err := url.Parse(name); err == nil && u.Host != "" && strings.HasPrefix(u.Scheme, "http") {
		u.User = nil // can be a token
		return u.String(), ""
	}
	subject, digest := name, ""
	if parts := withDigest.FindStringSubmatch(name); parts != nil {
		subject, digest = parts[1], parts[2]
	}
	if parts := withTag.FindStringSubmatch(subject); parts != nil {
		return parts[1], parts[2]
	}
	return subject, digest
}

var (
	imageID    = regexp.MustCompile(`^(sha256:)?[0-9a-f]{64}$`)
	withDigest = regexp.MustCompile(`^(.+)@(sha[0-9]+:[0-9a-fA-F]+|[a-z0-9+._-]+:[0-9a-fA-F]{32,})$`)
	// withTag matches a tag after the last slash, so that the port of a registry is none.
	withTag = regexp.MustCompile(`^([^@]*[^@:/]):([A-Za-z0-9_][A-Za-z0-9._-]{0,127})$`)

	// absolutePath matches paths of Unix and of Windows, with or without a scheme such as dir:.
	absolutePath  = regexp.MustCompile(`(?i)^(file:.*|([a-z][a-z0-9+.-]*:)?(/([^/].*)?|\\.*)|//.*|~([/\\].*)?)$`)
	relativeStart = regexp.MustCompile(`^((file|dir|fs):)?(\.{1,2}([/\\]+|$))*`)
	temporaryPath = regexp.MustCompile(`(?i)^(((private|var)[/\\])*(tmp|temp|folders)|tmp\.[^/\\]+)([/\\]|$)`)
)

// isLocalPath reports whether a name is an absolute or a temporary path, or the working directory.
func isLocalPath(name string) bool {
	if absolutePath.MatchString(name) {
		return true
	}
	inside := strings.TrimPrefix(name, relativeStart.FindString(name))
	return inside == "" || temporaryPath.MatchString(inside)
}
