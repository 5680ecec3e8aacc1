package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"
)

// margin is the share of its target that the worst round must reach.
const margin = 0.75

// A figure is what one scenario measured, with its target: a ratio to the limit, or an absolute
// number.
type figure struct {
	Scenario string  `json:"scenario"`
	Name     string  `json:"name"`
	Unit     string  `json:"unit"`
	Target   float64 `json:"target"`
	Less     bool    `json:"less_is_better"`
	Absolute bool    `json:"absolute"` // the target is in units of the result, not of the limit
	Rounds   []round `json:"rounds"`

	Limit  float64 `json:"limit"`  // the median of the rounds
	Result float64 `json:"result"` // the median of the rounds
	Ratio  float64 `json:"ratio"`  // the median of the ratios
	Worst  float64 `json:"worst"`  // the worst ratio; of an absolute figure, the worst result
	OK     bool    `json:"ok"`
}

// settle computes the medians, and whether the target is reached.
func (f *figure) settle() {
	if len(f.Rounds) == 0 {
		return
	}
	limits, results := make([]float64, len(f.Rounds)), make([]float64, len(f.Rounds))
	for i, r := range f.Rounds {
		limits[i], results[i] = r.Limit, r.Result
	}
	f.Limit, f.Result = median(limits), median(results)
	f.Ratio, f.Worst = ratios(f.Rounds, f.Less)
	got, worst := f.Ratio, f.Worst
	if f.Absolute {
		absolute := make([]round, len(results))
		for i, r := range results {
			absolute[i] = round{Limit: 1, Result: r}
		}
		got, worst = ratios(absolute, f.Less)
		f.Worst = worst
	}
	if f.Less {
		f.OK = got <= f.Target && worst <= f.Target/margin
	} else {
		f.OK = got >= f.Target && worst >= f.Target*margin
	}
}

// wanted returns the target as the table shows it.
func (f *figure) wanted() string {
	sign := ">="
	if f.Less {
		sign = "<="
	}
	switch {
	case f.Absolute:
		return fmt.Sprintf("%s %g %s", sign, f.Target, f.Unit)
	case f.Less:
		return fmt.Sprintf("%s %gx", sign, f.Target)
	default:
		return fmt.Sprintf("%s %.0f%%", sign, f.Target*100)
	}
}

// A report is everything that a run found.
type report struct {
	Date     time.Time `json:"date"`
	Version  string    `json:"version"`
	Machine  machine   `json:"machine"`
	Database string    `json:"database"`
	Rows     int       `json:"notifications"`
	Figures  []*figure `json:"figures"`
	Problems []string  `json:"problems"` // wrong counts and losses
}

// A machine is where a run took place. Load is the load average before it: on a quiet machine it is
// near zero.
type machine struct {
	System string `json:"system"`
	CPU    string `json:"cpu"`
	CPUs   int    `json:"cpus"`
	Go     string `json:"go"`
	Load   string `json:"load_before"`
}

func thisMachine() machine {
	m := machine{System: runtime.GOOS + "/" + runtime.GOARCH, CPUs: runtime.NumCPU(), Go: runtime.Version()}
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				m.CPU = strings.TrimSpace(value)
				break
			}
		}
	}
	if text, err := os.ReadFile("/proc/loadavg"); err == nil && len(strings.Fields(string(text))) > 0 {
		m.Load = strings.Fields(string(text))[0]
	}
	return m
}

// problem notes a wrong count or a loss.
func (r *report) problem(format string, args ...any) {
	r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
}

// print writes the table of all figures.
func (r *report) print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	lines := []string{"scenario\tfigure\ttarget\tlimit\tresult\tratio\tworst round\t\n"}
	for _, f := range r.Figures {
		verdict := "missed"
		if f.OK {
			verdict = "ok"
		}
		limit, ratio, worst := number(f.Limit)+" "+f.Unit, fmt.Sprintf("%.2f", f.Ratio), fmt.Sprintf("%.2f", f.Worst)
		if f.Limit == 0 {
			limit, ratio = "-", "-"
		}
		if f.Absolute {
			worst = number(f.Worst) + " " + f.Unit
		}
		lines = append(lines, fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n",
			f.Scenario, f.Name, f.wanted(), limit, number(f.Result)+" "+f.Unit, ratio, worst, verdict))
	}
	for _, line := range lines {
		if _, err := io.WriteString(table, line); err != nil {
			return err
		}
	}
	return table.Flush()
}

// number returns three significant digits, without an exponent.
func number(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.2f", v)
	}
}

// save writes the report as JSON.
func (r *report) save(file string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o600)
}
