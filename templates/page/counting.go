package page

import "gatecrier/templates/ui"

// effective returns how many observations count as a severity, and whether that differs from the
// active ones.
func (v ProductView) effective(t ui.Tally) (n int64, differs bool) {
	if v.Effective == nil {
		return t.N, false
	}
	n = v.Effective.Of(t.Severity)
	return n, n != t.N
}

// countText says how many of a severity's observations count: "4 count", "" if all do.
func (v ProductView) countText(t ui.Tally) string {
	n, differs := v.effective(t)
	switch {
	case !differs:
		return ""
	case n == 0:
		return "none count"
	case n == 1:
		return "1 counts"
	}
	return ui.Number(n) + " count"
}

// room says how far a severity is from its threshold.
func (v ProductView) room(t ui.Tally) string {
	n, _ := v.effective(t)
	return ui.Room(n, v.limit(t.Severity), NoLimit)
}

// trendLimit returns the threshold that the trend of a severity shows: NoLimit where not all that
// the trend shows counts.
func (v ProductView) trendLimit(severity string) int64 {
	if v.Effective != nil {
		return NoLimit
	}
	return v.limit(severity)
}

func (v ProductView) trendTitle() string {
	if v.Effective != nil {
		return "Last 90 days, including observations that do not count"
	}
	return "Last 90 days (dashed: threshold)"
}

func (v ProductView) over(t ui.Tally) bool {
	n, _ := v.effective(t)
	return n > v.limit(t.Severity)
}

// also adds what counts to the thresholds.
func also(counting string) string {
	if counting == "" {
		return ""
	}
	return "; " + counting
}
