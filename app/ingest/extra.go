package ingest

import (
	"encoding/binary"

	"gatecrier/models"
)

// extra is what few findings of a large report have. It is stored as one text.
type extra struct {
	fix     string
	match   matchKey // without stable, which each finding has
	details models.EncodedDetails
}

// maxDetailsTotal bounds the details of a report, in bytes. A small report can repeat the long
// details of a rule or a vulnerability for very many findings; beyond the bound, findings have none.
const maxDetailsTotal = 64 << 20

// putExtra stores an extra: the lengths of the fix and of the match key, both of these, and the
// place of the details, which are a text of their own since the findings of a rule share them.
func (t *texts) putExtra(e extra) textRef {
	match := e.match.rest()
	if e.fix == "" && match == "" && e.details == "" {
		return 0
	}
	text := append([]byte{byte(len(e.fix)), byte(len(match))}, e.fix+match...) //nolint:gosec // both are short
	if at := t.putDetails(e.details); at != 0 {
		text = binary.LittleEndian.AppendUint32(text, uint32(at))
	}
	return t.putRaw(string(text))
}

func (t *texts) putDetails(details models.EncodedDetails) textRef {
	if t.details >= maxDetailsTotal {
		return 0
	}
	before := t.size
	at := t.putRaw(string(details))
	t.details += t.size - before
	return at
}

// extra returns a stored extra. Its texts are shared.
func (t *texts) extra(at textRef) extra {
	s := t.get(at)
	if s == "" {
		return extra{}
	}
	fix, match := int(s[0]), int(s[1])
	s = s[2:]
	e := extra{fix: s[:fix], match: matchKeyOf(shortDigest{}, s[fix:fix+match])}
	if s = s[fix+match:]; s != "" {
		e.details = models.EncodedDetails(t.get(textRef(binary.LittleEndian.Uint32([]byte(s)))))
	}
	return e
}
