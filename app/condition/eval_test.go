package condition

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestEvaluateTriesOnceMoreWhenTimeRunsOut(t *testing.T) {
	in, err := NewInput(Event{Payload: []byte(`{"list": [` + strings.Repeat("1, ", 50) + "99]}")})
	if err != nil {
		t.Fatal(err)
	}
	const over = -time.Second // ended before it starts
	late := Result{Unsure, "The condition could not be evaluated: it took too long for this event"}
	for _, expression := range []string{
		"event.list.exists(x, x == 99)", "!event.list.all(x, x == 1)", "event.list.exists_one(x, x == 99)",
		"event.list.filter(x, x == 99).size() == 1", "event.list.map(x, x + 1).size() == 51",
	} {
		p, err := Compile(expression, nil, Fields{})
		if err != nil {
			t.Fatal(err)
		}
		for _, test := range []struct {
			limits []time.Duration
			want   Result
		}{
			{[]time.Duration{time.Hour}, Result{Outcome: Matched}},
			{[]time.Duration{over, time.Hour}, Result{Outcome: Matched}},
			{[]time.Duration{over, over}, late},
		} {
			if got, err := evaluate(t.Context(), p.program, p.loops, in, test.limits...); err != nil || got != test.want {
				t.Errorf("%s, %v: %+v, %v, want %+v", expression, test.limits, got, err, test.want)
			}
		}
	}
}

func TestEvalByManyAtOnce(t *testing.T) {
	p, err := Compile(`event.list.exists(x, x == 3) && event.text.matches("^a+$") && event.nope != 1 || event.n > 1`,
		nil, Fields{})
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			in, err := NewInput(Event{Payload: fmt.Appendf(nil, `{"list": [1, 3], "text": "aa", "n": %d}`, i)})
			if err != nil {
				t.Error(err)
				return
			}
			want := NotMatched
			if i > 1 {
				want = Matched
			}
			for range 100 {
				if r, err := p.Eval(t.Context(), in); err != nil || r.Outcome != want {
					t.Errorf("%d: %+v, %v, want %s", i, r, err, want)
				}
			}
			if _, err := p.Explain(t.Context(), in); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}
