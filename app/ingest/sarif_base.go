package ingest

import (
	"maps"
	"slices"
	"strings"
)

// sarifBases are the directories that the URIs of a run are relative to, by their IDs.
type sarifBases struct {
	given map[string]sarifBase
	used  []string // the IDs that files name; number n is used[n-1], the last number is of the rest too
}

// sarifBase is a directory, which can be relative to another one.
type sarifBase struct {
	URI    string        `json:"uri"`
	BaseID loose[string] `json:"uriBaseId"`
}

// maxBases is the largest number of a base: findings keep it in two bits of their state, which
// SARIF does not need until its runs are joined.
const (
	maxBases  = 3
	baseShift = 6
)

// withBase returns the state with the number of a base.
func (s state) withBase(n uint8) state { return s&^(maxBases<<baseShift) | state(n)<<baseShift }

func (s state) base() int { return int(s >> baseShift) }

// file returns the file of a URI.
func (r *sarifRun) file(baseID, uri string) sarifFile {
	uri = cleanURI(uri)
	return sarifFile{
		id: digestOf("file", baseID, uri), stable: digestOf("file", "", uri), base: r.bases.number(baseID),
	}
}

// number returns the number of a base, 0 for none.
func (b *sarifBases) number(id string) uint8 {
	if id == "" {
		return 0
	}
	n := slices.Index(b.used, id)
	if n < 0 {
		if len(b.used) < maxUsedBases {
			b.used = append(b.used, strings.Clone(id))
		}
		n = len(b.used) - 1
	}
	return uint8(min(n+1, maxBases))
}

// maxUsedBases bounds the IDs of bases that are looked at; tools write one or two.
const maxUsedBases = 100

// readBases reads the bases of a run. A run can do without them.
func (s *sarif) readBases() error {
	errs := s.doc.typeErrs
	s.doc.typeErrs = nil
	err := s.doc.object(func(id string) error {
		var v loose[sarifBase]
		_, err := s.doc.decodeStrict(&v)
		if s.run.bases.given == nil {
			s.run.bases.given = map[string]sarifBase{}
		}
		if len(s.run.bases.given) < maxUsedBases {
			s.run.bases.given[id] = v.v
		}
		return err
	})
	s.doc.typeErrs = errs
	return err
}

// resolved returns the directories of all bases that are given or used, "" for those that are not
// given.
func (b *sarifBases) resolved() map[string]string {
	all := map[string]string{}
	for id := range b.given {
		if dir := b.resolve(id, maxBaseParents); dir != "" {
			all[id] = dir
		}
	}
	for _, id := range b.used {
		all[id] += ""
	}
	return all
}

// maxBaseParents bounds the levels of bases, which can be relative to each other in a circle.
const maxBaseParents = 16

// resolve returns a directory with a slash at its end, "" for none.
func (b *sarifBases) resolve(id string, levels int) string {
	base, ok := b.given[id]
	if !ok || levels == 0 {
		return ""
	}
	uri := base.URI
	if base.BaseID.v != "" && !uriScheme.MatchString(uri) {
		uri = b.resolve(base.BaseID.v, levels-1) + uri
	}
	if uri == "" {
		return ""
	}
	return strings.TrimSuffix(cleanURI(uri), "/") + "/"
}

// endedRun is a run with its findings, which lack the base and the category.
type endedRun struct {
	findings *Findings
	category string
	used     []string
	bases    map[string]string // directories by ID
}

// maxEndedRuns bounds the runs that wait for others.
const maxEndedRuns = 1000

// keepRun keeps a run until the others are read. Without a base, it joins the run before.
func (s *sarif) keepRun(run endedRun) {
	if run.findings.Len() == 0 && len(run.bases) == 0 {
		return
	}
	if n := len(s.ended); n > 0 {
		last := s.ended[n-1]
		if len(run.bases)+len(last.bases) == 0 && run.category == last.category {
			run.findings.list.drain(func(c *compactFinding) { last.findings.addCompact(*c) })
			return
		}
		last.findings.dropIndex()
	}
	if s.ended = append(s.ended, run); len(s.ended) == maxEndedRuns {
		s.joinRuns()
	}
}

// joinRuns adds the findings of the runs to those of the file. Where runs have one ID for several
// directories, the directory is a part of the identities: without the directory that all of them are
// in, since each checkout can have another.
func (s *sarif) joinRuns() {
	if s.common == nil {
		s.common = map[string]string{}
		for _, run := range s.ended {
			for id, dir := range run.bases {
				if known, ok := s.common[id]; ok {
					dir = commonBase(known, dir)
				}
				s.common[id] = dir
			}
		}
	}
	for _, run := range s.ended {
		parts := run.baseParts(s.common)
		if s.findings.Len() == 0 {
			for i := range run.findings.Len() {
				run.finish(s.findings.texts, run.findings.list.at(i), &parts)
			}
			run.findings.dropIndex()
			s.findings = run.findings
			continue
		}
		run.findings.list.drain(func(c *compactFinding) {
			run.finish(s.findings.texts, c, &parts)
			s.findings.addCompact(*c)
		})
	}
	s.ended = nil
}

// finish adds the base and the category of the run to a finding.
func (r *endedRun) finish(t *texts, c *compactFinding, parts *[maxBases]digest) {
	if n := c.state.base(); n > 0 {
		for i := range c.identity {
			c.identity[i] ^= parts[n-1][i]
		}
		c.state = c.state.withBase(0)
	}
	if r.category != "" {
		t.categorize(c, r.category)
	}
}

// baseParts returns what the base of each number adds to an identity, zero for nothing.
func (r *endedRun) baseParts(common map[string]string) (parts [maxBases]digest) {
	rest := func(id string) string { return strings.TrimPrefix(r.bases[id], common[id]) }
	for i := range min(len(r.used), maxBases) {
		if dir := rest(r.used[i]); dir != "" {
			parts[i] = digestOf("base", dir)
		}
	}
	if len(r.used) <= maxBases {
		return parts
	}
	var all []string
	given := false
	for _, id := range slices.Sorted(maps.Keys(r.bases)) {
		all = append(all, id, rest(id))
		given = given || rest(id) != ""
	}
	if parts[maxBases-1] = (digest{}); given {
		parts[maxBases-1] = digestOf(append([]string{"bases"}, all...)...)
	}
	return parts
}

// commonBase returns the longest directory that two directories are in.
func commonBase(a, b string) string {
	end := 0
	for i := 0; i < len(a) && i < len(b) && a[i] == b[i]; i++ {
		if a[i] == '/' {
			end = i + 1
		}
	}
	return a[:end]
}
