package gate

import (
	"fmt"
	"slices"

	"gatecrier/app/event"
	"gatecrier/app/settings"
	"gatecrier/models"
)

// maxFailing is how many findings an event names.
const maxFailing = 5

// Evaluation is the input of an evaluation of a branch's gate.
type Evaluation struct {
	Active    models.Breakdown // the branch's active observations after the cause
	Cause     event.Cause      // what happened
	Actor     string           // the label of the user, the token or the system that caused it
	Activated Activated        // the findings that the cause made active
	// Unreported says that no source of reports is left: then the gate does not pass.
	Unreported bool
	// Part is which part of its cause an evaluation belongs to. The zero value is the whole cause.
	Part Part
}

// Part is a part of a cause that takes several transactions. A change is announced with the last
// one, so that a gate that fails and passes between two parts announces nothing.
type Part int

// The parts.
const (
	Whole     Part = iota
	MoreComes      // another part of the same cause follows
	LastPart
)

// Outcome is the result of an evaluation.
type Outcome struct {
	Before, After models.GateState
	Why           string
	Event         models.Event // of the change, zero without one
	Held          models.Held  // of a change on hold, zero otherwise
}

// Service evaluates gates.
type Service struct {
	events   *event.Log
	settings func() settings.Gate // returns the current global policy
}

// New returns a service that reads the global policy for each evaluation.
func New(events *event.Log, global func() settings.Gate) *Service {
	return &Service{events: events, settings: global}
}

// Policy returns the current policy of a product of a group (nil for none).
func (s *Service) Policy(group *models.Group, p models.Product) Policy {
	return PolicyOf(s.settings(), group, p)
}

// Evaluate writes a branch's counts and its gate in the transaction of the cause. A change
// of the default branch's gate changes the product's gate: it makes a row of the history
// and an event. Other branches announce nothing.
func (s *Service) Evaluate(tx *models.Tx, g models.Gated, e Evaluation) (Outcome, error) {
	policy := s.Policy(g.Group, g.Product)
	verdict := Decide(policy, e.Active)
	unreported := e.Unreported && verdict.State != models.GateFailed
	if unreported {
		verdict = verdict.Unreported()
	}
	b := g.Branch
	out := Outcome{Before: b.Gate, After: verdict.State, Why: verdict.Why}
	if b.Held.Any() && out.Before == out.After {
		if err := s.keepHold(tx, g, e, policy, verdict); err != nil {
			return out, err
		}
	}
	if b.Evaluated && b.Breakdown == e.Active && b.Gate == verdict.State && b.Why == verdict.Why {
		return out, nil
	}
	if err := tx.Recount(&b, e.Active); err != nil {
		return out, err
	}
	b.Why, b.Evaluated = verdict.Why, !unreported
	if b.Gate != verdict.State {
		b.Gate, b.Since = verdict.State, tx.Now()
	}
	if err := tx.SaveGate(b); err != nil || out.Before == out.After || !b.Default {
		return out, err
	}
	err := s.record(tx, g, e, policy, verdict, &out)
	return out, err
}

// record writes a change of a product's gate as an event and a row of the history. With a
// hold time, AnnounceDue announces the change later, or never if the gate returns before.
func (s *Service) record(tx *models.Tx, g models.Gated, e Evaluation, policy Policy, v Verdict, out *Outcome) error {
	payload, err := payloadOf(tx, g, e, policy, v)
	if err != nil {
		return err
	}
	row := models.GateChange{ProductID: g.Product.ID, From: payload.From, To: payload.To, Counts: e.Active.Counts}
	lastAnnounced, hold := g.Branch.Gate, s.HoldTime(g.Product)
	if e.Part == MoreComes {
		hold = max(hold, MaxPartHold)
	}
	if g.Branch.Held.Any() {
		lastAnnounced = g.Branch.Held.From
	}
	if hold == 0 && lastAnnounced != v.State {
		payload.From = lastAnnounced // the states since were on hold, and notified no one
		out.Event, err = s.events.Append(tx, g.Product.ID, e.Actor, payload)
		row.Announced = out.Event.ID
	} else {
		out.Event, err = s.events.Record(tx, g.Product.ID, e.Actor, payload)
	}
	if err != nil {
		return fmt.Errorf("append %s: %w", event.GateChanged, err)
	}
	row.EventID = out.Event.ID
	if row.Announced == 0 && lastAnnounced != v.State {
		out.Held = models.Held{From: lastAnnounced, Until: tx.Now().Add(hold), EventID: row.EventID}
	}
	if out.Held.Any() || g.Branch.Held.Any() {
		if err := tx.SaveHeld(g.Branch.ID, out.Held); err != nil {
			return err
		}
	}
	return tx.InsertGateChange(row)
}

// payloadOf returns the event of a change to a verdict.
func payloadOf(tx *models.Tx, g models.Gated, e Evaluation, policy Policy, v Verdict) (event.GateChange, error) {
	failing, err := failingObservations(tx, g.Branch.ID, v, policy.Counting, e.Activated)
	payload := event.GateChange{
		Product: event.Product{ID: g.Product.ID, Name: g.Product.Name}, Branch: g.Branch.Name,
		From: g.Branch.Gate, To: v.State, Why: v.Why, Counts: e.Active.Counts, Policy: string(policy.Owner),
		Cause: e.Cause, Failing: failing, Uncounted: v.Uncounted,
		OnlyFixable: policy.Counting.OnlyFixable, KEVAsCritical: policy.Counting.KEVAsCritical,
	}
	if policy.Active {
		payload.Thresholds = &policy.Thresholds
	}
	if policy.Counting.Any() {
		payload.Effective = &v.Effective
	}
	return payload, err
}

// failingObservations returns the findings that an event names: those that the cause made
// active, or the worst of the branch (after a threshold was lowered). A finding in several
// components has one entry. It returns no findings unless the gate fails.
func failingObservations(
	tx *models.Tx, branchID int64, v Verdict, c models.Counting, activated Activated,
) (event.Failing, error) {
	if v.State != models.GateFailed {
		return event.Failing{Items: []event.Finding{}}, nil
	}
	if f := activated.failing(v.Over, c); f.Total() > 0 {
		return f, findIDs(tx, branchID, f.Items)
	}
	list, err := tx.FailingObservations(tx.Context(), branchID, v.Over, c, 4*maxFailing)
	failing := event.Failing{Items: []event.Finding{}}
	for _, o := range list {
		f := event.FindingOf(o)
		f.Severity, _ = c.CountsAs(o.Severity, o.Flags())
		failing.Items = appendTitle(failing.Items, f)
	}
	return failing, err
}

// findIDs sets the IDs of findings that were new to the cause and have been saved by now.
func findIDs(tx *models.Tx, branchID int64, findings []event.Finding) error {
	var identities []string
	for _, f := range findings {
		if f.ID == 0 && f.Identity != "" {
			identities = append(identities, f.Identity)
		}
	}
	if len(identities) == 0 {
		return nil
	}
	ids, err := tx.ActiveObservationIDs(tx.Context(), branchID, identities)
	for i := range findings {
		if f := &findings[i]; f.ID == 0 {
			f.ID = ids[f.Identity]
		}
	}
	return err
}

// appendTitle appends a finding unless the list is full or has its title already.
func appendTitle(list []event.Finding, f event.Finding) []event.Finding {
	if len(list) == maxFailing || slices.ContainsFunc(list, func(e event.Finding) bool { return e.Title == f.Title }) {
		return list
	}
	return append(list, f.Brief())
}
