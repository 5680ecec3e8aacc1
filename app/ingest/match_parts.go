package ingest

import (
	"regexp"
	"strings"
)

// imageReference matches the reference of an image: its name, then a tag, a digest, or both. The
// port of a registry is no tag, since a slash follows it.
var imageReference = regexp.MustCompile(
	`^([a-z0-9][a-z0-9._:/-]*?)(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@[a-z0-9+._-]+:[0-9a-fA-F]+)?$`,
)

// imageName returns the name of an image without its tag and its digest. It returns texts that are
// no reference of an image, such as paths with upper case letters, as they are.
func imageName(reference string) string {
	if parts := imageReference.FindStringSubmatch(reference); parts != nil {
		return parts[1]
	}
	return reference
}

// packageURL returns a package URL without its qualifiers, such as the architecture or the
// distribution.
func packageURL(purl string) string {
	rest, path, _ := strings.Cut(purl, "#") // a path in the package
	name, _, qualified := strings.Cut(rest, "?")
	if !qualified {
		return purl
	}
	if path != "" {
		return name + "#" + path
	}
	return name
}

// snippetDigest returns the hash of code or a secret without the blanks around it, zero for none.
func snippetDigest(code string) shortDigest {
	if code = strings.TrimSpace(code); code == "" {
		return shortDigest{}
	}
	return digestOf("snippet", code).short()
}

// withSnippet adds a snippet, if there is one, to an identity: other code at a place is another
// finding.
func (d digest) withSnippet(snippet shortDigest) digest {
	if snippet == (shortDigest{}) {
		return d
	}
	return digestOf("snippet", string(snippet[:]), string(d[:]))
}

// sharedID matches IDs that different vulnerabilities have in common: those of weaknesses, and
// those of a distribution's advisories, which fix several vulnerabilities at once.
var sharedID = regexp.MustCompile(`(?i)^((cwe|owasp|wasc|capec)[-: ]|` +
	`(dsa|dla|dtsa|usn|lsn|glsa|mgasa|mgaa|oesa|phsa|asa|avg|vmsa|fedora(-[a-z]+)*|alas[a-z0-9.]*)-|` +
	`(rh|al|rl|rx|el|ce|ov)[sbe]a-|(open)?suse-[a-z]+-)`)

// aliasesOf returns the IDs that name the same vulnerability as its title.
func aliasesOf(title string, ids []string) []string {
	var list []string
	for _, id := range ids {
		id = strings.TrimSpace(id)
		if id != "" && !strings.EqualFold(id, title) && !sharedID.MatchString(id) {
			list = append(list, id)
		}
	}
	return list
}

// idIn returns a title that is an ID, such as CVE-2031-5, else "": different vulnerabilities of a
// package can have a title such as "Denial of service" in common.
func idIn(title string) string {
	if strings.ContainsAny(title, " \t\n") {
		return ""
	}
	if strings.ContainsAny(title, "0123456789") || strings.HasPrefix(strings.ToUpper(title), "GHSA-") {
		return title
	}
	return ""
}
