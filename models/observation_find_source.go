package models

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strings"
)

// How many keys are read at once and sorted here. With more, the list is read in the order of an
// index.
const (
	maxTitles = 2_000  // of rows whose titles begin with a text
	maxNarrow = 10_000 // of an index that has the keys
)

// identifier matches how the identifiers of vulnerabilities and advisories begin.
var identifier = regexp.MustCompile(`^(?i:cve|ghsa)-\S*$|^[A-Za-z]{2,}-[0-9]\S*$`)

// IsIdentifier reports whether a text is, or begins, the identifier of a vulnerability, such as
// CVE-2026-1 or GHSA-x. A list across products finds it by an index of titles.
func IsIdentifier(text string) bool { return identifier.MatchString(text) }

// findSource is a stream of the keys of a list, in its order.
type findSource interface {
	// next returns up to n keys, and what it costs to read them, in rows.
	next(ctx context.Context, n int) (keys []FoundKey, cost int, err error)
	// position returns the last key that was read, nil at the end.
	position() *FoundKey
}

// findSource chooses the cheapest stream for a filter:
//
//   - the keys of an index that has only matches of one part of the filter, if they are few
//   - the keys of the branches, sorted here, if they are few or in the order of the list
//   - the keys of all observations in the order of an index, as far as they are of the branches
func (r queries) findSource(ctx context.Context, scope Scope, f FindFilter) (findSource, findBranches, error) {
	for _, seed := range f.seeds(r.dialect) {
		keys, err := r.readKeys(ctx, f, seed.sqlFragment, seed.max+1)
		if err != nil {
			return nil, nil, err
		}
		if len(keys) > seed.max {
			continue
		}
		branches, err := r.branchesToFind(ctx, scope, f, branchesOf(keys))
		return newListedKeys(f, branches, keys), branches, err
	}
	branches, err := r.branchesToFind(ctx, scope, f, nil)
	if err != nil {
		return nil, nil, err
	}
	if f.Sort == SortSeverity || f.Sort == SortProduct {
		return newGroupedKeys(r, f, branches), branches, nil
	}
	if branches.few(f) {
		keys, err := r.readKeys(ctx, f, idSet(r.dialect, "o.branch_id", branches.ids()), maxNarrow+1)
		if err != nil {
			return nil, nil, err
		}
		if len(keys) <= maxNarrow {
			return newListedKeys(f, branches, keys), branches, nil
		}
	}
	return newWalkedKeys(r, f, branches), branches, nil
}

// few reports whether the branches have few observations that the filter lets through, as far as
// it is known.
func (list findBranches) few(f FindFilter) bool {
	if slices.Contains(f.actives(), false) {
		return len(list) <= 100
	}
	n := int64(0)
	from, to := f.severities()
	for _, b := range list {
		for s := from; s <= to; s++ {
			n += b.counts.Of(s)
		}
	}
	return n <= maxNarrow
}

// assessedSQL is the condition that a user has assessed the observation o. An index has it, so
// that it must be the same there.
const assessedSQL = "(o.assessed_status <> '' OR o.report_severity IS NOT NULL)"

// titleSQL is what the index of titles has of the observation o.
func titleSQL(d Dialect) string {
	if d == Postgres {
		return `lower(substr(o.title, 1, 60)) COLLATE "C"`
	}
	return "lower(substr(o.title, 1, 60))"
}

// titleBegins is the condition that the title of o begins with the filter's text, or is the text.
// It lets titles through that differ after 60 characters.
func titleBegins(d Dialect, f FindFilter) sqlFragment {
	runes := []rune(strings.ToLower(f.Text))
	from := string(runes[:min(len(runes), 60)])
	title := titleSQL(d)
	if f.Match == MatchWhole {
		return sqlFragment{title + " = ?", []any{from}}
	}
	return sqlFragment{title + " >= ? AND " + title + " < ?", []any{from, from + "\U0010FFFF"}}
}

// findSeed is a part of a filter that an index finds.
type findSeed struct {
	sqlFragment
	max int // keys that are worth reading
}

// seeds returns the parts of the filter that an index finds, the one that finds least first.
func (f FindFilter) seeds(d Dialect) []findSeed {
	var list []findSeed
	if f.begins() {
		list = append(list, findSeed{titleBegins(d, f), maxTitles})
	}
	if f.Assessed {
		list = append(list, findSeed{sqlFragment{text: assessedSQL}, maxNarrow})
	}
	if f.KEV {
		list = append(list, findSeed{sqlFragment{text: "o.kev"}, maxNarrow})
	}
	return list
}

// readKeys reads up to limit keys of observations that meet a condition, in no order.
func (r queries) readKeys(ctx context.Context, f FindFilter, cond sqlFragment, limit int) ([]FoundKey, error) {
	epss := "0"
	if f.Sort == SortEPSS {
		epss = "coalesce(" + epssSQL(r.dialect) + ", -1)"
	}
	if actives := f.actives(); len(actives) == 1 {
		cond.and("o.active = " + boolSQL(actives[0]))
	}
	var keys []FoundKey
	err := r.query(ctx, `
		SELECT o.branch_id, o.severity, NOT o.active, o.id, `+epss+`
		FROM observations o
		WHERE `+cond.text+`
		LIMIT ?`, append(cond.args, limit), collect(&keys, (*FoundKey).dst))
	return keys, err
}

func (k *FoundKey) dst() []any { return []any{&k.BranchID, &k.Severity, &k.Inactive, &k.ID, &k.EPSS} }

func boolSQL(b bool) string {
	if b {
		return "TRUE"
	}
	return "FALSE"
}

func branchesOf(keys []FoundKey) []int64 {
	ids := make([]int64, 0, len(keys))
	for _, k := range keys {
		ids = append(ids, k.BranchID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// epssSQL is the EPSS of the observation o, NULL without one. The index of EPSS has the same text.
func epssSQL(d Dialect) string {
	if d == Postgres {
		return `CAST(substring(o.details FROM '"epss":([0-9]+([.][0-9]+){0,1}(e-[0-9]+){0,1})') AS DOUBLE PRECISION)`
	}
	return "CASE WHEN o.details = '' THEN NULL ELSE json_extract(o.details, '$.epss') END"
}

// compare orders keys as the list is sorted.
func (f FindFilter) compare(a, b FoundKey) int {
	branch := func() int { return compareBranches(a.Product, a.BranchID, b.Product, b.BranchID) }
	activeFirst := cmp.Compare(inactiveRank(a), inactiveRank(b))
	severity, id := cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.ID, b.ID)
	switch f.Sort {
	case SortNewest:
		return -id
	case SortEPSS:
		return cmp.Or(cmp.Compare(b.EPSS, a.EPSS), -id)
	case SortProduct:
		return cmp.Or(branch(), activeFirst, severity, id)
	case SortSeverity:
	}
	return cmp.Or(severity, branch(), activeFirst, id)
}

func inactiveRank(k FoundKey) int {
	if k.Inactive {
		return 1
	}
	return 0
}

// listedKeys are keys that are all known, sorted.
type listedKeys struct {
	keys []FoundKey
	at   int
}

// newListedKeys sorts those of the keys that the filter lets through.
func newListedKeys(f FindFilter, branches findBranches, keys []FoundKey) *listedKeys {
	products, actives := branches.products(), f.actives()
	from, to := f.severities()
	kept := make([]FoundKey, 0, len(keys))
	for _, k := range keys {
		var known bool
		k.Product, known = products[k.BranchID]
		if !known || k.Severity < from || k.Severity > to || !slices.Contains(actives, !k.Inactive) ||
			f.Sort == SortEPSS && k.EPSS < 0 {
			continue
		}
		if f.After == nil || f.compare(k, *f.After) > 0 {
			kept = append(kept, k)
		}
	}
	slices.SortFunc(kept, f.compare)
	return &listedKeys{keys: kept}
}

func (l *listedKeys) next(_ context.Context, n int) ([]FoundKey, int, error) {
	from := l.at
	l.at = min(from+n, len(l.keys))
	return slices.Clone(l.keys[from:l.at]), l.at - from, nil
}

func (l *listedKeys) done() bool { return l.at == len(l.keys) }

func (l *listedKeys) position() *FoundKey {
	if l.done() {
		return nil
	}
	return &l.keys[l.at-1]
}
