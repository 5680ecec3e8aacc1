package ingest

import (
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
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

// maxDigests bounds the digests of an image that are kept.
const maxDigests = 20

// addDigest adds the digest of a reference of an image, or a digest alone, unless it is none.
func addDigest(digests []string, reference string) []string {
	digest := strings.ToLower(strings.TrimSpace(reference[strings.LastIndexByte(reference, '@')+1:]))
	if !bareDigest.MatchString(digest) || len(digests) == maxDigests || slices.Contains(digests, digest) {
		return digests
	}
	return append(digests, digest)
}

// digestsInto adds the digests in a text, or in a list of texts, to those of an image. It accepts any
// type.
func (d *document) digestsInto(digests *[]string) error {
	add := func(t json.Token) error {
		if text, ok := t.(string); ok {
			*digests = addDigest(*digests, text)
		}
		return d.skipRest(t)
	}
	t, err := d.dec.Token()
	switch {
	case err != nil:
		return err
	case t != json.Delim('['):
		return add(t)
	}
	return d.elements(func() error {
		t, err := d.dec.Token()
		if err != nil {
			return err
		}
		return add(t)
	})
}

var (
	bareDigest = regexp.MustCompile(`^sha[0-9]+:[0-9a-f]{32,128}$`)
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
