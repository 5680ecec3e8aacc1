package condition_test

import (
	"fmt"
	"testing"

	"gatecrier/app/condition"
)

// conditions are of the kinds that rules have.
var conditions = map[string]string{
	"number": "event.urgency > 80",
	"list":   `event.urgency > 80 && event.assets.exists(x, x.name.contains("Production-Database"))`,
	"miss":   "event.nope > 80",
	"texts":  `event.status in ["Pending", "Ongoing"] && event.title.matches("(?i)brute") && product.name == "Shop"`,
}

func BenchmarkCompile(b *testing.B) {
	for name, expression := range conditions {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := condition.Compile(expression, []string{"foreign"}, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEval(b *testing.B) {
	in, err := condition.NewInput(condition.Event{
		Type: "alert.created", Payload: []byte(alert),
		Product: &condition.Product{Name: "Shop"},
	})
	if err != nil {
		b.Fatal(err)
	}
	for name, expression := range conditions {
		p, err := condition.Compile(expression, []string{"foreign"}, nil)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if r, err := p.Eval(b.Context(), in); err != nil || r.Outcome == condition.Unsure {
					b.Fatal(r, err)
				}
			}
		})
	}
}

func BenchmarkNewInput(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := condition.NewInput(condition.Event{Type: "alert.created", Payload: []byte(alert)}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkEval2000 evaluates 2,000 conditions for one event, each fourth over a list.
func BenchmarkEval2000(b *testing.B) {
	in, err := condition.NewInput(condition.Event{Type: "alert.created", Payload: []byte(alert)})
	if err != nil {
		b.Fatal(err)
	}
	programs := make([]*condition.Program, 2000)
	for i := range programs {
		expression := fmt.Sprintf(`event.urgency > %d && event.status == "Pending"`, i%100)
		if i%4 == 0 {
			expression = fmt.Sprintf(`event.urgency > %d && event.assets.exists(x, x.name.contains("Database-%d"))`, i%100, i)
		}
		if programs[i], err = condition.Compile(expression, []string{"foreign"}, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, p := range programs {
			if r, err := p.Eval(b.Context(), in); err != nil || r.Outcome == condition.Unsure {
				b.Fatal(r, err)
			}
		}
	}
}
