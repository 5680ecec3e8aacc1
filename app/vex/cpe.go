package vex

import (
	"slices"
	"strings"
)

// cpe is a Common Platform Enumeration.
type cpe struct {
	part    string // a = application, o = operating system, h = hardware
	product string
	target  string // the software that the product is for, such as node.js
}

// parseCPE parses a CPE 2.2 or 2.3, and returns its version; "" = any.
func parseCPE(text string) (c *cpe, version string, ok bool) {
	rest, isNew := strings.CutPrefix(text, "cpe:2.3:")
	if !isNew {
		if rest, ok = strings.CutPrefix(text, "cpe:/"); !ok {
			return nil, "", false
		}
	}
	fields := splitCPE(rest)
	if len(fields) < 3 || fields[2] == "" || fields[2] == "*" {
		return nil, "", false
	}
	if len(fields) > 3 && fields[3] != "*" && fields[3] != "-" {
		version = fields[3]
	}
	c = &cpe{part: fields[0], product: fields[2]}
	if isNew && len(fields) > 8 {
		c.target = strings.ToLower(fields[8])
	}
	return c, version, true
}

// cpeTargets are the types of the purls of packages for a software.
var cpeTargets = map[string]string{
	"node.js": "npm", "python": "pypi", "ruby": "gem", "rust": "cargo", "go": "golang", "php": "composer", ".net": "nuget",
}

// isPackage reports whether a product is a package: of the software that the product is for, and with
// its name alone.
func (c *cpe) isPackage(p *purl) bool {
	return c.target != "" && cpeTargets[c.target] == p.kind && p.namespace == "" && strings.EqualFold(c.product, p.name)
}

// splitCPE splits a CPE at its colons, and unescapes its fields.
func splitCPE(text string) []string {
	var fields []string
	var field strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && i+1 < len(text):
			i++
			field.WriteByte(text[i])
		case text[i] == ':':
			fields = append(fields, field.String())
			field.Reset()
		default:
			field.WriteByte(text[i])
		}
	}
	return append(fields, field.String())
}

// isSystem reports whether a product is an operating system, and nothing else. A package of it that
// has one version is what the statement is about, wherever the system runs.
func (c *component) isSystem() bool {
	return len(c.ids) > 0 && !slices.ContainsFunc(c.ids, func(id identifier) bool {
		return id.cpe == nil || id.cpe.part != "o"
	})
}
