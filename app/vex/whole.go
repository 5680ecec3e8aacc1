package vex

import (
	"slices"
	"strings"
)

// isWhole reports whether a component of a statement is what Gatecrier knows as the product, or what
// a source scans.
func (c *component) isWhole(productName string, place Place) bool {
	return c.isDigest(place) ||
		slices.ContainsFunc(c.ids, func(id identifier) bool { return id.isWhole(productName, place) })
}

// isDigest reports whether a component that no purl and no CPE names has the digest of what was scanned.
func (c *component) isDigest(place Place) bool {
	return slices.ContainsFunc(c.hashes, place.has) &&
		!slices.ContainsFunc(c.ids, func(id identifier) bool { return id.purl != nil || id.cpe != nil })
}

// allows reports whether the hashes of a component do not contradict what is known of the image.
func (c *component) allows(place Place) bool {
	known := len(place.Digests) > 0 || isDigest(place.Reference)
	return len(c.hashes) == 0 || !known || slices.ContainsFunc(c.hashes, place.has)
}

// isDigest reports whether a reference is a digest. A tag has no colon.
func isDigest(reference string) bool { return strings.Contains(reference, ":") }

// has reports whether a tag or digest is that of what was scanned.
func (p Place) has(reference string) bool {
	return reference != "" && (reference == p.Reference || slices.Contains(p.Digests, reference))
}

func (id identifier) isWhole(productName string, place Place) bool {
	switch {
	case id.purl != nil:
		return id.purl.isWhole(productName, id.version, place)
	case id.cpe != nil:
		return id.cpe.part == "a" && id.hasReference(place) && strings.EqualFold(id.cpe.product, words(productName))
	}
	return id.hasReference(place) && (isNamed(id.name, productName, place) || isImageName(id.name, place))
}

// hasReference reports whether an identifier has no version, or that of what was scanned.
func (id identifier) hasReference(place Place) bool { return id.version == "" || place.has(id.version) }

// isImageName reports whether a name is that of the image that was scanned, perhaps with its tag, its
// digest or both, such as quay.io/shop/till:1.4.
func isImageName(name string, place Place) bool {
	name, digest, hasDigest := strings.Cut(name, "@")
	tag := ""
	if at := strings.LastIndexByte(name, ':'); at > strings.LastIndexByte(name, '/') {
		name, tag = name[:at], name[at+1:]
	}
	switch {
	case name == "":
		return false
	case hasDigest && (!isDigest(digest) || !place.has(digest)):
		return false
	case tag != "" && tag != place.Reference && !(hasDigest && isDigest(place.Reference)):
		return false
	}
	return image(name) == image(place.Source) || image(name) == image(place.Subject)
}

// words returns a name as CPEs write it.
func words(name string) string { return strings.Join(strings.Fields(name), "_") }

// isNamed reports whether a name is that of the product or of a source.
func isNamed(name, productName string, place Place) bool {
	return name != "" && (strings.EqualFold(name, productName) || name == place.Source || name == place.Subject)
}

func (p *purl) isWhole(productName, version string, place Place) bool {
	if p.isSystemPackage() || p.subpath != "" || !p.hasReference(version, place) {
		return false
	}
	if p.namespace == "" && strings.EqualFold(p.name, productName) {
		return true
	}
	for _, name := range p.fullNames() {
		if strings.EqualFold(name, productName) || image(name) == image(place.Source) || image(name) == image(place.Subject) {
			return true
		}
	}
	return false
}

// isImage reports whether a purl is that of a container image.
func (p *purl) isImage() bool { return p.kind == "oci" || p.kind == "docker" }

// hasReference reports whether a purl has no version and no tag, or that of what was scanned. Other
// qualifiers, such as the architecture, cannot be compared, but a digest has only one of each.
func (p *purl) hasReference(version string, place Place) bool {
	tag := p.qualifiers["tag"]
	switch {
	case version != "":
		return place.has(version)
	case tag != "" && tag != place.Reference:
		return false
	}
	for key := range p.qualifiers {
		if key != "tag" && key != "repository_url" {
			return false
		}
	}
	return true
}

// fullNames returns the names that a report gives what the purl names.
func (p *purl) fullNames() []string {
	name := p.name
	if p.namespace != "" {
		name = p.namespace + "/" + p.name
	}
	names := []string{name}
	if p.namespace != "" && !p.isImage() {
		names = append(names, p.namespace+":"+p.name)
	}
	if url := strings.TrimRight(p.qualifiers["repository_url"], "/"); url != "" && p.isImage() {
		if _, rest, ok := strings.Cut(url, "://"); ok {
			url = rest
		}
		if names = []string{url + "/" + name}; strings.HasSuffix(url, "/"+name) {
			names = append(names, url)
		}
	}
	return names
}

// image returns the name of an image without the parts that Docker adds to those of its own registry.
func image(name string) string {
	for _, host := range []string{"docker.io/", "index.docker.io/", "registry-1.docker.io/"} {
		if rest, ok := strings.CutPrefix(name, host); ok {
			return strings.TrimPrefix(rest, "library/")
		}
	}
	return strings.TrimPrefix(name, "library/")
}
