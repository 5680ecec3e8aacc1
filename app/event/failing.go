package event

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"gatecrier/models"
)

// overText returns how many observations of each severity over its threshold a failed gate has, the
// worst severity first: "1 critical, 2 high". It is "" for other states.
func (g GateChange) overText() string {
	var parts []string
	for _, s := range g.over() {
		parts = append(parts, strconv.FormatInt(g.counted().Of(s), 10)+" "+s.String())
	}
	return strings.Join(parts, ", ")
}

// over returns the severities over their threshold of a failed gate, the worst first.
func (g GateChange) over() []models.Severity {
	if g.To != models.GateFailed || g.Thresholds == nil {
		return nil
	}
	counts := g.counted()
	return slices.DeleteFunc(models.Severities(), func(s models.Severity) bool {
		return counts.Of(s) <= g.Thresholds.Of(s)
	})
}

// counted returns the observations that the gate compared with its thresholds.
func (g GateChange) counted() models.Counts {
	if g.Effective != nil {
		return *g.Effective
	}
	return g.Counts
}

// failingCount returns how many observations fail the gate: those that the cause has made active,
// or else all of the severities over their threshold.
func (g GateChange) failingCount() int {
	if n := g.Failing.Total(); n > 0 {
		return n
	}
	n := 0
	for _, s := range g.over() {
		n += int(g.counted().Of(s))
	}
	return n
}

// rest returns how many failing observations the change does not name.
func (g GateChange) rest() Rest {
	more := g.failingCount() - len(g.Failing.Items)
	if more <= 0 || len(g.Failing.Items) == 0 {
		return Rest{}
	}
	return Rest{more, g.failingPage()}
}

// failingPage returns the path of the list of the failing observations: those of the branch, from
// the least severity over its threshold on. It lists all severities if known exploited observations
// count as critical, whatever severity they have.
func (g GateChange) failingPage() string {
	q := url.Values{"product": {strconv.FormatInt(g.Product.ID, 10)}}
	if g.Branch != "" {
		q.Set("branch", g.Branch)
	}
	switch over := g.over(); {
	case len(over) == 0 || g.KEVAsCritical:
	case len(over) == 1:
		q.Set("severity", over[0].String())
	default:
		q.Set("min_severity", over[len(over)-1].String())
	}
	return "/observations?" + q.Encode()
}

// assessPage returns the path of the product's page with the observations of the branch, the worst first:
// of one severity, if no other is over its threshold.
func (g GateChange) assessPage() string {
	q := url.Values{}
	if g.Branch != "" {
		q.Set("branch", g.Branch)
	}
	if over := g.over(); len(over) == 1 && !g.KEVAsCritical {
		q.Set("severity", over[0].String())
	}
	if len(q) == 0 {
		return ProductPage(g.Product.ID)
	}
	return ProductPage(g.Product.ID) + "?" + q.Encode()
}

// Total returns how many observations the cause has made active.
func (t Failing) Total() int { return t.New + t.Reopened }

func (t Failing) items(productID int64) []Item {
	items := make([]Item, len(t.Items))
	for i, f := range t.Items {
		items[i] = f.item(productID)
	}
	return items
}
