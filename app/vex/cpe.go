package vex

import (
	"slices"
	"strings"
)

// cpe is a Common Platform Enumeration.
type cpe struct {
	part    string // a = application, o = operating system, h = hardware
	product string
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
	return &cpe{part: fields[0], product: fields[2]}, version, true
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
