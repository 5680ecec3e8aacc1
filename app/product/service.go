// Package product carries out what people do with products: create, edit,
// delete, members.
package product

import (
	"context"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/connection"
	"gatecrier/app/fault"
	"gatecrier/app/gate"
	"gatecrier/app/settings"
	"gatecrier/models"
)

// DefaultBranch is the default branch's name, unless another is given.
const DefaultBranch = "main"

// Service manages products.
type Service struct {
	store *models.Store
	gates *gate.Service
	conns *connection.Service
	users func() settings.Users
	sweep func() // looks at all gates again
}

// New returns a service. sweep lets all gates be looked at again in the
// background.
func New(
	store *models.Store, gates *gate.Service, conns *connection.Service, users func() settings.Users, sweep func(),
) *Service {
	return &Service{store: store, gates: gates, conns: conns, users: users, sweep: sweep}
}

// Draft is a product as somebody asks for it.
type Draft struct {
	Name, Description, DefaultBranch string
	GateMode                         models.GateMode
	Thresholds                       models.Thresholds
	HoldSeconds, StaleAfter          *int64 // nil: as the settings say
	Targets                          connection.FieldsChange
	GroupID                          int64 // 0 for none
}

// MayCreate says why the actor may not make products, nil where he may.
func (s *Service) MayCreate(actor authz.Actor) error {
	switch {
	case actor.User.ID == 0 || actor.Role != "":
		return fault.New(fault.Forbidden, "This token may not make products or groups")
	case !actor.Administrator() && !s.users().MayCreateProducts:
		return fault.New(fault.Forbidden, "Only administrators make products and groups here")
	}
	return nil
}

// Create makes a product, whose creator becomes its owner.
func (s *Service) Create(ctx context.Context, actor authz.Actor, d Draft) (models.ProductRow, error) {
	if err := s.MayCreate(actor); err != nil {
		return models.ProductRow{}, err
	}
	d.trim()
	if err := d.check(); err != nil {
		return models.ProductRow{}, err
	}
	if d.GroupID != 0 {
		if err := authz.RequireGroup(ctx, s.store, actor, authz.Edit, d.GroupID); err != nil {
			return models.ProductRow{}, groupField(err)
		}
	}
	targets, _, err := s.conns.PlanFields(ctx, actor, d.Targets)
	if err != nil {
		return models.ProductRow{}, err
	}
	var id int64
	err = s.store.Write(ctx, func(tx *models.Tx) error {
		p := models.Product{
			Name: d.Name, Description: d.Description, GateMode: d.GateMode, Thresholds: d.Thresholds,
			HoldSeconds: d.HoldSeconds, StaleAfter: d.StaleAfter,
		}
		if err := tx.CreateProduct(&p, d.DefaultBranch, actor.User.ID); err != nil {
			return err
		}
		id = p.ID
		e := audit.Entry{
			Action:    audit.Create,
			Kind:      audit.Product,
			Name:      p.Name,
			ProductID: id,
			Became:    valuesOf(p, d.DefaultBranch),
		}
		if err := audit.Write(tx, actor, e); err != nil {
			return err
		}
		if d.GroupID != 0 {
			if err := s.move(tx, actor, id, d.GroupID); err != nil {
				return err
			}
		}
		return targets(tx, InProduct(id))
	})
	if err != nil {
		return models.ProductRow{}, err
	}
	return s.store.Product(ctx, models.SystemScope("its creator has just made it"), id)
}

func (d *Draft) trim() {
	d.Name = strings.TrimSpace(d.Name)
	d.Description = strings.TrimSpace(d.Description)
	d.DefaultBranch = strings.TrimSpace(d.DefaultBranch)
	if d.DefaultBranch == "" {
		d.DefaultBranch = DefaultBranch
	}
	if d.GateMode == "" {
		d.GateMode = models.GateStandard
	}
}

func (d Draft) check() error {
	var bad fault.Fields
	for _, f := range []struct {
		name, value string
		least, most int
	}{{"name", d.Name, 1, 255}, {"description", d.Description, 0, 2000}, {"default_branch", d.DefaultBranch, 1, 255}} {
		if why := badText(f.value, f.least, f.most, f.name == "description"); why != "" {
			bad.Add(f.name, why)
		}
	}
	if !d.GateMode.Valid() {
		bad.Add("gate_mode", "One of standard, disabled, own")
	}
	for _, s := range models.Severities() {
		if t := d.Thresholds.Of(s); t != nil && (*t < 0 || *t > models.MaxThreshold) {
			bad.Add("thresholds."+s.String(), "From 0 to "+strconv.Itoa(models.MaxThreshold))
		}
	}
	d.checkTimes(&bad)
	return bad.Err()
}

func badText(text string, least, most int, lines bool) string {
	control := func(r rune) bool { return unicode.IsControl(r) && (!lines || r != '\n' && r != '\r' && r != '\t') }
	switch n := utf8.RuneCountInString(text); {
	case n < least || n > most:
		return strconv.Itoa(least) + " to " + strconv.Itoa(most) + " characters"
	case !utf8.ValidString(text) || strings.ContainsFunc(text, control):
		return "No control characters"
	}
	return ""
}

// Get finds a product that the actor may view.
func (s *Service) Get(ctx context.Context, actor authz.Actor, id int64) (models.ProductRow, error) {
	return s.store.Product(ctx, actor.Scope(), id)
}

// Edit says what to change of a product; nil leaves a thing as it is. A
// threshold changes where Thresholds has an entry, which is nil to unset it.
type Edit struct {
	Name, Description, DefaultBranch *string
	GateMode                         *models.GateMode
	Thresholds                       map[models.Severity]*int64
	Hold, Stale                      *Retention
	Targets                          connection.FieldsChange
	GroupID                          *int64 // 0 is none
	Version                          int64  // of the product that was edited, 0 = whichever it is
}

// Update changes a product, and looks at its gate again where that matters.
func (s *Service) Update(ctx context.Context, actor authz.Actor, id int64, e Edit) (models.ProductRow, error) {
	if err := authz.Require(ctx, s.store, actor, authz.Edit, id); err != nil {
		return models.ProductRow{}, err
	}
	if e.GroupID != nil && *e.GroupID != 0 {
		if err := authz.RequireGroup(ctx, s.store, actor, authz.Edit, *e.GroupID); err != nil {
			return models.ProductRow{}, groupField(err)
		}
	}
	targets, _, err := s.conns.PlanFields(ctx, actor, e.Targets)
	if err != nil {
		return models.ProductRow{}, err
	}
	err = s.store.Write(ctx, func(tx *models.Tx) error {
		if err := s.update(tx, actor, id, e); err != nil {
			return err
		}
		return targets(tx, InProduct(id))
	})
	if err != nil {
		return models.ProductRow{}, err
	}
	return s.store.Product(ctx, models.SystemScope("the right to edit was checked"), id)
}

func (s *Service) update(tx *models.Tx, actor authz.Actor, id int64, e Edit) error {
	g, err := tx.GateOf(id, "")
	if err != nil {
		return err
	}
	p := g.Product
	if e.Version != 0 && e.Version != p.Version {
		return fault.New(
			fault.Conflict,
			"Somebody else has changed this product meanwhile: look at it again, then repeat your change",
		)
	}
	d := e.apply(p, g.Branch.Name)
	d.trim()
	if err := d.check(); err != nil {
		return err
	}
	if d.DefaultBranch != g.Branch.Name {
		if err := moveDefault(tx, g.Branch, d.DefaultBranch); err != nil {
			return err
		}
	}
	was := valuesOf(p, g.Branch.Name)
	p.Name, p.Description, p.GateMode, p.Thresholds = d.Name, d.Description, d.GateMode, d.Thresholds
	p.HoldSeconds, p.StaleAfter = d.HoldSeconds, d.StaleAfter
	if err := tx.SaveProduct(&p); err != nil {
		return err
	}
	if err := audit.Write(tx, actor, audit.Entry{
		Action:    audit.Change,
		Kind:      audit.Product,
		Name:      p.Name,
		ProductID: id,
		Was:       was,
		Became:    valuesOf(p, d.DefaultBranch),
	}); err != nil {
		return err
	}
	if e.GroupID != nil {
		if err := s.move(tx, actor, id, *e.GroupID); err != nil {
			return err
		}
	}
	return s.again(tx, actor, g, id)
}

// valuesOf are a product's fields for the audit.
func valuesOf(p models.Product, branch string) audit.Values {
	v := audit.Values{
		"name": p.Name, "description": p.Description, "default_branch": branch,
		"hold_seconds": termText(p.HoldSeconds), "stale_after": termText(p.StaleAfter),
	}
	return policyValues(v, p.GateMode, p.Thresholds)
}

func (e Edit) apply(p models.Product, branch string) Draft {
	d := Draft{
		Name: p.Name, Description: p.Description, DefaultBranch: branch, GateMode: p.GateMode, Thresholds: p.Thresholds,
		HoldSeconds: p.HoldSeconds, StaleAfter: p.StaleAfter,
	}
	e.Hold.set(&d.HoldSeconds)
	e.Stale.set(&d.StaleAfter)
	set(&d.Name, e.Name)
	set(&d.Description, e.Description)
	set(&d.DefaultBranch, e.DefaultBranch)
	set(&d.GateMode, e.GateMode)
	for s, t := range e.Thresholds {
		*d.Thresholds.At(s) = t
	}
	return d
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// moveDefault makes another branch the default: one that is there, or, while
// the default branch is still empty, that one under another name.
func moveDefault(tx *models.Tx, def models.Branch, name string) error {
	other, err := tx.BranchByName(tx.Context(), models.SystemScope("inside an edit"), def.ProductID, name)
	switch {
	case err == nil && def.Evaluated && !other.Evaluated:
		return fault.BadField("default_branch", "No report of that branch has come in yet: there is nothing to decide by")
	case err == nil:
		return tx.SetDefaultBranch(def.ProductID, other.ID)
	case fault.Is(err, fault.NotFound) && !def.Evaluated:
		return tx.RenameBranch(def.ID, name)
	case fault.Is(err, fault.NotFound):
		return fault.BadField("default_branch", "There is no branch of that name: reports make one")
	}
	return err
}

// again evaluates a product's gate after an edit, and those of its other
// branches where that changes their limits. A product that was never evaluated
// is left alone. What the gate said before is the former default branch's, which
// has gone with the default.
func (s *Service) again(tx *models.Tx, actor authz.Actor, was models.Gated, id int64) error {
	g, err := tx.GateOf(id, "")
	if err != nil {
		return err
	}
	cause := "an edit of the product"
	if g.Branch.ID != was.Branch.ID {
		cause = "a change of the default branch from " + was.Branch.Name + " to " + g.Branch.Name
	}
	if g.Branch.Evaluated {
		if err := s.evaluate(tx, actor, g.Branch, cause); err != nil {
			return err
		}
	}
	if sameLimits(was.Product, g.Product) {
		return nil
	}
	return s.againOthers(tx, actor, id, cause)
}

func sameLimits(a, b models.Product) bool {
	return a.GateMode == b.GateMode && a.Thresholds.Limits() == b.Thresholds.Limits()
}

// againOthers evaluates the branches that are not the default: here where they
// are few, else by the sweep over all gates.
func (s *Service) againOthers(tx *models.Tx, actor authz.Actor, id int64, cause string) error {
	list, err := tx.Branches(tx.Context(), models.SystemScope("the right to edit was checked"), id)
	if err != nil {
		return err
	}
	if len(list) > sweptFrom {
		tx.AfterCommit(s.sweep)
		return tx.RepeatGateSweep()
	}
	for _, b := range list {
		if b.Default || !b.Evaluated {
			continue
		}
		if err := s.evaluate(tx, actor, b, cause); err != nil {
			return err
		}
	}
	return nil
}

// Delete removes a product with all that belongs to it.
func (s *Service) Delete(ctx context.Context, actor authz.Actor, id int64) error {
	if err := authz.Require(ctx, s.store, actor, authz.Own, id); err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *models.Tx) error {
		row, err := tx.Product(tx.Context(), models.SystemScope("the right to delete was checked"), id)
		if err != nil {
			return err
		}
		if err := tx.DeleteProduct(id); err != nil {
			return err
		}
		return audit.Write(
			tx,
			actor,
			audit.Entry{Action: audit.Delete, Kind: audit.Product, Name: row.Name, Was: valuesOf(row.Product, row.Default.Name)},
		)
	})
}

// ForImport finds the id of a product by its exact name, for who may import
// into it though he may not view it.
func (s *Service) ForImport(ctx context.Context, actor authz.Actor, name string) (int64, error) {
	list, err := s.store.Products(
		ctx, models.SystemScope("the right to import is checked next"), models.ProductFilter{Name: name, Limit: 1},
	)
	if err != nil {
		return 0, err
	}
	if len(list) == 0 {
		return 0, fault.NewNotFound("product")
	}
	err = authz.Require(ctx, s.store, actor, authz.Import, list[0].ID)
	if fault.Is(err, fault.Forbidden) {
		err = fault.NewNotFound("product")
	}
	return list[0].ID, err
}
