package ingest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatecrier/models"
)

// planted is a finding of a made-up report. Its fields are numbers from small ranges, so that
// findings have much in common.
type planted struct {
	mark              int // which finding it is, in its URL
	kind              int // of Trivy's four kinds
	rule, pkg, name   int // name: which of its two names a vulnerability has
	place, workload   int
	resource, message int
	line              int // also the number of a path, an offset or a commit
	code              int // 0 = none
}

// garden writes reports of planted findings in one format.
type garden struct {
	kinds  int
	report func(list []planted, tag int) string
	// exact returns what the format counts as one finding; stable what stays when it moves.
	exact, stable func(p planted) string
}

var gardens = map[string]garden{
	"trivy":      {4, trivyGarden, exactTrivy, stableTrivy},
	"kubernetes": {4, clusterGarden, exactTrivy, stableTrivy},
	"grype": {
		1, grypeGarden,
		func(p planted) string { return fmt.Sprint(p.vulnerability(), p.pkg, p.line) },
		func(p planted) string { return fmt.Sprint(p.rule, p.pkg) },
	},
	"cyclonedx": {
		1, cyclonedxGarden,
		func(p planted) string { return fmt.Sprint(p.vulnerability(), p.pkg, p.line) },
		func(p planted) string { return fmt.Sprint(p.rule, p.pkg) },
	},
	"gitlab": {
		2, gitlabGarden,
		func(p planted) string {
			if p.kind == 0 {
				p.line = 0 // a package has none
			}
			return fmt.Sprint(p.kind, p.vulnerability(), p.pkg, p.place, p.line)
		},
		func(p planted) string { return fmt.Sprint(p.kind, p.rule, p.pkg, p.place) },
	},
}

// Random edits of a report neither merge two findings nor make one new that is still there, and no
// finding inherits the waiver of another.
func TestMovesOfRandomReports(t *testing.T) {
	for name, g := range gardens {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(60) {
				rnd := rand.New(rand.NewPCG(seed, 7))
				g.grow(t, seed, rnd)
			}
		})
	}
}

// grow compares each of a sequence of reports with the one before.
func (g garden) grow(t *testing.T, seed uint64, rnd *rand.Rand) {
	bed := &bed{garden: g, rnd: rnd, seen: map[string]bool{}, names: map[int]int{}}
	bed.plant(2 + rnd.IntN(12))
	for step := range 4 {
		before, tag := slices.Clone(bed.list), bed.tag
		dropped, planted := bed.edit()
		old, now := bed.parse(t, before, tag), bed.parse(t, bed.list, bed.tag)
		if old.Findings.Len() != len(before) || now.Findings.Len() != len(bed.list) {
			t.Fatalf("seed %d, step %d: %d and %d findings, want %d and %d", seed, step,
				old.Findings.Len(), now.Findings.Len(), len(before), len(bed.list))
		}
		tally, _ := moveWaived(t, old, now)
		want := Tally{New: planted, Updated: len(before) - dropped, Resolved: dropped}
		if tally != want {
			t.Fatalf("seed %d, step %d: %+v, want %+v\nfrom %s\nto %s", seed, step, tally, want,
				g.report(before, tag), g.report(bed.list, bed.tag))
		}
		bed.checkWaivers(t, fmt.Sprintf("seed %d, step %d", seed, step), before, old, now)
	}
}

// bed is the present list of findings.
type bed struct {
	garden
	rnd   *rand.Rand
	list  []planted
	names map[int]int     // of the vulnerabilities, by rule
	seen  map[string]bool // exact identities
	marks int
	lines int // the last line that a finding has been at
	tag   int
}

// plant adds findings of which none is another.
func (b *bed) plant(n int) {
	for range n {
		p := planted{
			mark: b.marks, kind: b.rnd.IntN(b.kinds), rule: b.rnd.IntN(3), pkg: b.rnd.IntN(2),
			place: b.rnd.IntN(2), workload: b.rnd.IntN(2), resource: b.rnd.IntN(2), message: b.rnd.IntN(2), line: b.rnd.IntN(3),
			code: b.rnd.IntN(3),
		}
		if b.tag > 0 { // a later one is of a rule of its own
			p.rule = 100 + b.marks
		}
		p.name = b.names[p.rule]
		if !b.seen[b.exact(p)] {
			b.seen[b.exact(p)] = true
			b.list = append(b.list, p)
			b.marks++
		}
	}
}

// edit drops, moves and renames findings, plants others and pushes a new image.
func (b *bed) edit() (dropped, planted int) {
	b.tag++
	b.lines += 10
	var list []int
	for i := range b.list {
		if b.rnd.IntN(5) == 0 {
			dropped++
			continue
		}
		list = append(list, i)
	}
	b.rnd.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	kept := b.list
	b.list = nil
	for rule := range 100 + b.marks {
		if b.rnd.IntN(4) == 0 {
			b.names[rule] = 1 - b.names[rule]
		}
	}
	for _, i := range list {
		p := kept[i]
		if b.rnd.IntN(2) == 0 {
			b.lines++
			p.line = b.lines
		}
		p.name = b.names[p.rule]
		b.list = append(b.list, p)
	}
	n := len(b.list)
	b.seen = map[string]bool{}
	for _, p := range b.list {
		b.seen[b.exact(p)] = true
	}
	b.plant(b.rnd.IntN(3))
	return dropped, len(b.list) - n
}

// parse reads a report in which some findings are repeated.
func (b *bed) parse(t *testing.T, list []planted, tag int) Report {
	rows := slices.Clone(list)
	for _, p := range list {
		if b.rnd.IntN(4) == 0 {
			rows = slices.Insert(rows, b.rnd.IntN(len(rows)+1), p)
		}
	}
	text := b.report(rows, tag)
	if b.rnd.IntN(2) == 0 {
		text = string(reverseKeys(t, []byte(text)))
	}
	return mustParse(t, text)
}

// checkWaivers tests that each waiver that is left belongs to what it was given to: to the same
// finding, or to one with the same code at the same place.
func (b *bed) checkWaivers(t *testing.T, at string, before []planted, old, now Report) {
	wasByMark, isByMark := map[int]planted{}, map[int]planted{}
	for _, p := range before {
		wasByMark[p.mark] = p
	}
	for _, p := range b.list {
		isByMark[p.mark] = p
	}
	var list []models.Observation
	var marks []int
	for f := range old.Findings.All() {
		o := earlier(int64(len(list)), f, models.StatusOpen)
		o.Status, o.Assessed.Status = models.StatusRiskAccepted, models.StatusRiskAccepted
		list, marks = append(list, o), append(marks, markOf(t, f))
	}
	d, err := compare(now, said(list...), time.Unix(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range d.update {
		if slices.Contains(d.unsure, u.id) {
			continue
		}
		was, is := wasByMark[marks[u.id]], isByMark[markOf(t, now.Findings.at(int(u.finding)))]
		sameCode := was.code == is.code && was.code != 0
		if b.stable(was) != b.stable(is) || was.mark != is.mark && !sameCode {
			t.Fatalf("%s: %+v has the waiver of %+v\nfrom %s\nto %s", at, is, was, b.report(before, 1), b.report(b.list, 2))
		}
	}
}

// markOf returns which planted finding a finding is.
func markOf(t *testing.T, f Finding) int {
	mark, err := strconv.Atoi(strings.TrimPrefix(first(f.URL, f.Description), "https://pond.example/"))
	if err != nil {
		t.Fatal(err)
	}
	return mark
}
