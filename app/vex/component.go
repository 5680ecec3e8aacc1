package vex

import (
	"slices"
	"strings"

	"github.com/package-url/packageurl-go"
)

// product is a Product with parsed identifiers.
type product struct {
	component
	parts []component
}

// component is a Component with parsed identifiers.
type component struct {
	ids    []identifier
	arch   string
	hashes []string
}

// identifier is a purl, a CPE or a name.
type identifier struct {
	purl    *purl
	cpe     *cpe
	name    string // neither of them
	version string // "" = any
}

// purl is a package URL.
type purl struct {
	kind       string // its type
	namespace  string
	name       string
	qualifiers map[string]string
	subpath    string
}

// found is the component of an observation.
type found struct {
	purl    *purl // nil = not known
	text    string
	version string // of the purl
}

func parseProduct(p Product) product {
	parsed := product{component: parseComponent(p.Component)}
	for _, part := range p.Parts {
		parsed.parts = append(parsed.parts, parseComponent(part))
	}
	return parsed
}

// parseComponent parses the identifiers of a component. Those of a range of versions are left out,
// and so are those without a version where another one has one.
func parseComponent(c Component) component {
	parsed := component{arch: c.Arch}
	for _, hash := range c.Hashes {
		parsed.hashes = append(parsed.hashes, strings.ToLower(hash))
	}
	for _, text := range c.IDs {
		id, ok := parseIdentifier(text, c.Version)
		if ok && (id.version != "" || !c.Range) {
			parsed.ids = append(parsed.ids, id)
		}
	}
	parsed.ids = slices.DeleteFunc(parsed.ids, func(id identifier) bool {
		return id.version == "" && slices.ContainsFunc(parsed.ids, func(other identifier) bool { return other.version != "" })
	})
	return parsed
}

func parseIdentifier(text, version string) (identifier, bool) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return identifier{}, false
	case strings.HasPrefix(text, "pkg:"):
		p, own, ok := parsePURL(text)
		if !ok {
			return identifier{}, false
		}
		if vers, given := p.qualifiers["vers"]; given {
			exact, ok := ExactVersion(vers)
			if !ok || own != "" && own != exact {
				return identifier{}, false
			}
			own = exact
			delete(p.qualifiers, "vers")
		}
		return identifier{purl: p, version: first(own, p.withoutPrefix(version))}, true
	case strings.HasPrefix(text, "cpe:"):
		c, own, ok := parseCPE(text)
		return identifier{cpe: c, version: first(own, version)}, ok
	}
	return identifier{name: text, version: version}, true
}

func parsePURL(text string) (p *purl, version string, ok bool) {
	u, err := packageurl.FromString(text)
	if err != nil || u.Name == "" {
		return nil, "", false
	}
	p = &purl{
		kind: u.Type, namespace: u.Namespace, name: u.Name, qualifiers: u.Qualifiers.Map(), subpath: u.Subpath,
	}
	version = p.withoutPrefix(u.Version)
	return p, version, true
}

// withoutPrefix returns a version as it is compared: that of a Go module without its v.
func (p *purl) withoutPrefix(version string) string {
	if p.kind == packageurl.TypeGolang {
		return strings.TrimPrefix(version, "v")
	}
	return version
}

// ExactVersion returns the only version of a range in the notation of vers, such as vers:npm/1.2.3 or
// vers:npm/=1.2.3, and reports whether it has only one.
func ExactVersion(vers string) (string, bool) {
	rest, ok := strings.CutPrefix(vers, "vers:")
	if ok {
		if _, rest, ok = strings.Cut(rest, "/"); !ok {
			return "", false
		}
	}
	rest = strings.TrimPrefix(strings.TrimSpace(rest), "=")
	return rest, rest != "" && !strings.ContainsAny(rest, "<>=!|*^~, ")
}

func first(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

func parseFound(text, id string) found {
	f := found{text: text}
	if p, version, ok := parsePURL(id); ok {
		f.purl, f.version = p, version
	}
	return f
}

// isComponent reports whether a component of a statement is that of an observation.
func (c *component) isComponent(f found) bool {
	return slices.ContainsFunc(c.ids, func(id identifier) bool { return id.isComponent(f) })
}

func (id identifier) isComponent(f found) bool {
	switch {
	case id.purl != nil && f.purl != nil:
		return id.purl.covers(f.purl) && (id.version == "" || id.version == f.version)
	case id.purl != nil:
		return len(id.purl.qualifiers) == 0 && id.purl.subpath == "" && id.isText(id.purl.componentNames(), f.text)
	case id.cpe != nil && f.purl != nil:
		return id.version != "" && id.version == f.version && id.cpe.isPackage(f.purl)
	case id.cpe != nil: // its vendor cannot be compared
		return id.version != "" && id.isText([]string{id.cpe.product}, f.text)
	case f.purl != nil: // of which kind of package the name is, is not known
		return false
	}
	return id.version == "" && f.text != "" && strings.EqualFold(id.name, f.text) ||
		id.version != "" && id.isText([]string{id.name}, f.text)
}

// isOfArchitecture reports whether a component is of any architecture, or of that of an observation.
func (c *component) isOfArchitecture(f found) bool {
	return c.arch == "" || f.purl != nil && strings.EqualFold(c.arch, f.purl.qualifiers["arch"])
}

// isText reports whether a text is one of some names and the version, or, without a version, one of
// the names and any version.
func (id identifier) isText(names []string, text string) bool {
	name, version := text, ""
	if at := strings.LastIndexByte(text, ' '); at >= 0 {
		name, version = text[:at], text[at+1:]
	}
	if id.purl != nil {
		version = id.purl.withoutPrefix(version)
	}
	if name == "" || id.version != "" && id.version != version {
		return false
	}
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}

// covers reports whether a purl of a statement, without its version, is that of a component: each
// qualifier that the statement gives must be equal.
func (p *purl) covers(other *purl) bool {
	if p.kind != other.kind || p.namespace != other.namespace || p.name != other.name {
		return false
	}
	if p.subpath != "" && p.subpath != other.subpath {
		return false
	}
	for key, value := range p.qualifiers {
		if other.qualifiers[key] != value {
			return false
		}
	}
	return true
}

// systemPackages are the types of purls of packages of an operating system. Their namespace is the
// system, and no part of the package's name.
var systemPackages = []string{"deb", "rpm", "apk", "alpm", "apt", "qpkg", "ebuild"}

func (p *purl) isSystemPackage() bool { return slices.Contains(systemPackages, p.kind) }

// componentNames returns the names that reports give the package of a purl.
func (p *purl) componentNames() []string {
	if p.namespace == "" || p.isSystemPackage() {
		return []string{p.name}
	}
	return []string{p.namespace + "/" + p.name, p.namespace + ":" + p.name}
}

// isExactPackage reports whether a component is one version of a package of an operating system.
func (c *component) isExactPackage() bool {
	return len(c.ids) > 0 && !slices.ContainsFunc(c.ids, func(id identifier) bool {
		return id.purl == nil || !id.purl.isSystemPackage() || id.version == ""
	})
}
