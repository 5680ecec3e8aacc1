package models_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatecrier/models"
)

// counted is one active observation.
type counted struct {
	severity models.Severity
	flags    models.Flags
}

func someCounted(n int) []counted {
	list := make([]counted, n)
	for i := range list {
		list[i] = counted{
			severity: models.Severities()[rand.IntN(6)],
			flags:    models.Flags{KEV: rand.IntN(3) == 0, Unfixed: rand.IntN(2) == 0},
		}
	}
	return list
}

func breakdownOf(list []counted) models.Breakdown {
	var b models.Breakdown
	for _, o := range list {
		b.Add(o.severity, o.flags, 1)
	}
	return b
}

func countings() []models.Counting {
	return []models.Counting{
		{},
		{OnlyFixable: true},
		{KEVAsCritical: true},
		{OnlyFixable: true, KEVAsCritical: true},
	}
}

// The sums count the same as one observation after the other.
func TestBreakdown_EffectiveIsTheSumOfAll(t *testing.T) {
	for range 200 {
		list := someCounted(rand.IntN(40))
		for _, c := range countings() {
			var want models.Counts
			for _, o := range list {
				if as, ok := c.CountsAs(o.severity, o.flags); ok {
					want.Add(as, 1)
				}
			}
			if diff := cmp.Diff(want, breakdownOf(list).Effective(c)); diff != "" {
				t.Fatalf("%+v of %+v (-want +got):\n%s", c, list, diff)
			}
		}
	}
}

func TestCounting_CountsAs(t *testing.T) {
	kev, unfixed := models.Flags{KEV: true}, models.Flags{Unfixed: true}
	both := models.Flags{KEV: true, Unfixed: true}
	for _, test := range []struct {
		flags models.Flags
		want  [4]string // by the counting, in the order of countings
	}{
		{models.Flags{}, [4]string{"low", "low", "low", "low"}},
		{unfixed, [4]string{"low", "not", "low", "not"}},
		{kev, [4]string{"low", "low", "critical", "critical"}},
		{both, [4]string{"low", "not", "critical", "not"}},
	} {
		for i, c := range countings() {
			as, ok := c.CountsAs(models.Low, test.flags)
			got := "not"
			if ok {
				got = as.String()
			}
			if got != test.want[i] {
				t.Errorf("%+v counts as %s with %+v, want %s", test.flags, got, c, test.want[i])
			}
		}
	}
}

func TestBreakdown_PlusAndMinus(t *testing.T) {
	list := someCounted(60)
	whole, part := breakdownOf(list), breakdownOf(list[:20])
	if got := whole.Minus(part); got != breakdownOf(list[20:]) {
		t.Errorf("minus: %+v", got)
	}
	if got := breakdownOf(list[20:]).Plus(part); got != whole {
		t.Errorf("plus: %+v", got)
	}
	for _, o := range list {
		whole.Add(o.severity, o.flags, -1)
	}
	if whole != (models.Breakdown{}) {
		t.Errorf("%s is left", fmt.Sprintf("%+v", whole))
	}
}
