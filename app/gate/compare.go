package gate

import (
	"context"
	"encoding/json"
	"time"

	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// Moment is the known state of a product's gate at a time. The database does not keep the
// counts of every moment: they are as of AsOf, and can have changed between.
type Moment struct {
	At         time.Time
	State      models.GateState
	Counts     models.Counts
	AsOf       time.Time       // the time of the counts; At if they are exact
	Daily      bool            // the counts are those of the end of a day
	Thresholds *models.Counts  // nil without a gate, or if unknown
	Owner      Owner           // of the thresholds, "" if unknown
	Counting   models.Counting // with the thresholds
	Change     int64           // the event that led to the state, 0 if unknown
}

// Known is the data about a moment: the changes before and after it, the last day that
// ended before it, and the present. Zero values are unknown.
type Known struct {
	Branch     models.Branch
	Last, Next models.GateChange
	Day        models.DayCounts // the zero Day for none
	Policy     Policy           // the present one
	Now        time.Time
}

// MomentOf returns a gate's state at a time. It is pure.
func MomentOf(at time.Time, k Known) Moment {
	m := Moment{At: at, State: stateAt(k), Change: k.Last.EventID}
	var then event.GateChange
	if k.Last.EventID != 0 && json.Unmarshal(k.Last.Payload, &then) == nil {
		m.Thresholds, m.Owner = then.Thresholds, Owner(then.Policy)
		m.Counting = models.Counting{OnlyFixable: then.OnlyFixable, KEVAsCritical: then.KEVAsCritical}
	}
	if !at.Before(k.Now) {
		m.Thresholds, m.Owner, m.Counting = nil, k.Policy.Owner, k.Policy.Counting
		if k.Policy.Active {
			m.Thresholds = &k.Policy.Thresholds
		}
	}
	end := k.Day.Day.AddDate(0, 0, 1)
	switch {
	case !k.Branch.Evaluated || at.Before(k.Branch.CreatedAt):
		m.AsOf = at // no report yet
	case !k.Branch.CountedAt.IsZero() && !k.Branch.CountedAt.After(at):
		m.Counts, m.AsOf = k.Branch.Counts, at // unchanged since
	case !k.Day.Day.IsZero() && (k.Last.EventID == 0 || end.After(k.Last.At)):
		m.Counts, m.AsOf, m.Daily = k.Day.Counts, end, true
	case k.Last.EventID != 0:
		m.Counts, m.AsOf = k.Last.Counts, k.Last.At
	case k.Next.EventID != 0 && k.Next.From == models.GateNone:
		m.AsOf = at // before the first report
	default:
		m.Counts, m.AsOf = k.Branch.Counts, k.Now
	}
	return m
}

// stateAt returns the state after the last change, else the one before the next change.
func stateAt(k Known) models.GateState {
	switch {
	case k.Last.EventID != 0:
		return k.Last.To
	case k.Next.EventID != 0:
		return k.Next.From
	case k.Branch.Evaluated:
		return k.Branch.Gate
	}
	return models.GateNone
}

// Comparison is how a product differs between two moments.
type Comparison struct {
	From, To Moment
	Lists    []BetweenList // the observations that came, came back, went, and were assessed
}

// BetweenList lists observations that changed between two moments, worst first.
type BetweenList struct {
	What  models.Between
	Tally models.Counts // of all, not only of Rows
	Rows  []models.Observation
}

// Query asks for a comparison of a product that was read in scope. A zero To means now.
type Query struct {
	Product  models.ProductRow
	From, To time.Time
	Severity *models.Severity // filters the lists, nil for all
	Limit    int              // of each list
}

// Compare compares two moments of a product. It returns a field error of "from" unless From
// is before To.
func (s *Service) Compare(ctx context.Context, store *models.Store, scope models.Scope, q Query) (Comparison, error) {
	now := store.Now()
	q.From, q.To = q.From.Truncate(time.Microsecond), q.To.Truncate(time.Microsecond) // as times are stored
	if q.To.IsZero() || q.To.After(now) {
		q.To = now
	}
	if !q.From.Before(q.To) {
		return Comparison{}, fault.BadField("from", "Must be before the other time")
	}
	group, err := store.GroupOf(ctx, q.Product.Product)
	if err != nil {
		return Comparison{}, err
	}
	var c Comparison
	moments := []struct {
		at time.Time
		to *Moment
	}{{q.From, &c.From}, {q.To, &c.To}}
	for _, m := range moments {
		k := Known{Branch: q.Product.Default, Policy: s.Policy(group, q.Product.Product), Now: now}
		if k.Last, k.Next, err = store.GateChangesAround(ctx, scope, q.Product.ID, m.at); err != nil {
			return c, err
		}
		if k.Day, _, err = store.DayBefore(ctx, k.Branch.ID, m.at); err != nil {
			return c, err
		}
		*m.to = MomentOf(m.at, k)
	}
	for _, what := range []models.Between{models.Came, models.CameBack, models.Went, models.WasAssessed} {
		f := models.BetweenFilter{
			BranchID: q.Product.Default.ID,
			What:     what,
			From:     q.From,
			To:       q.To,
			Severity: q.Severity,
			Limit:    q.Limit,
		}
		list := BetweenList{What: what}
		if list.Tally, err = store.TallyBetween(ctx, scope, f); err != nil {
			return c, err
		}
		if list.Rows, err = store.ObservationsBetween(ctx, scope, f); err != nil {
			return c, err
		}
		c.Lists = append(c.Lists, list)
	}
	return c, nil
}
