package ingest

import (
	"hash/maphash"
	"strings"

	"gatecrier/app/scrub"
)

// putText stores a text of a report without the secrets in it. What identifies a finding is computed from the
// text as the report has it, so that findings stay the same.
func (t *texts) putText(s string, limit int) textRef {
	if len(s) < minScrubbed {
		return t.put(s, limit)
	}
	if t.scrubbed == nil {
		t.scrubbed = make([]cachedText, cacheSize)
	}
	hash := maphash.String(t.seed, s) + uint64(limit) //nolint:gosec // it is positive; a title is shorter than a text
	r := &t.scrubbed[hash%cacheSize]
	if r.at == 0 || r.hash != hash { // the seed is random: no report can make two texts collide
		text, _ := scrub.Cut(s, limit)
		*r = cachedText{hash: hash, at: t.put(text, limit)}
	}
	return r.at
}

// minScrubbed is the length from which a text is searched for secrets, in bytes: shorter ones are names.
const minScrubbed = 5

// putPlace is putText for a location: a path has no secret, an address can.
func (t *texts) putPlace(s string) textRef {
	if strings.Contains(s, "://") {
		return t.putText(s, maxLocation)
	}
	return t.put(s, maxLocation)
}

// putTitle is putText for the title of a finding that is complete. The title of one that is not names a rule.
func (t *texts) putTitle(identity digest, s string) textRef {
	if identity == (digest{}) {
		return t.put(s, maxTitle)
	}
	return t.putText(s, maxTitle)
}
