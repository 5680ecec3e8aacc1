package observation

import (
	"context"
	"errors"
	"slices"

	"gatecrier/app/authz"
	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/app/vex"
	"gatecrier/models"
)

const vexTries = 5 // while the documents of the product change

// vexRun lets the observations of a product follow its VEX documents. It compares outside
// transactions, and changes what differs in small ones that compare again. It can be interrupted
// anywhere: the product is marked as behind until a run is complete.
//
// A gate changes at most once: while it fails, what becomes active is written first, and otherwise
// last, so that no state in between has another result than the first or the last one.
type vexRun struct {
	service    *Service
	productID  int64
	document   models.VEXDocument // that the result is about; zero for none
	statements int                // of the document
	branch     string             // that the result is about; "" = the default branch
	actor      authz.Actor
	cause      string
	warnings   []string
	once       func(tx *models.Tx, r vex.Result) error

	parts     models.Parts
	without   int64 // a document that does not count; 0 = none
	version   int64 // of the product's statements
	matcher   *vex.Matcher
	documents map[int64]string // by ID, as their authors name them
	sources   map[int64]models.Source
	busy      bool // a source has a large import in progress
	found     map[int64]bool
	changed   int
	unchanged int
}

// errVEXMoved is the error of a run whose product has other statements meanwhile.
var errVEXMoved = errors.New("the product has other VEX statements meanwhile")

// untilCurrent runs until the statements have not changed in between.
func (r *vexRun) untilCurrent(ctx context.Context) (vex.Result, error) {
	scope := models.SystemScope("the right to assess was checked")
	before, err := r.service.store.BranchByName(ctx, scope, r.productID, r.branch)
	if err != nil {
		return vex.Result{}, err
	}
	for try := 1; ; try++ {
		err := r.run(ctx)
		if errors.Is(err, errVEXMoved) && try < vexTries {
			continue
		}
		if errors.Is(err, errVEXMoved) { // the one that changed them goes on
			err, r.busy = nil, true
		}
		if err != nil {
			return vex.Result{}, err
		}
		break
	}
	return r.finish(ctx, before)
}

// run compares all observations, and changes those that differ.
func (r *vexRun) run(ctx context.Context) error {
	if err := r.load(ctx); err != nil {
		return err
	}
	scope := models.SystemScope("the right to assess was checked")
	branches, err := r.service.store.Branches(ctx, scope, r.productID)
	if err != nil {
		return err
	}
	for _, b := range branches {
		changes, err := r.compareBranch(ctx, b)
		if err != nil {
			return err
		}
		for list := range bySource(changes) {
			if err := r.write(ctx, b.Name, list); err != nil {
				return err
			}
		}
	}
	return nil
}

// load reads the statements and the sources of the product.
func (r *vexRun) load(ctx context.Context) error {
	scope := models.SystemScope("the right to assess was checked")
	store := r.service.store
	state, err := store.VEXState(ctx, r.productID)
	if err != nil {
		return err
	}
	product, err := store.Product(ctx, scope, r.productID)
	if err != nil {
		return err
	}
	rows, err := store.VEXStatements(ctx, r.productID)
	if err != nil {
		return err
	}
	documents, err := store.VEXDocuments(ctx, scope, r.productID)
	if err != nil {
		return err
	}
	sources, err := store.Sources(ctx, scope, r.productID)
	if err != nil {
		return err
	}
	r.version, r.busy, r.found, r.changed, r.unchanged = state.Version, false, map[int64]bool{}, 0, 0
	r.documents, r.sources = map[int64]string{}, map[int64]models.Source{}
	for _, d := range documents {
		r.documents[d.ID] = d.Document
	}
	for _, source := range sources {
		r.sources[source.ID] = source.Source
	}
	rows = slices.DeleteFunc(rows, func(s models.VEXStatement) bool { return s.DocumentID == r.without })
	r.matcher, err = vex.NewMatcher(product.Name, rows)
	return err
}

// write changes observations of a source in parts, and evaluates the gate with each. If a large import
// of the source is in progress, it leaves the rest for later.
func (r *vexRun) write(ctx context.Context, branch string, list []vexChange) error {
	err := models.WriteInParts(ctx, r.service.store, &r.parts, list, func(tx *models.Tx, part []vexChange) error {
		return r.writeIn(tx, branch, part)
	})
	if fault.Is(err, fault.Conflict) {
		r.busy = true
		return nil
	}
	return err
}

func (r *vexRun) writeIn(tx *models.Tx, branch string, part []vexChange) error {
	if err := tx.LockProduct(r.productID); err != nil {
		return err
	}
	state, err := tx.VEXState(tx.Context(), r.productID)
	if err == nil && state.Version != r.version {
		err = errVEXMoved
	}
	if err != nil {
		return err
	}
	ids := make([]int64, len(part))
	for i, c := range part {
		ids[i] = c.id
	}
	rows, err := tx.Observations(tx.Context(), models.SystemScope("the right to assess was checked"),
		models.ObservationFilter{ProductID: r.productID, IDs: ids, All: true, Limit: len(ids)})
	if err != nil {
		return err
	}
	place := placeOf(r.sources[part[0].source])
	byVEX := map[models.VEX][]int64{}
	var values []models.VEX
	var c change
	for _, o := range rows {
		now := follow(o, r.matcher.Match(place, thingOf(o), nil))
		if !now.VEX.Same(o.VEX) {
			c.before, c.after = append(c.before, o), append(c.after, now)
			if byVEX[now.VEX] == nil {
				values = append(values, now.VEX)
			}
			byVEX[now.VEX] = append(byVEX[now.VEX], o.ID)
		}
	}
	if len(c.before) == 0 {
		return nil
	}
	shift, err := c.shiftSources(tx) // first: it fails while a large import has locked the rows
	if err != nil {
		return err
	}
	for _, v := range values {
		if err := tx.ApplyVEX(byVEX[v], v, r.note(v)); err != nil {
			return err
		}
	}
	cause := event.Cause{Kind: event.CauseAssessment, Text: r.cause}
	_, err = r.service.evaluate(tx, r.productID, branch, shift, cause, r.actor.Label)
	return err
}

// note returns the row of the history of observations of which the documents say v.
func (r *vexRun) note(v models.VEX) models.Assessment {
	a := models.Assessment{UserID: r.actor.User.ID, Actor: r.actor.Label}
	switch {
	case v.Status == "":
		a.Comment = "No VEX document counts any more: " + r.cause
	case v.Justification == "":
		a.Comment = "VEX document " + r.documents[v.DocumentID]
	default:
		a.Comment = "VEX document " + r.documents[v.DocumentID] + ": " + v.Justification
	}
	return a
}

// finish marks the product as current, removes what earlier versions said, and returns the result.
func (r *vexRun) finish(ctx context.Context, before models.Branch) (vex.Result, error) {
	result := vex.Result{
		Document: r.document, Changed: r.changed, Unchanged: r.unchanged, NotFound: max(0, r.statements-len(r.found)),
		Before: before.Gate, Warnings: r.warnings,
	}
	if r.busy {
		result.Warnings = append(slices.Clip(result.Warnings),
			"A large import is in progress: its observations follow the VEX documents within a minute after it")
	}
	err := r.service.store.Write(ctx, func(tx *models.Tx) error {
		after, err := tx.BranchByName(
			tx.Context(), models.SystemScope("the right to assess was checked"), r.productID, r.branch,
		)
		if err != nil {
			return err
		}
		result.Branch, result.After, result.Why, result.Counts = after.Name, after.Gate, after.Why, after.Counts
		if !r.busy {
			if err := tx.VEXApplied(r.productID, r.version); err != nil {
				return err
			}
		}
		if r.once != nil {
			return r.once(tx, result)
		}
		return nil
	})
	var parts models.Parts
	for done := false; !done && err == nil; {
		err = r.service.store.WritePart(ctx, &parts, func(tx *models.Tx, limit int) (n int, err error) {
			n, err = tx.DropOldVEX(r.productID, limit)
			done = n < limit
			return n, err
		})
	}
	return result, err
}
