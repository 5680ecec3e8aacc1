package models

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Audit is a change that a user has made, as it is stored.
type Audit struct {
	ID        int64
	At        time.Time
	UserID    int64 // 0 = a deleted user, or a product's token
	Actor     string
	Action    string
	Kind      string // of the thing
	Name      string // of the thing
	ProductID int64  // that the thing belongs to, 0 for none
	Product   string
	Was       map[string]string // the fields that changed, by their names
	Became    map[string]string
}

// InsertAudit saves a change.
func (tx *Tx) InsertAudit(a Audit) error {
	was, err := json.Marshal(a.Was)
	if err != nil {
		return fmt.Errorf("encode what was: %w", err)
	}
	became, err := json.Marshal(a.Became)
	if err != nil {
		return fmt.Errorf("encode what became: %w", err)
	}
	_, err = tx.exec(`
		INSERT INTO audit (at, user_id, actor, action, kind, name, product_id, was, became)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		micro(tx.Now()), nullID(a.UserID), a.Actor, a.Action, a.Kind, a.Name, nullID(a.ProductID), string(was),
		string(became))
	return err
}

// AuditFilter narrows the audit. Zero fields do not narrow.
type AuditFilter struct {
	Place
	Kind      string
	Name      string // exact, of the thing
	Actor     string // part of the actor's name, in any case
	Text      string // part of the thing's name, in any case
	ProductID int64
	Since     time.Time
	Until     time.Time // before it
	Limit     int
}

// AuditOrders has the order of the audit log, newest first.
var AuditOrders = Orders[Audit]{
	"": {desc: true, columns: []orderColumn[Audit]{{sql: "a.id", value: func(a Audit) any { return a.ID }}}},
}

func (f AuditFilter) where() sqlFragment {
	cond := sqlFragment{text: "1 = 1"}
	if f.Kind != "" {
		cond.and("a.kind = ?", f.Kind)
	}
	if f.Name != "" {
		cond.and("a.name = ?", f.Name)
	}
	if f.Actor != "" {
		cond.and(`lower(a.actor) LIKE lower(?) ESCAPE '\'`, contains(f.Actor))
	}
	if f.Text != "" {
		cond.and(`lower(a.name) LIKE lower(?) ESCAPE '\'`, contains(f.Text))
	}
	if f.ProductID != 0 {
		cond.and("a.product_id = ?", f.ProductID)
	}
	if !f.Since.IsZero() {
		cond.and("a.at >= ?", micro(f.Since))
	}
	if !f.Until.IsZero() {
		cond.and("a.at < ?", micro(f.Until))
	}
	return cond
}

// Audits lists changes, newest first. The caller must have checked the right to see them.
func (r queries) Audits(ctx context.Context, f AuditFilter) ([]Audit, error) {
	cond := f.where()
	AuditOrders.where(&cond, f.Place)
	var list []Audit
	err := r.query(ctx, `
		SELECT a.id, a.at, coalesce(a.user_id, 0), a.actor, a.action, a.kind, a.name, coalesce(a.product_id, 0),
			coalesce(p.name, ''), a.was, a.became
		FROM audit a
		LEFT JOIN products p ON p.id = a.product_id
		WHERE `+cond.text+`
		ORDER BY `+AuditOrders.by(f.Place)+`
		LIMIT ?`, append(cond.args, f.Limit), func(rows scanner) error {
		var a Audit
		var was, became string
		if err := rows.Scan(
			&a.ID, timeTo(&a.At), &a.UserID, &a.Actor, &a.Action, &a.Kind, &a.Name, &a.ProductID, &a.Product, &was, &became,
		); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(was), &a.Was); err != nil {
			return fmt.Errorf("read audit %d: %w", a.ID, err)
		}
		if err := json.Unmarshal([]byte(became), &a.Became); err != nil {
			return fmt.Errorf("read audit %d: %w", a.ID, err)
		}
		list = append(list, a)
		return nil
	})
	inOrder(f.Place, list)
	return list, err
}

// CountAudits counts changes, up to one more than MaxCounted. The caller must have checked the right to
// see them.
func (r queries) CountAudits(ctx context.Context, f AuditFilter) (int, error) {
	return r.countUpTo(ctx, "FROM audit a", f.where())
}
