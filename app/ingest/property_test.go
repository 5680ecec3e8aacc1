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

// sown is a result of a made-up SARIF report. Its fields are numbers from small ranges, so that
// results have much in common.
type sown struct {
	mark                 int // which result it is
	tool, category, rule int
	base, file           int
	line, column         int
	message              int // 1 has the line in it; 2 comes by its ID
	print                int // 1 is its own, 2 that of many
	code                 int // 0 = none
}

func (s sown) exact() string {
	s.mark = 0
	return fmt.Sprint(s)
}

// field writes reports of the same results in other forms.
type field struct {
	rnd   *rand.Rand
	list  []sown
	marks int
	lines int
	age   int
}

// sow adds results of which none is another. A later one is of a rule of its own, since the report
// cannot show that it is not one that moved.
func (f *field) sow(n int) {
	for range n {
		s := sown{
			mark: f.marks, tool: f.rnd.IntN(2), category: f.rnd.IntN(2), rule: f.rnd.IntN(2), base: f.rnd.IntN(2),
			file: f.rnd.IntN(2), line: 1 + f.rnd.IntN(3), column: f.rnd.IntN(2), message: f.rnd.IntN(3), print: f.rnd.IntN(3),
			code: f.rnd.IntN(3),
		}
		if f.age > 0 {
			s.rule = 100 + s.mark
		}
		f.marks++
		f.add(s)
	}
}

// add adds a result, unless another is at its place.
func (f *field) add(s sown) bool {
	if slices.ContainsFunc(f.list, func(other sown) bool { return other.key() == s.key() }) {
		return false
	}
	f.list = append(f.list, s)
	return true
}

// key is exact with the fingerprint as the report has it.
func (s sown) key() string { return s.exact() + s.fingerprint() }

func (s sown) fingerprint() string {
	switch s.print {
	case 1:
		return fmt.Sprintf(`, "partialFingerprints": {"v1": "%d"}`, s.mark)
	case 2:
		return `, "partialFingerprints": {"v1": "constant"}`
	}
	return ""
}

// edit drops, moves and adds results, and returns how many it dropped and added.
func (f *field) edit() (dropped, added int) {
	f.age++
	kept := f.list
	f.list = nil
	for _, s := range kept {
		moved := s
		f.lines += 10
		switch f.rnd.IntN(6) {
		case 0:
			dropped++
			continue
		case 1, 2:
			moved.line = 100 + f.lines
		case 3:
			moved.column = 10 + f.lines
		case 4:
			if s.print == 1 { // it is known by its fingerprint
				moved.file, moved.message, moved.line = 2+f.rnd.IntN(2), f.rnd.IntN(3), 100+f.lines
			}
		}
		if !f.add(moved) {
			dropped++
		}
	}
	n := len(f.list)
	f.sow(f.rnd.IntN(3))
	return dropped, len(f.list) - n
}

// report writes the results in any order, some of them twice, in runs of their tools and categories.
func (f *field) report(t *testing.T) string {
	rows := slices.Clone(f.list)
	for _, s := range f.list {
		if f.rnd.IntN(4) == 0 {
			rows = append(rows, s)
		}
	}
	f.rnd.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	runs := map[string][]string{}
	for _, s := range rows {
		// A run is one of two of its tool and category.
		name := fmt.Sprintf(`{"tool": {"driver": {"name": "T%d", "rules": [{"id": "other"}, {"id": "R0", "messageStrings": `+
			`{"m": {"text": "by ID {0}"}}}]}}, "automationDetails": {"id": "c%d/%d"}, "originalUriBaseIds": `+
			`{"B0": {"uri": "file:///builds/%d/"}}, "artifacts": [`+
			`{"location": {"uri": "f0", "uriBaseId": "B0"}}, {"location": {"uri": "f1", "uriBaseId": "B0"}}], "results": [`,
			s.tool, s.category, f.rnd.IntN(2), f.age)
		if s.category == 0 {
			name = strings.Replace(name, "automationDetails", "x", 1)
		}
		runs[name] = append(runs[name], f.row(s))
	}
	var texts []string
	for name, results := range runs {
		texts = append(texts, name+strings.Join(results, ", ")+"]}")
	}
	slices.Sort(texts)
	f.rnd.Shuffle(len(texts), func(i, j int) { texts[i], texts[j] = texts[j], texts[i] })
	text := `{"version": "2.1.0", "runs": [` + strings.Join(texts, ", ") + `]}`
	if f.rnd.IntN(2) == 0 {
		text = string(reverseKeys(t, []byte(text)))
	}
	return text
}

// row writes a result. Where it can name its rule or its file by an index, it does so at times.
func (f *field) row(s sown) string {
	rule, file := fmt.Sprintf(`"ruleId": "R%d"`, s.rule), fmt.Sprintf(`"uri": "f%d", "uriBaseId": "B%d"`, s.file, s.base)
	if s.rule == 0 && f.rnd.IntN(2) == 0 {
		rule = `"ruleIndex": 1`
	}
	if s.base == 0 && s.file < 2 && f.rnd.IntN(2) == 0 {
		file = fmt.Sprintf(`"index": %d`, s.file)
	}
	message := `"text": "plain"`
	switch s.message {
	case 1:
		message = fmt.Sprintf(`"text": "at line %d"`, s.line)
	case 2:
		message = fmt.Sprintf(`"id": "m", "arguments": ["f.go:%d"]`, s.line)
	}
	snippet := ""
	if s.code > 0 {
		snippet = fmt.Sprintf(`, "snippet": {"text": "code %d"}`, s.code)
	}
	return fmt.Sprintf(`{%s, "message": {%s}, "level": "error", "hostedViewerUri": "%d", "locations": [`+
		`{"physicalLocation": {"artifactLocation": {%s}, "region": {"startLine": %d, "startColumn": %d%s}}}]%s}`,
		rule, message, s.mark, file, s.line, s.column+1, snippet, s.fingerprint())
}

// Random edits of a SARIF report neither merge two findings nor make one new that is still there,
// and no finding inherits the waiver of another.
func TestMovesOfRandomSARIF(t *testing.T) {
	for seed := range uint64(150) {
		f := &field{rnd: rand.New(rand.NewPCG(seed, 3))}
		f.sow(2 + f.rnd.IntN(14))
		for step := range 4 {
			at := fmt.Sprintf("seed %d, step %d", seed, step)
			before, old := slices.Clone(f.list), f.report(t)
			dropped, added := f.edit()
			now := f.report(t)
			was, is := mustParse(t, old), mustParse(t, now)
			if was.Findings.Len() != len(before) || is.Findings.Len() != len(f.list) {
				t.Fatalf("%s: %d and %d findings, want %d and %d\nin %s\nand %s", at, was.Findings.Len(), is.Findings.Len(),
					len(before), len(f.list), old, now)
			}
			tally, _ := moveWaived(t, was, is)
			want := Tally{New: added, Updated: len(before) - dropped, Resolved: dropped}
			if tally != want {
				t.Fatalf("%s: %+v, want %+v\nfrom %s\nto %s", at, tally, want, old, now)
			}
			if fault := f.inherited(t, before, was, is); fault != "" {
				t.Fatalf("%s: %s\nfrom %s\nto %s", at, fault, old, now)
			}
		}
	}
}

// inherited returns which finding has the waiver of another, "" for none. One with the same code at
// the same place can be either.
func (f *field) inherited(t *testing.T, before []sown, was, is Report) string {
	byMark := map[int]sown{}
	for _, s := range append(before, f.list...) {
		byMark[s.mark] = s
	}
	var list []models.Observation
	var marks []int
	for o := range was.Findings.All() {
		observation := earlier(int64(len(list)), o, models.StatusOpen)
		observation.Status, observation.Assessed.Status = models.StatusRiskAccepted, models.StatusRiskAccepted
		list, marks = append(list, observation), append(marks, sownMark(t, o))
	}
	d, err := compare(is, said(list...), time.Unix(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range d.update {
		if slices.Contains(d.unsure, u.id) {
			continue
		}
		one, other := marks[u.id], sownMark(t, is.Findings.at(int(u.finding)))
		sameCode := byMark[one].code == byMark[other].code && byMark[one].code != 0
		if one != other && !sameCode {
			return fmt.Sprintf("result %d has the waiver of %d", other, one)
		}
	}
	return ""
}

// sownMark returns which result a finding is.
func sownMark(t *testing.T, f Finding) int {
	t.Helper()
	d := f.Details.Decode()
	if len(d.References) != 1 {
		t.Fatalf("details %s", f.Details)
	}
	mark, err := strconv.Atoi(d.References[0])
	if err != nil {
		t.Fatal(err)
	}
	return mark
}

// cyclonedxGarden has vulnerabilities of packages, whose URLs have other qualifiers in each report.
func cyclonedxGarden(list []planted, tag int) string {
	var components, vulnerabilities []string
	for n, p := range list {
		name, alias := p.names()
		components = append(components, fmt.Sprintf(`{"bom-ref": "%d-%d", "name": "p", "purl": "pkg:deb/p%d@1?n=%d"}`,
			tag, n, p.pkg, p.line))
		vulnerabilities = append(vulnerabilities, fmt.Sprintf(`{"bom-ref": "%d-%d", "id": %q, "source": {"url": %q}, `+
			`"references": [{"id": %q}, {"id": "CWE-79"}], "affects": [{"ref": "%d-%d"}]}`,
			n, tag, name, p.url(), alias, tag, n))
	}
	return cyclonedxReport(strings.Join(components, ", "), strings.Join(vulnerabilities, ", "))
}
