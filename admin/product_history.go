package admin

import (
	"time"

	"github.com/gin-gonic/gin"

	"gatecrier/app/gate"
	"gatecrier/models"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

func (a *Admin) historyTab(c *gin.Context, row models.ProductRow, v *page.ProductView) error {
	path, t, p := productPath(row.ID), &v.History, forwardPageOf(c, idParam(beforeField))
	p.in(path, "tab", string(page.TabHistory))
	rows, err := a.Store.GateHistory(c.Request.Context(), actorOf(c).Scope(), row.ID, idOf(p.Key), p.size+1)
	if err != nil {
		return err
	}
	all := a.historyRows(c, row, rows)
	t.Rows, t.Pager, err = cut(&p, all, "change", "changes", func(r page.HistoryRow) string { return formatInt(r.ID) })
	if err != nil {
		return err
	}
	if hold := a.Gates.HoldTime(row.Product); hold > 0 {
		t.Hold = ui.Span(hold)
	}
	t.Segments, err = a.linkedSegments(c, row)
	return err
}

// historyRows returns changes, newest first, with how each was notified.
func (a *Admin) historyRows(c *gin.Context, row models.ProductRow, changes []models.GateChange) []page.HistoryRow {
	untold := unannouncedReasons(changes, row.Default.Held)
	rows := make([]page.HistoryRow, len(changes))
	for i, change := range changes {
		p := payloadOf(change)
		r := page.HistoryRow{
			ID:           change.EventID,
			From:         string(change.From),
			To:           string(change.To),
			Why:          p.Summary(),
			Kind:         string(p.Cause.Kind),
			Actor:        change.Actor,
			At:           a.inUserZone(c, change.At),
			Counts:       uiCounts(change.Counts),
			Policy:       ownerText(gate.Owner(p.Policy), ""),
			Failing:      failingRows(p.Product.ID, p.Failing.Items),
			FailingTotal: max(p.Failing.Total(), len(p.Failing.Items)),
			Untold:       untold[i],
		}
		r.Cause = p.Cause.Text
		if p.Thresholds != nil {
			limits := uiCounts(*p.Thresholds)
			r.Limits, r.Counting = &limits, countingText(countingThen(p))
		}
		switch held := row.Default.Held; {
		case held.Any() && held.EventID == change.EventID:
			r.Waits = a.inUserZone(c, held.Until)
		case change.Announced != change.EventID:
			r.NotifiedAt = a.inUserZone(c, change.NotifiedAt)
		}
		rows[i] = r
	}
	return rows
}

// unannouncedReasons returns for each change, newest first, why it was not notified; "" if it was,
// or will be. What users know before a change is the state of the last announced one.
func unannouncedReasons(changes []models.GateChange, held models.Held) []string {
	words := make([]string, len(changes))
	var known models.GateState
	for i := len(changes) - 1; i >= 0; i-- {
		change := changes[i]
		if i == len(changes)-1 || changes[i+1].Announced != 0 {
			known = change.From
		}
		switch {
		case change.Announced != 0 || held.Any() && held.EventID == change.EventID:
		case change.To == known:
			words[i] = "Not notified: the gate returned to the last notified state"
		case i > 0:
			next := changes[i-1]
			what := "the gate changed again"
			if next.To == known {
				what = "the gate returned"
			}
			words[i] = "Not notified: " + what + " within " + minutesSpan(next.At.Sub(change.At))
		default:
			words[i] = "Not notified: the gate changed again within the hold time"
		}
	}
	return words
}

// minutesSpan writes a time rounded up to minutes.
func minutesSpan(d time.Duration) string {
	return ui.Span((d + time.Minute - 1).Truncate(time.Minute))
}

// linkedSegments returns the stretches of a product's gate, each with a link to the change that
// began it.
func (a *Admin) linkedSegments(c *gin.Context, row models.ProductRow) ([]ui.Segment, error) {
	since := a.Store.Now().AddDate(0, 0, -page.HistoryDays)
	spans, err := a.Store.GateSpans(c.Request.Context(), actorOf(c).Scope(), []int64{row.ID}, since)
	changes := spans[row.ID]
	segments := a.segments(c, row.Default, changes, page.HistoryDays)
	for i, change := range changes {
		at := []string{"tab", "history"}
		if len(changes)-i > pageSize { // it is not on the first page
			at = append(at, "before", formatInt(change.EventID+1))
		}
		segments[i+1].Href = link(productPath(row.ID), at...) + "#change-" + formatInt(change.EventID)
	}
	return segments, err
}
