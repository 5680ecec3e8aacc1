package observation

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/app/gate"
	"gatecrier/models"
)

// Draft is the input of an observation that a user enters, since no scanner finds it.
type Draft struct {
	Branch      string // "" = the default branch; cannot be changed later
	Title       string
	Description string
	Severity    models.Severity
	Component   string
	Location    string
	Fix         string
	URL         string
	IfVersion   *int64       // the version that the user edits, nil for any
	Unread      fault.Fields // of a form: fields with texts that are no values
}

// check trims the texts, and returns the field errors of a draft.
func (d *Draft) check() error {
	fieldErrs := slices.Clone(d.Unread)
	for _, f := range []struct {
		name  string
		value *string
		limit int // characters
		lines bool
	}{
		{"title", &d.Title, 255, false},
		{"description", &d.Description, 2000, true},
		{"component", &d.Component, 1000, false},
		{"location", &d.Location, 1000, false},
		{"fix", &d.Fix, 255, false},
		{"url", &d.URL, 1000, false},
	} {
		*f.value = strings.TrimSpace(*f.value)
		switch {
		case utf8.RuneCountInString(*f.value) > f.limit:
			fieldErrs.Add(f.name, "Too long")
		case hasControl(*f.value, f.lines):
			fieldErrs.Add(f.name, "No control characters")
		}
	}
	if d.Title == "" {
		fieldErrs.Add("title", "Must not be empty")
	}
	if !d.Severity.Valid() {
		fieldErrs.Add("severity", "Use critical, high, medium, low, none or unknown")
	}
	if d.URL != "" && !isWebAddress(d.URL) {
		fieldErrs.Add("url", "An address that begins with http:// or https://")
	}
	return fieldErrs.Err()
}

func isWebAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http")
}

// draftOf returns the input of an observation.
func draftOf(o models.Observation) Draft {
	return Draft{
		Title:       o.Title,
		Description: o.Description,
		Severity:    o.Severity,
		Component:   o.Component,
		Location:    o.Location,
		Fix:         o.Fix,
		URL:         o.URL,
	}
}

// fill sets the texts of an observation.
func (d Draft) fill(o *models.Observation) {
	o.Title = d.Title
	o.Description = d.Description
	o.Component = d.Component
	o.Location = d.Location
	o.Fix = d.Fix
	o.URL = d.URL
}

// Create creates an observation of a draft. It is open and counts like one of a report, but
// no report resolves it.
func (s *Service) Create(
	ctx context.Context, actor authz.Actor, productID int64, d Draft,
) (models.Observation, Done, error) {
	if err := s.requireAssess(ctx, actor, productID); err != nil {
		return models.Observation{}, Done{}, err
	}
	if err := d.check(); err != nil {
		return models.Observation{}, Done{}, err
	}
	identity := make([]byte, 16)
	rand.Read(identity)
	var done Done
	var id int64
	err := s.store.Write(ctx, func(tx *models.Tx) error {
		if err := tx.LockProduct(productID); err != nil {
			return err
		}
		g, err := tx.GateOf(productID, strings.TrimSpace(d.Branch))
		if fault.Is(err, fault.NotFound) {
			return fault.BadField("branch", "There is no branch of that name: reports make one")
		}
		if err != nil {
			return err
		}
		source, err := tx.ManualSource(g.Branch.ID)
		if err != nil {
			return err
		}
		o := models.Observation{
			BranchID: g.Branch.ID, SourceID: source.ID, Identity: identity, Severity: d.Severity,
			ReportStatus: models.StatusOpen, Status: models.StatusOpen, FirstSeenAt: tx.Now(), ChangedAt: tx.Now(),
		}
		d.fill(&o)
		if o.ID, err = tx.InsertObservation(o); err != nil {
			return err
		}
		id = o.ID
		if err := tx.NoteAssessment(models.Assessment{
			ObservationID: id,
			UserID:        actor.User.ID,
			Actor:         actor.Label,
			Action:        models.ActionCreate,
			Status:        o.Status,
			WasSeverity:   o.Severity,
			Severity:      o.Severity,
		}); err != nil {
			return err
		}
		entered := change{after: []models.Observation{o}}
		out, err := s.recount(tx, productID, g.Branch.Name, entered, manualCause("entered", o), actor.Label)
		done = Done{Changed: 1, Gates: []BranchGate{out}}
		return err
	})
	if err != nil {
		return models.Observation{}, Done{}, err
	}
	o, _, err := s.store.Observation(ctx, models.SystemScope("its creator can see it"), id)
	return o, done, err
}

func manualCause(what string, o models.Observation) event.Cause {
	return event.Cause{Kind: event.CauseAssessment, Text: "an observation " + what + " by hand: " + o.Title}
}

// Edit changes a manual observation. It returns a conflict for one of a report, and for another
// version than that of the draft.
func (s *Service) Edit(ctx context.Context, actor authz.Actor, id int64, d Draft) (models.Observation, Done, error) {
	return s.Amend(ctx, actor, id, func(was *Draft) { *was = d })
}

// Amend is Edit with fn, which changes the present values within the transaction.
func (s *Service) Amend(
	ctx context.Context, actor authz.Actor, id int64, fn func(d *Draft),
) (models.Observation, Done, error) {
	amend := func(tx *models.Tx, _ int64, o models.Observation) (change, event.Cause, error) {
		was := draftOf(o)
		d := was
		fn(&d)
		if err := cmp.Or(requireVersion(tx, o, d.IfVersion), d.check()); err != nil {
			return change{}, event.Cause{}, err
		}
		now, comment := o, d.changesOf(was)
		if comment == "" {
			return change{}, manualCause("changed", o), nil
		}
		d.fill(&now)
		now.ChangedAt = tx.Now()
		if d.Severity != o.Severity {
			now.Assessed.ReportSeverity, now.Severity = nil, d.Severity // the entered severity replaces an assessed one
		}
		if err := tx.UpdateObservation(now); err != nil {
			return change{}, event.Cause{}, err
		}
		c := change{before: []models.Observation{o}, after: []models.Observation{now}}
		return c, manualCause("changed", now), tx.NoteAssessment(models.Assessment{
			ObservationID: id,
			UserID:        actor.User.ID,
			Actor:         actor.Label,
			Action:        models.ActionEdit,
			WasStatus:     o.Status,
			Status:        now.Status,
			WasSeverity:   o.Severity,
			Severity:      now.Severity,
			Comment:       comment,
		})
	}
	done, err := s.changeManual(ctx, actor, id, amend)
	if err != nil {
		return models.Observation{}, Done{}, err
	}
	o, _, err := s.Get(ctx, actor, id)
	return o, done, err
}

// Delete deletes a manual observation; its duplicates count again. It returns a conflict for one of
// a report, which the next report would bring back, for the original of too many duplicates, and
// for another version than ifVersion, nil for any.
func (s *Service) Delete(ctx context.Context, actor authz.Actor, id int64, ifVersion *int64) (Done, error) {
	remove := func(tx *models.Tx, productID int64, o models.Observation) (change, event.Cause, error) {
		c, cause := change{before: []models.Observation{o}}, manualCause("deleted", o)
		if err := requireVersion(tx, o, ifVersion); err != nil {
			return c, cause, err
		}
		duplicates, err := tx.DuplicatesOf(tx.Context(), []int64{id})
		if err != nil {
			return c, cause, err
		}
		if len(duplicates) > gate.MaxEnded {
			return c, cause, errTooManyDuplicates(len(duplicates))
		}
		if c.ended, err = gate.EndDuplicates(tx, duplicates, gate.OriginalDeleted, nil); err != nil {
			return c, cause, err
		}
		if err := tx.DeleteObservation(id); err != nil {
			return c, cause, err
		}
		return c, cause, audit.Write(tx, actor, audit.Entry{
			Action:    audit.Delete,
			Kind:      audit.Observation,
			Name:      o.Title,
			ProductID: productID,
			Was: audit.Values{
				"severity":  o.Severity.String(),
				"status":    string(o.Status),
				"component": o.Component,
				"location":  o.Location,
				"branch":    o.Branch,
			},
		})
	}
	return s.changeManual(ctx, actor, id, remove)
}

// errTooManyDuplicates refuses to delete the original of n duplicates, more than one transaction
// ends.
func errTooManyDuplicates(n int) error {
	text := fmt.Sprintf("%d observations are duplicates of this one: assess some of them first, until %d are left",
		n, gate.MaxEnded)
	return fault.New(fault.Conflict, text)
}

// changeManual calls fn to change a manual observation, and evaluates the gate.
func (s *Service) changeManual(
	ctx context.Context,
	actor authz.Actor,
	id int64,
	fn func(tx *models.Tx, productID int64, o models.Observation) (change, event.Cause, error),
) (Done, error) {
	_, productID, err := s.Get(ctx, actor, id)
	if err != nil {
		return Done{}, err
	}
	if err := s.requireAssess(ctx, actor, productID); err != nil {
		return Done{}, err
	}
	var done Done
	err = s.store.Write(ctx, func(tx *models.Tx) error {
		if err := tx.LockProduct(productID); err != nil {
			return err
		}
		o, _, err := tx.Observation(tx.Context(), models.SystemScope("the right to assess was checked"), id)
		if err != nil {
			return err
		}
		if o.Scanner != models.ManualScanner {
			return fault.New(
				fault.Conflict,
				"Only observations that were entered by hand are edited or deleted: assess this one instead",
			)
		}
		b, err := branchOf(tx, productID, o.BranchID)
		if err != nil {
			return err
		}
		c, cause, err := fn(tx, productID, o)
		if err != nil {
			return err
		}
		out, err := s.recount(tx, productID, b.Name, c, cause, actor.Label)
		done = Done{Changed: 1, Gates: []BranchGate{out}}
		return err
	})
	if err != nil {
		return Done{}, err
	}
	return done, nil
}
