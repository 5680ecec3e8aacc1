package observation

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/models"
)

const (
	maxComment = 4000                     // characters
	maxWaiver  = 3 * 366 * 24 * time.Hour // from now
	noticeTime = 7 * 24 * time.Hour       // before a waiver ends, people are told
)

// Assessment is what somebody says of an observation. It counts until it is
// taken back, whatever reports say; what no report holds any more is resolved
// all the same.
type Assessment struct {
	Clear         bool             // take back what was said; goes with nothing else but a comment
	Status        models.Status    // "" leaves it as it is
	Severity      *models.Severity // nil leaves it as it is
	ClearSeverity bool             // take back a severity that was said, and leave the rest
	Comment       string           // the reason of a waiver, which has one
	Until         time.Time        // when a waiver ends: goes with risk_accepted, which has one
	DuplicateOf   int64            // the id of the observation that it is the same as: goes with duplicate, 0 = not said
}

// Assessable lists the statuses that may be given by hand.
func Assessable() []models.Status {
	return []models.Status{
		models.StatusOpen, models.StatusAffected, models.StatusInReview, models.StatusResolved, models.StatusDuplicate,
		models.StatusFalsePositive, models.StatusNotAffected, models.StatusNotSecurity, models.StatusRiskAccepted,
	}
}

func (a *Assessment) check(now time.Time) error {
	a.Comment = trimmed(a.Comment)
	if !a.Until.IsZero() {
		a.Until = a.Until.UTC().Truncate(time.Microsecond) // as it is kept: what is later by less is now
	}
	var bad fault.Fields
	switch {
	case a.Clear && (a.Status != "" || a.Severity != nil || !a.Until.IsZero() || a.DuplicateOf != 0):
		bad.Add("status", "Taking back what was said goes with nothing else")
	case !a.Clear && a.Status == "" && a.Severity == nil && !a.ClearSeverity:
		bad.Add("status", "Say a status or a severity, or take back what was said")
	case a.Status != "" && !slices.Contains(Assessable(), a.Status):
		bad.Add(
			"status",
			"One of open, affected, in_review, resolved, duplicate, false_positive, not_affected, not_security, risk_accepted",
		)
	}
	switch {
	case a.Severity != nil && a.ClearSeverity:
		bad.Add("severity", "Say one, or take it back")
	case a.Severity != nil && !a.Severity.Valid():
		bad.Add("severity", "One of critical, high, medium, low, none, unknown")
	}
	switch {
	case utf8.RuneCountInString(a.Comment) > maxComment:
		bad.Add("comment", "At most 4,000 characters")
	case badText(a.Comment, true):
		bad.Add("comment", "No control characters")
	}
	a.checkWaiver(now, &bad)
	if a.DuplicateOf != 0 && a.Status != models.StatusDuplicate {
		bad.Add("duplicate_of", "Goes with the status duplicate")
	}
	return bad.Err()
}

func (a *Assessment) checkWaiver(now time.Time, bad *fault.Fields) {
	if a.Status != models.StatusRiskAccepted {
		if !a.Until.IsZero() {
			bad.Add("waiver_until", "Goes with the status risk_accepted")
		}
		return
	}
	if a.Comment == "" {
		bad.Add("comment", "Say why the risk is accepted")
	}
	switch {
	case a.Until.IsZero():
		bad.Add("waiver_until", "Say until when the risk is accepted")
	case !a.Until.After(now):
		bad.Add("waiver_until", "Must be in the future")
	case a.Until.After(now.Add(maxWaiver)):
		bad.Add("waiver_until", "At most three years from now")
	}
}

func (a Assessment) judgement(now time.Time, actor authz.Actor) models.AssessmentInput {
	j := models.AssessmentInput{
		Action:        models.ActionAssess,
		ClearStatus:   a.Clear,
		ClearSeverity: a.Clear || a.ClearSeverity,
		Status:        a.Status,
		Severity:      a.Severity,
		Until:         a.Until,
		Noticed: !a.Until.IsZero() &&
			a.Until.Before(now.Add(noticeTime)), // whoever says so now knows that it ends soon
		DuplicateOf: a.DuplicateOf,
		Comment:     a.Comment,
		UserID:      actor.User.ID,
		Actor:       actor.Label,
	}
	if a.Clear || a.ClearSeverity && a.Status == "" {
		j.Action = models.ActionClear
	}
	return j
}

// values are what is said, for the audit.
func (a Assessment) values() audit.Values {
	v := audit.Values{}
	note := func(name, value string) {
		if value != "" {
			v[name] = value
		}
	}
	note("status", string(a.Status))
	note("comment", a.Comment)
	if a.Clear {
		note("assessment", "taken back")
	}
	if a.ClearSeverity {
		note("severity", "the report's")
	}
	if a.Severity != nil {
		note("severity", a.Severity.String())
	}
	if !a.Until.IsZero() {
		note("waiver_until", a.Until.UTC().Format(time.RFC3339))
	}
	if a.DuplicateOf != 0 {
		note("duplicate_of", strconv.FormatInt(a.DuplicateOf, 10))
	}
	return v
}

// Assess says something of one observation.
func (s *Service) Assess(
	ctx context.Context, actor authz.Actor, id int64, a Assessment,
) (models.Observation, Done, error) {
	o, productID, err := s.Get(ctx, actor, id)
	if err != nil {
		return o, Done{}, err
	}
	done, err := s.AssessMany(ctx, actor, Selection{ProductID: productID, IDs: []int64{id}}, a)
	if err != nil {
		return o, done, err
	}
	o, _, err = s.Get(ctx, actor, id)
	return o, done, err
}

// Selection is which observations of a product a step is about: those of some
// ids, or all that a filter finds.
type Selection struct {
	ProductID int64
	IDs       []int64
	Filter    *models.ObservationFilter // where there are no ids
	Expected  int                       // how many the filter found when it was looked at; 0 = however many there are
}

// AssessMany says the same of many observations in one step: all of it counts
// together, and each branch's gate is looked at once. Nothing is changed where
// any of them cannot be.
func (s *Service) AssessMany(ctx context.Context, actor authz.Actor, sel Selection, a Assessment) (Done, error) {
	if err := s.may(ctx, actor, sel.ProductID); err != nil {
		return Done{}, err
	}
	if err := a.check(s.store.Now()); err != nil {
		return Done{}, err
	}
	if len(sel.IDs) > MaxSelected {
		return Done{}, fault.BadField("ids", "At most 10,000 at a time")
	}
	var done Done
	err := s.store.Write(ctx, func(tx *models.Tx) error {
		done = Done{}
		if err := tx.LockProduct(sel.ProductID); err != nil {
			return err
		}
		list, err := selected(tx, sel)
		if err != nil {
			return err
		}
		if err := checkDuplicate(tx, a.DuplicateOf, sel.ProductID, list); err != nil {
			return err
		}
		j := a.judgement(tx.Now(), actor)
		done, err = s.judge(
			tx,
			sel.ProductID,
			list,
			j,
			event.Cause{Kind: event.CauseAssessment, Text: "an assessment of " + named(list)},
			actor.Label,
		)
		if err != nil || len(list) == 1 { // of a single one its own history is enough
			return err
		}
		return audit.Write(tx, actor, audit.Entry{
			Action: audit.Change, Kind: audit.Observation, Name: named(list), ProductID: sel.ProductID, Became: a.values(),
		})
	})
	if err != nil {
		return Done{}, err
	}
	return done, nil
}

// judge writes what is said of observations of a product, and makes the gates
// of their branches follow.
func (s *Service) judge(
	tx *models.Tx, productID int64, list []models.Observation, j models.AssessmentInput, cause event.Cause, actor string,
) (Done, error) {
	ids := make([]int64, len(list))
	branches := map[int64]change{}
	for i, o := range list {
		ids[i] = o.ID
		c := branches[o.BranchID]
		c.before, c.after = append(c.before, o), append(c.after, o.Assess(j, tx.Now()))
		branches[o.BranchID] = c
	}
	all, err := tx.Branches(tx.Context(), models.SystemScope("the right to assess was checked"), productID)
	if err != nil {
		return Done{}, err
	}
	// Sources first: a large import at work on one refuses all, and what follows
	// waits for no row that it holds.
	shifted := map[int64]shift{}
	for _, b := range all {
		if c, ok := branches[b.ID]; ok {
			if shifted[b.ID], err = c.move(tx); err != nil {
				return Done{}, err
			}
		}
	}
	if err := tx.Assess(ids, j); err != nil {
		return Done{}, err
	}
	done := Done{Changed: len(list)}
	for _, b := range all {
		by, ok := shifted[b.ID]
		if !ok {
			continue
		}
		out, err := s.evaluate(tx, productID, b.Name, by, cause, actor)
		if err != nil {
			return done, err
		}
		done.Gates = append(done.Gates, out)
	}
	return done, nil
}

// selected reads the observations of a selection, all of which must be there.
func selected(tx *models.Tx, sel Selection) ([]models.Observation, error) {
	scope := models.SystemScope("the right to assess was checked")
	if len(sel.IDs) == 0 {
		return filtered(tx, scope, sel)
	}
	ids := slices.Compact(slices.Sorted(slices.Values(sel.IDs)))
	list := make([]models.Observation, 0, len(ids))
	for part := range slices.Chunk(ids, 500) {
		rows, err := tx.Observations(
			tx.Context(), scope, models.ObservationFilter{ProductID: sel.ProductID, IDs: part, All: true, Limit: len(part)},
		)
		if err != nil {
			return nil, err
		}
		list = append(list, rows...)
	}
	if len(list) < len(ids) {
		return nil, fault.NewNotFound("observation")
	}
	return list, nil
}

func filtered(tx *models.Tx, scope models.Scope, sel Selection) ([]models.Observation, error) {
	if sel.Filter == nil {
		return nil, fault.BadField("ids", "Say which observations: by ids, or by a filter")
	}
	f := *sel.Filter
	f.ProductID, f.After, f.Limit = sel.ProductID, nil, MaxSelected+1
	list, err := tx.Observations(tx.Context(), scope, f)
	switch {
	case err != nil:
		return nil, err
	case len(list) > MaxSelected:
		return nil, fault.BadField("filter", "It finds more than 10,000 observations: narrow it")
	case len(list) == 0:
		return nil, fault.New(fault.Conflict, "No observation is found any more: look at the list again")
	case sel.Expected != 0 && len(list) != sel.Expected:
		return nil, fault.New(
			fault.Conflict,
			fmt.Sprintf("There are %d observations now, not %d: look at the list again", len(list), sel.Expected),
		)
	}
	return list, nil
}

// checkDuplicate makes sure that what observations are to be the same as is in
// their branch, and none of them, nor itself a duplicate.
func checkDuplicate(tx *models.Tx, of, productID int64, list []models.Observation) error {
	if of == 0 {
		return nil
	}
	o, product, err := tx.Observation(tx.Context(), models.SystemScope("the right to assess was checked"), of)
	if fault.Is(err, fault.NotFound) || err == nil && product != productID {
		return fault.BadField("duplicate_of", "There is no such observation in this product")
	}
	if err != nil {
		return err
	}
	for _, d := range list {
		switch {
		case d.ID == of:
			return fault.BadField("duplicate_of", "An observation is no duplicate of itself")
		case d.BranchID != o.BranchID:
			return fault.BadField("duplicate_of", "It is in another branch")
		}
	}
	if o.Status == models.StatusDuplicate ||
		o.Assessed.Status == models.StatusDuplicate { // one that is resolved may come back
		return fault.BadField("duplicate_of", "That one is a duplicate itself: name the one that it is the same as")
	}
	return nil
}
