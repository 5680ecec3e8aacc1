package ingest

import (
	"gatecrier/models"
)

// extra is what few findings of a large report have. It is stored as one text.
type extra struct {
	fix     string
	match   matchKey // without stable, which each finding has
	details models.EncodedDetails
}

// putExtra stores an extra: the length of the fix, the fix, the match key, the details.
func (t *texts) putExtra(e extra) textRef {
	match := e.match.rest()
	if e.fix == "" && match == "" && e.details == "" {
		return 0
	}
	return t.putRaw(string([]byte{byte(len(e.fix)), byte(len(match))}) + e.fix + match + string(e.details))
}

// extra returns a stored extra. Its texts are shared.
func (t *texts) extra(at textRef) extra {
	s := t.get(at)
	if s == "" {
		return extra{}
	}
	fix, match := int(s[0]), int(s[1])
	s = s[2:]
	return extra{
		fix: s[:fix], match: matchKeyOf(shortDigest{}, s[fix:fix+match]),
		details: models.EncodedDetails(s[fix+match:]),
	}
}
