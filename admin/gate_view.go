package admin

import (
	"encoding/json"
	"strings"

	"github.com/gin-gonic/gin"

	"gatecrier/app/event"
	"gatecrier/app/gate"
	"gatecrier/app/settings"
	"gatecrier/models"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

func uiCounts(c models.Counts) ui.Counts { return ui.Counts(c) }

// shortGateReason returns the reason of a branch's gate, as cells and lines of pages show it.
func shortGateReason(b models.Branch) string {
	if !b.Evaluated && b.Why == "" {
		return "no report yet"
	}
	return b.Why
}

// limitWords names the severities that have a threshold, with the thresholds.
func limitWords(limits models.Counts) string {
	var parts []string
	for _, s := range models.Severities() {
		if n := limits.Of(s); n < settings.NoLimit {
			parts = append(parts, s.String()+" "+formatInt(n))
		}
	}
	if len(parts) == 0 {
		return "no thresholds"
	}
	return strings.Join(parts, ", ")
}

// groupGate says what a group's gate mode means.
func groupGate(g models.Group) string {
	switch g.GateMode {
	case models.GateOwn:
		return "group thresholds: " + policyWords(g.Thresholds, g.Counting)
	case models.GateDisabled:
		return "all gates are disabled"
	case models.GateStandard:
	}
	return "no shared thresholds"
}

// ownerText says who set the thresholds; group is the group's name, or "" if it is unknown.
func ownerText(o gate.Owner, group string) string {
	switch o {
	case gate.OwnerProduct:
		return "custom thresholds"
	case gate.OwnerGroup:
		if group != "" {
			return "the thresholds of its group " + group
		}
		return "the thresholds of its group"
	case gate.OwnerGlobal:
		return "the global thresholds"
	}
	return ""
}

func policyText(o gate.Origin) string {
	if !o.Active {
		return ""
	}
	return withCounting(ownerText(o.Owner, o.Group), o.Counting)
}

// sourceWords says who set each threshold, by severity.
func sourceWords(o gate.Origin) map[string]string {
	words := map[string]string{}
	for s, source := range o.Sources {
		switch source {
		case gate.SourceGlobal:
			words[s.String()] = "global"
		case gate.SourceGroup:
			words[s.String()] = "group"
		case gate.SourceProduct:
			words[s.String()] = "custom"
		case gate.SourceUnset:
			words[s.String()] = "unset: 0"
		}
	}
	return words
}

func (a *Admin) policyOf(c *gin.Context, p models.Product) (gate.Policy, error) {
	group, err := a.Store.GroupOf(c.Request.Context(), p)
	return a.Gates.Policy(group, p), err
}

// originOf returns the policy of a product, and who set it.
func (a *Admin) originOf(c *gin.Context, p models.Product) (gate.Origin, error) {
	group, err := a.Store.GroupOf(c.Request.Context(), p)
	return a.Gates.Origin(group, p), err
}

// segments turns a branch's gate changes into the stretches of a timeline of some days.
func (a *Admin) segments(c *gin.Context, b models.Branch, changes []models.GateChange, days int) []ui.Segment {
	now := a.inUserZone(c, a.Store.Now())
	from, state := now.AddDate(0, 0, -days), b.Gate
	if len(changes) > 0 {
		state = changes[0].From
	}
	if b.CreatedAt.After(from) {
		from = a.inUserZone(c, b.CreatedAt)
	}
	segments := make([]ui.Segment, 0, len(changes)+1)
	for _, change := range changes {
		at := a.inUserZone(c, change.At)
		segments = append(segments, ui.Segment{State: string(state), From: from, To: at})
		from, state = at, change.To
	}
	return append(segments, ui.Segment{State: string(state), From: from, To: now})
}

// payloadOf reads the payload of a gate change. If it cannot be read, the row's own columns are
// used.
func payloadOf(change models.GateChange) event.GateChange {
	var p event.GateChange
	if err := json.Unmarshal(change.Payload, &p); err != nil {
		return event.GateChange{From: change.From, To: change.To, Counts: change.Counts}
	}
	return p
}

// reasonOf says why a gate has its state. It names the failing observations while they are still
// the reason.
func reasonOf(change models.GateChange, now string) string {
	if p := payloadOf(change); p.Why == now {
		return p.Reason()
	}
	return now
}

func causeOf(change models.GateChange) string {
	p := payloadOf(change)
	if p.Cause.Text == "" {
		return ""
	}
	text := "by " + p.Cause.Text
	switch {
	case change.Actor == "":
		return text
	case p.Cause.Kind == event.CauseImport || p.Cause.Kind == event.CauseCounts:
		return text + ", sent by " + change.Actor
	}
	return text + " (" + change.Actor + ")"
}

// gateOfTone returns the state of the gate that a notification is about, or "" if it is not about a
// gate.
func gateOfTone(n models.Notification) string {
	if n.Type != string(event.GateChanged) {
		return ""
	}
	switch event.Tone(n.Tone) {
	case event.ToneBad:
		return string(models.GateFailed)
	case event.ToneGood:
		return string(models.GatePassed)
	case event.TonePlain:
	}
	return string(models.GateNone)
}

// failingRows returns the findings of an event of a product as pages list them.
func failingRows(productID int64, items []event.Finding) []page.FailingObservation {
	rows := make([]page.FailingObservation, 0, len(items))
	for _, f := range items {
		row := page.FailingObservation{
			Title: f.Title, Severity: f.Severity.String(), Change: string(f.Change), Component: f.Component, Fix: f.Fix,
			KEV: f.KEV,
		}
		if f.ID != 0 {
			row.Href = observationPath(productID, f.ID)
		}
		rows = append(rows, row)
	}
	return rows
}

// announcementText says when a change on hold is notified, or why the last change was not; "" for
// any other.
func (a *Admin) announcementText(c *gin.Context, b models.Branch, last models.GateChange) string {
	switch {
	case b.Held.Any():
		now := a.Store.Now()
		stood := event.StateWord(b.Gate) + " for " + ui.Span(now.Sub(b.Since))
		if !b.Held.Until.After(now) {
			return stood + "; notifications are being sent"
		}
		return stood + "; on hold, will be notified at " + page.Clock(a.inUserZone(c, b.Held.Until), now) +
			" unless the gate changes back"
	case last.EventID != 0 && last.Announced == 0:
		return "Not notified: the gate returned to the last notified state"
	}
	return ""
}

// announcementTallies sums up the deliveries of some changes, by the events that notified them.
func (a *Admin) announcementTallies(
	c *gin.Context, changes map[int64]models.GateChange,
) (map[int64]page.DeliveryTally, error) {
	ids := make([]int64, 0, len(changes))
	for _, change := range changes {
		if change.Announced != 0 {
			ids = append(ids, change.Announced)
		}
	}
	return a.deliveryTallies(c, ids)
}

func (a *Admin) deliveryTallies(c *gin.Context, events []int64) (map[int64]page.DeliveryTally, error) {
	states, err := a.Store.DeliveryTally(c.Request.Context(), actorOf(c).Scope(), events)
	sums := map[int64]page.DeliveryTally{}
	for id, tally := range states {
		sums[id] = tallyOf(tally)
	}
	return sums, err
}

func tallyOf(states map[models.DeliveryState]int) page.DeliveryTally {
	t := page.DeliveryTally{
		Delivered: states[models.DeliveryDelivered],
		Dead:      states[models.DeliveryDead],
		Held:      states[models.DeliverySilenced],
		Retrying:  states[models.DeliveryRetrying] + states[models.DeliveryPending] + states[models.DeliverySending],
	}
	for _, n := range states {
		t.Total += n
	}
	return t
}
