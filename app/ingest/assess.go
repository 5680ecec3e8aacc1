package ingest

import (
	"context"
	"fmt"
	"io"
	"time"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/gate"
	"gatecrier/app/vex"
	"gatecrier/models"
)

// Assessor assesses observations by VEX documents, and ends waivers.
type Assessor interface {
	// ExpireOf ends the waivers of a product whose time is over.
	ExpireOf(ctx context.Context, productID int64) error
	// ApplyVEX makes a document count for a branch of a product, "" for all, in place of its earlier
	// version. Once, if it is not nil, is called in the last transaction.
	ApplyVEX(
		ctx context.Context, actor authz.Actor, productID int64, branch string, d *vex.Document,
		once func(tx *models.Tx, r vex.Result) error,
	) (vex.Result, error)
}

// SetAssessor sets what assesses observations where a text is a VEX document. It must be called
// before the first import.
func (s *Service) SetAssessor(a Assessor) { s.assessor = a }

// expireWaivers ends the waivers of a product whose time is over, so that its gate does not pass by
// one of them. If a large import keeps them, the job that ends waivers does it later.
func (s *Service) expireWaivers(ctx context.Context, productID int64) error {
	if s.assessor == nil {
		return nil
	}
	err := s.assessor.ExpireOf(ctx, productID)
	if fault.Is(err, fault.Conflict) || fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// errNoAssessor is the error for a VEX document of an actor who can import reports only.
var errNoAssessor = fault.New(
	fault.Forbidden,
	"This is a VEX document. It assesses observations, so that a report's rights are not enough: "+
		"send it with a token of the role writer, or of a higher one",
)

// UploadVEX makes a VEX document count for a branch of a product, "" for all. It returns a field error
// for a report.
func (s *Service) UploadVEX(
	ctx context.Context, actor authz.Actor, dest Destination, body io.Reader,
) (Result, error) {
	if err := authz.Require(ctx, s.store, actor, authz.Assess, dest.ProductID); err != nil {
		return Result{}, err
	}
	if why := checkName(dest.Branch); why != "" {
		return Result{}, fault.BadField("branch", why)
	}
	limit := s.settings().MaxBytes
	r := s.memory.begin(ctx, decode(body, limit), limit)
	defer r.end()
	report, err := parseText(r, true)
	if err != nil {
		return Result{}, err
	}
	if report.VEX == nil {
		return Result{}, fault.BadField(
			"report", "This is a report ("+report.Format+") and no VEX document: send it to POST /products/{id}/reports",
		)
	}
	results, err := s.assess(ctx, actor, dest, &incoming{report: report}, nil)
	if err != nil {
		return Result{}, err
	}
	return results[0], nil
}

// documentIn returns the part of a request that is a VEX document, nil for none. It returns a field
// error for one among other files: reports are imported together, or none of them is.
func documentIn(parts []*incoming) (*incoming, error) {
	for _, p := range parts {
		switch {
		case p.report.VEX == nil:
		case len(parts) > 1:
			return nil, p.wrong(fault.BadField("report", "A VEX document comes in a request of its own, after the reports"))
		default:
			return p, nil
		}
	}
	return nil, nil //nolint:nilnil // most requests have none
}

// assess hands a VEX document over.
func (s *Service) assess(
	ctx context.Context, actor authz.Actor, dest Destination, p *incoming, err error,
) ([]Result, error) {
	if err != nil {
		return nil, err
	}
	err = authz.Require(ctx, s.store, actor, authz.Assess, dest.ProductID)
	switch {
	case fault.Is(err, fault.Forbidden):
		return nil, errNoAssessor
	case err != nil:
		return nil, err
	case s.assessor == nil:
		return nil, fault.BadField("report", "VEX documents are not read here")
	}
	if err := checkVEXTime(p.report.VEX, s.store.Now()); err != nil {
		return nil, p.wrong(err)
	}
	var once func(tx *models.Tx, r vex.Result) error
	if dest.Once != nil {
		once = func(tx *models.Tx, r vex.Result) error { return dest.Once(tx, []Result{p.vexResult(r)}) }
	}
	r, err := s.assessor.ApplyVEX(ctx, actor, dest.ProductID, dest.Branch, p.report.VEX, once)
	if err != nil {
		return nil, p.wrong(err)
	}
	return []Result{p.vexResult(r)}, nil
}

// maxVEXAhead is how far in the future the times of a VEX document can be.
const maxVEXAhead = 24 * time.Hour

// checkVEXTime returns a field error for a document, or a statement of it, of the future: it would
// count more than all that are made until then.
func checkVEXTime(d *vex.Document, now time.Time) error {
	const why = "the time is more than a day in the future. Correct it, or the clock of the machine that wrote it"
	last := now.Add(maxVEXAhead)
	if d.At.After(last) {
		place := "timestamp or last_updated"
		if d.Format == vex.FormatCSAF {
			place = "document.tracking.current_release_date"
		}
		return unreadableVEX("in "+place+": "+why, nil)
	}
	for i, s := range d.Statements {
		if s.At.After(last) {
			return unreadableVEX(fmt.Sprintf("in statements[%d]: %s", i, why), nil)
		}
	}
	return nil
}

func (p *incoming) vexResult(r vex.Result) Result {
	return Result{
		File: p.label, Format: r.Document.Format, Branch: r.Branch, Counts: r.Counts, Warnings: r.Warnings, VEX: &r,
		Gate: gate.Outcome{Before: r.Before, After: r.After, Why: r.Why},
	}
}
