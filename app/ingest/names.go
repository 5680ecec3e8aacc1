package ingest

import (
	"encoding/json"
	"strconv"
	"strings"
)

// cweNames returns weaknesses as CWE-79, from such names or bare numbers. Others are left out.
func cweNames(list []string) []string {
	var names []string
	for _, text := range list {
		text = strings.TrimSpace(text)
		if len(text) > 4 && strings.EqualFold(text[:4], "CWE-") {
			text = text[4:]
		}
		end := strings.IndexFunc(text, func(r rune) bool { return r < '0' || r > '9' })
		if end > 0 && text[end] == ':' { // CWE-79: Cross-site Scripting
			text = text[:end]
		}
		if n, err := strconv.ParseUint(text, 10, 32); err == nil && n > 0 {
			names = append(names, "CWE-"+strconv.FormatUint(n, 10))
		}
	}
	return names
}

// withoutQualifiers returns a package URL without its qualifiers and its subpath.
func withoutQualifiers(purl string) string {
	purl, _, _ = strings.Cut(purl, "?")
	purl, _, _ = strings.Cut(purl, "#")
	return purl
}

// textOrList is a text or a list of texts. Tools write both, and any other type is none.
type textOrList []string

// UnmarshalJSON never fails.
func (t *textOrList) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*t = nil
		if one != "" {
			*t = textOrList{one}
		}
		return nil
	}
	var list []any
	if json.Unmarshal(text, &list) != nil {
		return nil
	}
	for _, v := range list {
		if one, ok := v.(string); ok {
			*t = append(*t, one)
		}
	}
	return nil
}
