package ingest

import (
	"hash/maphash"
	"strings"
)

// textRef is a position in texts; 0 is the empty text.
type textRef uint32

const (
	pageBits  = 16
	pageSize  = 1 << pageBits // far more than the longest text
	cacheSize = 1 << 13
)

// texts stores the texts of a report side by side. Texts that repeat soon, like names of
// components, files and rules, are stored once. It holds 4 GiB, more than the largest
// report; beyond that, texts are empty.
type texts struct {
	seed   maphash.Seed
	pages  []*strings.Builder // no page grows: a text that get returned stays valid
	recent []cachedText
	// scrubbed are recent texts without their secrets, by the hash of the text that had them.
	scrubbed []cachedText
	size     int // bytes of all texts
	details  int // of them, those of details
}

type cachedText struct {
	hash uint64
	at   textRef
}

func newTexts() *texts { return &texts{seed: maphash.MakeSeed()} }

// put stores a text, cleaned and cut to at most limit bytes.
func (t *texts) put(s string, limit int) textRef { return t.putRaw(clean(s, limit)) }

// putRaw stores a text of at most 65,535 bytes as it is.
func (t *texts) putRaw(s string) textRef {
	if s == "" {
		return 0
	}
	if t.recent == nil {
		t.recent = make([]cachedText, cacheSize)
	}
	hash := maphash.String(t.seed, s)
	r := &t.recent[hash%cacheSize]
	if r.at == 0 || r.hash != hash || t.get(r.at) != s {
		*r = cachedText{hash: hash, at: t.write(s)}
	}
	return r.at
}

// write appends a text after its length in two bytes.
func (t *texts) write(s string) textRef {
	last := len(t.pages) - 1
	if last < 0 || t.pages[last].Len()+2+len(s) > pageSize {
		if last+1 == 1<<(32-pageBits) {
			return 0
		}
		t.pages, last = append(t.pages, newPage()), last+1
	}
	page := t.pages[last]
	t.size += 2 + len(s)
	at := textRef(last<<pageBits | page.Len()) //nolint:gosec // the number of pages is checked above
	page.WriteByte(byte(len(s) >> 8 & 0xff))
	page.WriteByte(byte(len(s) & 0xff))
	page.WriteString(s)
	return at
}

// newPage returns a page with one byte, so that no text is at 0.
func newPage() *strings.Builder {
	var page strings.Builder
	page.Grow(pageSize)
	page.WriteByte(0)
	return &page
}

// get returns a text without copying it.
func (t *texts) get(at textRef) string {
	if at == 0 {
		return ""
	}
	page := t.pages[at>>pageBits].String()[at&(pageSize-1):]
	return page[2 : 2+(int(page[0])<<8|int(page[1]))]
}

func (t *texts) hash(at textRef) uint64 { return maphash.String(t.seed, t.get(at)) }

const chunkSize = 1 << 12

// chunks is a list that grows without being copied.
type chunks[T any] struct {
	list [][]T
	n    int
}

func (c *chunks[T]) add(v T) {
	if c.n%chunkSize == 0 {
		c.list = append(c.list, make([]T, 0, min(chunkSize, 16+c.n*chunkSize)))
	}
	last := len(c.list) - 1
	c.list[last] = append(c.list[last], v)
	c.n++
}

func (c *chunks[T]) at(i int) *T { return &c.list[i/chunkSize][i%chunkSize] }

// drain calls fn for each element in turn, and frees them on the way.
func (c *chunks[T]) drain(fn func(v *T)) {
	list := c.list
	c.list, c.n = nil, 0
	for i := range list {
		for j := range list[i] {
			fn(&list[i][j])
		}
		list[i] = nil
	}
}
