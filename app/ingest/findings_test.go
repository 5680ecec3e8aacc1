package ingest

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"gatecrier/models"
)

func TestFindings_KeepEachIdentityOnce(t *testing.T) {
	findings := newFindings(newTexts())
	const n = 3 * chunkSize
	for range 2 {
		for i := range n {
			findings.add(
				digestOf(strconv.Itoa(i)), Finding{Title: fmt.Sprint("t", i), Severity: models.Low, Status: models.StatusOpen},
			)
		}
	}
	if findings.Len() != n {
		t.Fatalf("%d findings, want %d", findings.Len(), n)
	}
	i := 0
	for f := range findings.All() {
		if want := fmt.Sprint("t", i); f.Title != want || !findings.Has(f.Identity) {
			t.Fatalf("finding %d is %+v, want %s", i, f, want)
		}
		i++
	}
	other := digestOf("none")
	if findings.Has(string(other[:])) || findings.Has("short") {
		t.Error("there is a finding that was not added")
	}
}

func TestFindings_Nil(t *testing.T) {
	var none *Findings
	for f := range none.All() {
		t.Errorf("found %+v", f)
	}
	if none.Len() != 0 || none.Has(wide("a")) {
		t.Error("no findings are some")
	}
}

func TestFindings_KeepWorstOfRepeatedIdentity(t *testing.T) {
	tests := []struct {
		first, second Finding
		wins          bool
	}{
		{
			Finding{Severity: models.Low, Status: models.StatusOpen},
			Finding{Severity: models.High, Status: models.StatusOpen},
			true,
		},
		{
			Finding{Severity: models.High, Status: models.StatusOpen},
			Finding{Severity: models.Low, Status: models.StatusOpen},
			false,
		},
		{
			Finding{Severity: models.Critical, Status: models.StatusRiskAccepted},
			Finding{Severity: models.Low, Status: models.StatusOpen},
			true,
		},
		{
			Finding{Severity: models.Low, Status: models.StatusInReview},
			Finding{Severity: models.Critical, Status: models.StatusResolved},
			false,
		},
	}
	for _, test := range tests {
		findings := newFindings(newTexts())
		findings.add(digestOf("a"), test.first)
		findings.add(digestOf("a"), test.second)
		want := test.first
		if test.wins {
			want = test.second
		}
		for f := range findings.All() {
			if f.Severity != want.Severity || f.Status != want.Status {
				t.Errorf("%+v, then %+v: %+v stayed", test.first, test.second, f)
			}
		}
	}
}

func TestTextsAcrossPages(t *testing.T) {
	kept := newTexts()
	var places []textRef
	word := func(i int) string { return strconv.Itoa(i) + strings.Repeat("x", i%maxDescription) }
	for i := range 1000 {
		places = append(places, kept.put(word(i), maxDescription+10))
	}
	for i, at := range places {
		if got := kept.get(at); got != word(i) {
			t.Fatalf("text %d has %d bytes, want %d", i, len(got), len(word(i)))
		}
	}
	pages := len(kept.pages)
	once := kept.put("again", 10)
	for range pageSize {
		if at := kept.put("again", 10); at != once {
			t.Fatalf("a repeated text is at %d and %d", once, at)
		}
	}
	if len(kept.pages) > pages+1 || kept.put(" ", 10) != 0 {
		t.Error("a repeated text takes room, or an empty one does")
	}
}

// A report can repeat the details of a rule for very many findings. They take bounded memory.
func TestTexts_BoundDetails(t *testing.T) {
	kept := newTexts()
	shared := models.EncodedDetails(strings.Repeat("d", 1000))
	var at []textRef
	for i := range 10 {
		at = append(at, kept.putExtra(extra{fix: strconv.Itoa(i), details: shared}))
	}
	if kept.details > 2*len(shared) {
		t.Errorf("ten findings share details of %d bytes in %d", len(shared), kept.details)
	}
	for i := range at {
		if e := kept.extra(at[i]); e.fix != strconv.Itoa(i) || e.details != shared {
			t.Errorf("extra %d is %+v", i, e)
		}
	}
	long := strings.Repeat("d", 40_000)
	for i := range 2 * maxDetailsTotal / len(long) {
		at = append(at, kept.putExtra(extra{fix: "f", details: models.EncodedDetails(strconv.Itoa(i) + long)}))
	}
	last := kept.extra(at[len(at)-1])
	if kept.details > maxDetailsTotal+2*len(long) || last.fix != "f" || last.details != "" {
		t.Errorf("%d bytes of details, the last extra has %d", kept.details, len(last.details))
	}
}

// Has reports whether the findings contain an identity.
func (s *Findings) Has(identity string) bool {
	_, found := s.number([]byte(identity))
	return found
}
