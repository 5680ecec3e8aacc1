package models

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
)

// How groups of keys are read.
const (
	maxGroups   = 50 // in one statement
	fewUnknown  = 8  // groups of unknown sizes in one statement
	costOfProbe = 10 // of a group of unknown size, in rows
	maxProbed   = 50 // branches: with more, the empty groups are found at once
)

// groupedKeys are the keys of branches, group after group. A group has the active, or the inactive,
// observations of a branch: those of one severity if the list is sorted by severity. The counts of
// a branch say which groups have active ones, so that no empty group is read.
type groupedKeys struct {
	r          queries
	branches   findBranches
	actives    []bool
	severities [][2]Severity // the first and the last of each round over all branches
	at         int           // the group that is read next
	after      FoundKey      // the last key of that group that was read
	last       *FoundKey
	// inactive has, for each round that was read, the branches with inactive observations.
	inactive map[int]map[int64]bool
}

func newGroupedKeys(r queries, f FindFilter, branches findBranches) *groupedKeys {
	g := &groupedKeys{r: r, branches: branches, actives: f.actives(), inactive: map[int]map[int64]bool{}}
	from, to := f.severities()
	if f.Sort == SortProduct {
		g.severities = [][2]Severity{{from, to}}
	} else {
		for s := from; s <= to; s++ {
			g.severities = append(g.severities, [2]Severity{s, s})
		}
	}
	g.rewind()
	if f.After != nil {
		g.seek(*f.After)
	}
	return g
}

// rewind makes the next read begin with the first key of the group.
func (g *groupedKeys) rewind() { g.after = FoundKey{Severity: -1, ID: math.MaxInt64} }

// seek makes the next read begin after a key.
func (g *groupedKeys) seek(k FoundKey) {
	round := slices.IndexFunc(g.severities, func(s [2]Severity) bool { return s[1] >= k.Severity })
	if round < 0 {
		g.at = g.end()
		return
	}
	g.at = round * len(g.branches) * len(g.actives)
	if g.severities[round][0] > k.Severity {
		return
	}
	branch, found := g.branches.search(k.Product, k.BranchID)
	g.at += branch * len(g.actives)
	if !found {
		return
	}
	if active := slices.Index(g.actives, !k.Inactive); active >= 0 {
		g.at += active
		g.after = k
	}
}

func (g *groupedKeys) end() int { return len(g.severities) * len(g.branches) * len(g.actives) }

// keyGroup is one group: what its keys have in common.
type keyGroup struct {
	findBranch
	active   bool
	from, to Severity
}

func (g *groupedKeys) group(at int) keyGroup {
	active := g.actives[at%len(g.actives)]
	at /= len(g.actives)
	s := g.severities[at/len(g.branches)]
	return keyGroup{g.branches[at%len(g.branches)], active, s[0], s[1]}
}

func (g *groupedKeys) round(at int) int { return at / (len(g.branches) * len(g.actives)) }

// size returns how many keys a group has; known is false for inactive ones, which no count has.
func (g *groupedKeys) size(at int) (n int64, known bool) {
	k := g.group(at)
	if !k.active {
		filled, known := g.inactive[g.round(at)]
		return 0, known && !filled[k.id]
	}
	for s := k.from; s <= k.to; s++ {
		n += k.counts.Of(s)
	}
	return n, true
}

// findInactive finds the branches with inactive observations for the round of a group, if there are
// many branches.
func (g *groupedKeys) findInactive(ctx context.Context, at int) error {
	k, round := g.group(at), g.round(at)
	if k.active || len(g.branches) <= maxProbed || g.inactive[round] != nil {
		return nil
	}
	filled := map[int64]bool{}
	set := idSet(g.r.dialect, "b.id", g.branches.ids())
	err := g.r.query(ctx, `
		SELECT b.id
		FROM branches b
		WHERE `+set.text+`
		AND (
			SELECT o.id
			FROM observations o
			WHERE o.branch_id = b.id
			AND o.active = FALSE
			AND o.severity >= ?
			AND o.severity <= ?
			LIMIT 1
		) IS NOT NULL`, append(set.args, k.from, k.to), func(rows scanner) error {
		var id int64
		err := rows.Scan(&id)
		filled[id] = true
		return err
	})
	g.inactive[round] = filled
	return err
}

func (g *groupedKeys) next(ctx context.Context, n int) (keys []FoundKey, cost int, err error) {
	var groups []int
	end := g.end()
	at := g.at
	for expected := 0; at < end && len(groups) < maxGroups && expected < n; at++ {
		if err := g.findInactive(ctx, at); err != nil {
			return nil, 0, err
		}
		size, known := g.size(at)
		if known && size == 0 {
			continue
		}
		groups = append(groups, at)
		if known {
			expected += int(min(size, int64(n)))
		} else {
			expected += n/fewUnknown + 1
			cost += costOfProbe
		}
	}
	if len(groups) == 0 {
		g.at, g.last = end, nil
		return nil, cost, nil
	}
	found, err := g.read(ctx, groups, n)
	if err != nil {
		return nil, 0, err
	}
	for i, list := range found {
		rest := n - len(keys)
		if len(list) >= rest { // the group can have more
			keys = append(keys, list[:rest]...)
			last := keys[len(keys)-1]
			g.at, g.after, g.last = groups[i], last, &last
			return keys, cost + len(keys), nil
		}
		keys = append(keys, list...)
	}
	g.at = at
	g.rewind()
	g.last = nil
	if at < end { // all of the last group that was looked at
		k := g.group(at - 1)
		g.last = &FoundKey{Severity: k.to, Inactive: !k.active, Product: k.product, BranchID: k.id, ID: math.MaxInt64}
	}
	return keys, cost + len(keys), nil
}

// read reads up to n keys of each of some groups.
func (g *groupedKeys) read(ctx context.Context, groups []int, n int) ([][]FoundKey, error) {
	var text strings.Builder
	var args []any
	for i, at := range groups {
		k := g.group(at)
		after := FoundKey{Severity: k.from}
		if at == g.at && g.after.Severity >= k.from {
			after = g.after
		}
		if i > 0 {
			text.WriteString(" UNION ALL ")
		}
		text.WriteString(`
			SELECT ` + strconv.Itoa(i) + ` AS n, t.severity, t.id
			FROM (
				SELECT o.severity, o.id
				FROM observations o
				WHERE o.branch_id = ?
				AND o.active = ` + boolSQL(k.active) + `
				AND (o.severity, o.id) > (?, ?)
				AND o.severity <= ?
				ORDER BY o.severity, o.id
				LIMIT ?
			) t`)
		args = append(args, k.id, after.Severity, after.ID, k.to, n)
	}
	found := make([][]FoundKey, len(groups))
	err := g.r.query(ctx, text.String(), args, func(rows scanner) error {
		var i int
		var key FoundKey
		if err := rows.Scan(&i, &key.Severity, &key.ID); err != nil {
			return err
		}
		k := g.group(groups[i])
		key.BranchID, key.Product, key.Inactive = k.id, k.product, !k.active
		found[i] = append(found[i], key)
		return nil
	})
	return found, err
}

func (g *groupedKeys) position() *FoundKey { return g.last }
