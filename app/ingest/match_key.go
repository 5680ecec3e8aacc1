package ingest

// matchKey is how a finding of the next report is recognized as this one, although its identity
// differs: it has moved, or its vulnerability has another name. A zero part is none.
type matchKey struct {
	// stable comes from what names the finding, without what changes when it moves: lines, tags,
	// digests of images, qualifiers of package URLs. Each finding has one.
	stable shortDigest
	// print comes from the fingerprints that its tool gives it.
	print shortDigest
	// snippet comes from its code or its secret. Findings of different ones are different.
	snippet shortDigest
	// component comes from the package and its place, if the finding is a vulnerability: its title
	// and its aliases name it there.
	component shortDigest
}

// shortDigest is the first part of a digest, which is enough to pair the few findings that have moved.
type shortDigest [7]byte

// short returns the first part.
func (d digest) short() shortDigest { return shortDigest(d[:]) }

// rest returns the parts other than stable: a byte of which parts follow, and these.
func (k matchKey) rest() string {
	var which byte
	var parts []byte
	for i, part := range [...]shortDigest{k.print, k.snippet, k.component} {
		if part != (shortDigest{}) {
			which |= 1 << i
			parts = append(parts, part[:]...)
		}
	}
	if which == 0 {
		return ""
	}
	return string(append([]byte{which}, parts...))
}

// stored returns the key as observations store it.
func (k matchKey) stored() []byte { return append(k.stable[:], k.rest()...) }

// matchKeyOf returns the key with a stable part and the result of rest. Parts that are cut off
// are none.
func matchKeyOf(stable shortDigest, rest string) matchKey {
	k := matchKey{stable: stable}
	if rest == "" {
		return k
	}
	which, rest := rest[0], rest[1:]
	for i, part := range [...]*shortDigest{&k.print, &k.snippet, &k.component} {
		if which&(1<<i) != 0 && len(rest) >= len(part) {
			*part, rest = shortDigest([]byte(rest[:len(part)])), rest[len(part):]
		}
	}
	return k
}

// storedMatchKey returns the key of an observation; ok is false for one that was stored before
// there were keys.
func storedMatchKey(stored []byte) (k matchKey, ok bool) {
	if len(stored) < len(k.stable) {
		return k, false
	}
	return matchKeyOf(shortDigest(stored[:len(k.stable)]), string(stored[len(k.stable):])), true
}
