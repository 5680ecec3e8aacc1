package models

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"gatecrier/app/fault"
)

// Branch is a branch of a product's code, with the counts of its active observations over all
// its sources, and its gate.
type Branch struct {
	ID        int64
	ProductID int64
	Name      string
	Default   bool
	Breakdown
	Gate       GateState
	Since      time.Time // when the gate got its state
	Why        string    // the reason, a sentence
	Evaluated  bool      // false until the first report
	CreatedAt  time.Time
	CountedAt  time.Time // when the counts changed last, zero if that is not known
	Held       Held
	StaleSince time.Time // when users were notified that no reports are received any more, zero = they are
	Protected  bool      // is kept although no reports are received
}

// Held is a gate change that is on hold: it is announced once it has lasted for a time. The zero
// value is none.
type Held struct {
	From    GateState // the state announced last
	Until   time.Time // when the change is announced
	EventID int64     // of the change
}

// Any reports whether a change is on hold.
func (h Held) Any() bool { return !h.Until.IsZero() }

const branchColumns = `b.id, b.product_id, b.name, b.is_default, b.critical, b.high, b.medium, b.low, b.none, b.unknown,
	b.flagged, b.gate_state, b.gate_since, b.gate_why, b.evaluated, b.created_at, b.counted_at,
	b.held_from, b.held_until, coalesce(b.held_event, 0), b.stale_since, b.protected`

func (b *Branch) dst() []any {
	d := append([]any{&b.ID, &b.ProductID, &b.Name, &b.Default}, b.Breakdown.dst()...)
	return append(d, &b.Gate, timeTo(&b.Since), &b.Why, &b.Evaluated, timeTo(&b.CreatedAt), timeTo(&b.CountedAt),
		&b.Held.From, timeTo(&b.Held.Until), &b.Held.EventID, timeTo(&b.StaleSince), &b.Protected)
}

// BranchByName finds a branch of a product; "" is the default branch.
func (r queries) BranchByName(ctx context.Context, scope Scope, productID int64, name string) (Branch, error) {
	cond := sqlFragment{"b.product_id = ?", []any{productID}}
	cond.andWhere(scope.where("b.product_id"))
	if name == "" {
		cond.and("b.is_default")
	} else {
		cond.and("b.name = ?", name)
	}
	var b Branch
	err := r.get(ctx, `
		SELECT `+branchColumns+`
		FROM branches b
		WHERE `+cond.text, cond.args, b.dst()...)
	if err != nil {
		return Branch{}, notFound(err, "branch")
	}
	return b, nil
}

// Branches lists a product's branches, the default one first.
func (r queries) Branches(ctx context.Context, scope Scope, productID int64) ([]Branch, error) {
	cond, args := scope.where("b.product_id")
	var list []Branch
	err := r.query(ctx, `
		SELECT `+branchColumns+`
		FROM branches b
		WHERE b.product_id = ?
		AND `+cond+`
		ORDER BY b.is_default DESC, b.name`, append([]any{productID}, args...), collect(&list, (*Branch).dst))
	return list, err
}

// Gated is a branch with its product, locked for an evaluation.
type Gated struct {
	Product Product
	Group   *Group // nil where the product is in none
	Branch  Branch
}

// GateOf locks a product for an evaluation of a branch's gate, and reads both. branch "" is the
// default branch.
func (tx *Tx) GateOf(productID int64, branch string) (Gated, error) {
	cond, args := "b.is_default", []any{productID}
	if branch != "" {
		cond, args = "b.name = ?", append(args, branch)
	}
	query := `
		SELECT ` + productColumns + ", " + branchColumns + `
		FROM products p
		JOIN branches b ON b.product_id = p.id
		WHERE p.id = ?
		AND ` + cond
	if tx.dialect == Postgres {
		query += " FOR UPDATE OF p, b"
	}
	var g Gated
	err := tx.get(tx.Context(), query, args, append(g.Product.dst(), g.Branch.dst()...)...)
	if err != nil {
		return Gated{}, notFound(err, "branch")
	}
	if g.Product.GroupID != nil {
		g.Group, err = tx.groupOf(tx.Context(), *g.Product.GroupID)
	}
	return g, err
}

// EnsureBranch creates a branch that does not exist yet. With asDefault it becomes the default
// branch, which is allowed until the default branch has had a report.
func (tx *Tx) EnsureBranch(productID int64, name string, asDefault bool) error {
	def, err := tx.BranchByName(tx.Context(), SystemScope("inside an import"), productID, "")
	if err != nil {
		return err
	}
	if name == "" || name == def.Name {
		return nil
	}
	if asDefault {
		return tx.nameDefault(def, name)
	}
	_, err = tx.branch(productID, name, false)
	return err
}

// nameDefault lets the first report name the default branch.
func (tx *Tx) nameDefault(def Branch, name string) error {
	if def.Evaluated {
		return fault.BadField("default", "The default branch has reports already: only an edit of the product changes it")
	}
	other, err := tx.BranchByName(tx.Context(), SystemScope("inside an import"), def.ProductID, name)
	if fault.Is(err, fault.NotFound) {
		_, err = tx.exec("UPDATE branches SET name = ? WHERE id = ?", name, def.ID)
		return err
	}
	if err != nil {
		return err
	}
	return tx.SetDefaultBranch(def.ProductID, other.ID)
}

// SetDefaultBranch makes one of a product's branches its default. The state of the product's
// gate moves to it, and so does a change on hold: both belong to the product. Both branches lose
// their stale mark, since only default branches are checked. The caller must evaluate the new
// default's own counts in the same transaction.
func (tx *Tx) SetDefaultBranch(productID, branchID int64) error {
	former, err := tx.BranchByName(tx.Context(), SystemScope("inside a change of the default branch"), productID, "")
	if err != nil || former.ID == branchID {
		return err
	}
	h := former.Held
	if _, err := tx.exec(`
		UPDATE branches
		SET is_default = FALSE, held_from = '', held_until = NULL, held_event = NULL, stale_since = NULL
		WHERE id = ?`, former.ID); err != nil {
		return err
	}
	n, err := tx.exec(`
		UPDATE branches
		SET is_default = TRUE, gate_state = ?, gate_since = ?, held_from = ?, held_until = ?, held_event = ?,
			stale_since = NULL
		WHERE id = ?
		AND product_id = ?`,
		former.Gate, micro(former.Since), h.From, micro(h.Until), nullID(h.EventID), branchID, productID)
	if err == nil && n == 0 {
		return fault.NewNotFound("branch")
	}
	return err
}

// RenameBranch gives a branch another name.
func (tx *Tx) RenameBranch(branchID int64, name string) error {
	_, err := tx.exec("UPDATE branches SET name = ? WHERE id = ?", name, branchID)
	return err
}

// branch creates a branch unless the product has one of that name, and returns its id.
func (tx *Tx) branch(productID int64, name string, isDefault bool) (int64, error) {
	id, err := tx.insert(`
		INSERT INTO branches (product_id, name, is_default, gate_since, created_at)
		VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (product_id, name) DO NOTHING
		RETURNING id`, productID, name, isDefault, micro(tx.Now()), micro(tx.Now()))
	if errors.Is(err, sql.ErrNoRows) {
		err = tx.get(tx.Context(), "SELECT id FROM branches WHERE product_id = ? AND name = ?",
			[]any{productID, name}, &id)
	}
	return id, err
}

// SaveGate writes a branch's counts and gate.
func (tx *Tx) SaveGate(b Branch) error {
	args := append(b.Breakdown.args(), b.Gate, micro(b.Since), b.Why, b.Evaluated, micro(b.CountedAt), b.ID)
	_, err := tx.exec(`
		UPDATE branches
		SET critical = ?, high = ?, medium = ?, low = ?, none = ?, unknown = ?, flagged = ?, gate_state = ?,
			gate_since = ?, gate_why = ?, evaluated = ?, counted_at = ?
		WHERE id = ?`, args...)
	return err
}

// SaveHeld writes which change of a branch's gate is on hold.
func (tx *Tx) SaveHeld(branchID int64, h Held) error {
	_, err := tx.exec("UPDATE branches SET held_from = ?, held_until = ?, held_event = ? WHERE id = ?",
		h.From, micro(h.Until), nullID(h.EventID), branchID)
	return err
}

// HeldBranches lists branches whose change on hold is due to be announced.
func (r queries) HeldBranches(ctx context.Context, limit int) ([]Branch, error) {
	var list []Branch
	err := r.query(ctx, `
		SELECT `+branchColumns+`
		FROM branches b
		WHERE b.held_until IS NOT NULL
		AND b.held_until <= ?
		ORDER BY b.held_until
		LIMIT ?`, []any{micro(r.Now()), limit}, collect(&list, (*Branch).dst))
	return list, err
}

// SaveStale writes when users were notified that a branch is stale; the zero time marks it as
// not stale.
func (tx *Tx) SaveStale(branchID int64, at time.Time) error {
	_, err := tx.exec("UPDATE branches SET stale_since = ? WHERE id = ?", micro(at), branchID)
	return err
}

// ProtectBranch sets whether a branch is kept without reports.
func (tx *Tx) ProtectBranch(branchID int64, protected bool) error {
	_, err := tx.exec("UPDATE branches SET protected = ? WHERE id = ?", protected, branchID)
	return err
}
