package models

import (
	"context"
	"time"

	"gatecrier/app/fault"
)

// GateState is the state of a gate. A new product has GateNone.
type GateState string

// The three states.
const (
	GateNone   GateState = "none" // disabled, or never evaluated
	GatePassed GateState = "passed"
	GateFailed GateState = "failed"
)

// Valid reports whether s is one of the three.
func (s GateState) Valid() bool { return s == GateNone || s == GatePassed || s == GateFailed }

// GateMode selects the thresholds of a product's gate.
type GateMode string

// The three modes.
const (
	GateStandard GateMode = "standard" // the global ones
	GateDisabled GateMode = "disabled" // no thresholds: the gate is GateNone
	GateOwn      GateMode = "own"      // the product's own
)

// Valid reports whether m is one of the three.
func (m GateMode) Valid() bool { return m == GateStandard || m == GateDisabled || m == GateOwn }

// Product is something that is scanned and has a gate. Its gate is that of its default branch.
type Product struct {
	ID           int64
	Name         string
	Description  string
	GroupID      *int64 // nil for none
	GroupedEvent int64  // the newest event when it was moved into its group
	GateMode     GateMode
	Thresholds   Thresholds `gorm:"embedded;embeddedPrefix:threshold_"`
	Counting     Counting   `gorm:"embedded"`
	HoldSeconds  *int64     // how long a gate change is on hold before it is announced; nil = the setting
	StaleAfter   *int64     // after how many seconds without a report it is stale; 0 = never, nil = the setting
	BadgeToken   *string    // the token in the address of its badge, nil for none
	Version      int64      // grows with each change of its fields
	CreatedAt    time.Time  `gorm:"serializer:micro;autoCreateTime:false;autoUpdateTime:false"`
	UpdatedAt    time.Time  `gorm:"serializer:micro;autoCreateTime:false;autoUpdateTime:false"`
}

// TableName returns the name of gorm's table.
func (Product) TableName() string { return "products" }

// ProductRow is a product with its default branch and its last report.
type ProductRow struct {
	Product
	Default      Branch
	LastReportAt time.Time // zero before the first
}

const productColumns = `p.id, p.name, p.description, p.group_id, p.grouped_event, p.gate_mode,
	p.threshold_critical, p.threshold_high, p.threshold_medium, p.threshold_low, p.threshold_none, p.threshold_unknown,
	p.only_fixable, p.kev_as_critical, p.hold_seconds, p.stale_after, p.badge_token, p.version, p.created_at, p.updated_at`

func (p *Product) dst() []any {
	t := &p.Thresholds
	return []any{
		&p.ID, &p.Name, &p.Description, &p.GroupID, &p.GroupedEvent, &p.GateMode,
		&t.Critical, &t.High, &t.Medium, &t.Low, &t.None, &t.Unknown,
		&p.Counting.OnlyFixable, &p.Counting.KEVAsCritical,
		&p.HoldSeconds, &p.StaleAfter, &p.BadgeToken, &p.Version, timeTo(&p.CreatedAt), timeTo(&p.UpdatedAt),
	}
}

const productRowSelect = `
	SELECT ` + productColumns + ", " + branchColumns + `, (
		SELECT max(s.last_report_at)
		FROM sources s
		JOIN branches x ON x.id = s.branch_id
		WHERE x.product_id = p.id
		AND s.format <> '` + FormatManual + `'
	)
	FROM products p
	JOIN branches b ON b.product_id = p.id AND b.is_default `

func (p *ProductRow) dst() []any {
	return append(append(p.Product.dst(), p.Default.dst()...), timeTo(&p.LastReportAt))
}

// Product finds a product in scope, with its default branch.
func (r queries) Product(ctx context.Context, scope Scope, id int64) (ProductRow, error) {
	cond, args := scope.where("p.id")
	var p ProductRow
	err := r.get(ctx, productRowSelect+"WHERE p.id = ? AND "+cond, append([]any{id}, args...), p.dst()...)
	if err != nil {
		return ProductRow{}, notFound(err, "product")
	}
	return p, nil
}

// ProductFilter narrows a list of products. Zero fields do not narrow.
type ProductFilter struct {
	Place
	Name  string    // whole, in any of its forms
	Text  string    // part of the name, in any case
	State GateState // "" = all
	Group int64     // the id of the group they are in
	Limit int       // rows, at least 1
	// Stale has only products that users were notified are stale.
	Stale bool
}

// The orders of a list of products, beside that by name.
const (
	ProductsByGate         = "gate"         // failed gates first, then those that are none, each by name
	ProductsByObservations = "observations" // the most critical ones first, then the most high ones, ...
)

var productName = orderColumn[ProductRow]{sql: "p.name", value: func(p ProductRow) any { return p.Name }}

// ProductOrders are the orders of a list of products. Those that are not by name read all default
// branches in scope: 10,000 take some 2 ms.
var ProductOrders = Orders[ProductRow]{
	"": {columns: []orderColumn[ProductRow]{productName}},
	ProductsByGate: {columns: []orderColumn[ProductRow]{
		{sql: gateRankSQL, value: func(p ProductRow) any { return p.Default.Gate.rank() }}, productName,
	}},
	ProductsByObservations: {desc: true, columns: append(countColumns(
		func(p ProductRow) Counts { return p.Default.Counts }), productName)},
}

// countColumns are the counts of the branch b, the most severe first.
func countColumns[T any](counts func(T) Counts) []orderColumn[T] {
	var list []orderColumn[T]
	for _, s := range Severities() {
		list = append(list, orderColumn[T]{sql: "b." + s.String(), value: func(row T) any { return counts(row).Of(s) }})
	}
	return list
}

// gateRankSQL orders the states of gates, failed first.
const gateRankSQL = "CAST(CASE b.gate_state WHEN 'failed' THEN 0 WHEN 'none' THEN 1 ELSE 2 END AS BIGINT)"

func (s GateState) rank() int64 {
	switch s {
	case GateFailed:
		return 0
	case GateNone:
		return 1
	case GatePassed:
	}
	return 2
}

func (f ProductFilter) where(scope Scope) sqlFragment {
	cond := conditionOf(scope.whereAmong("+p.id")) // the plus keeps the order of the names' index
	if f.Name != "" {
		cond.andNamed("products", "p", f.Name, scope.where)
	}
	if f.Text != "" {
		cond.and(`lower(p.name) LIKE lower(?) ESCAPE '\'`, contains(f.Text))
	}
	if f.State != "" {
		cond.and("b.gate_state = ?", f.State)
	}
	if f.Group != 0 {
		cond.and("p.group_id = ?", f.Group)
	}
	if f.Stale {
		cond.and("b.stale_since IS NOT NULL")
	}
	return cond
}

// Products lists the products in scope, by name unless the place has another order.
func (r queries) Products(ctx context.Context, scope Scope, f ProductFilter) ([]ProductRow, error) {
	cond := f.where(scope)
	ProductOrders.where(&cond, f.Place)
	if f.Sort == "" && f.Key == "" {
		cond.and("p.name > ''") // by it the names' index is read in order
	}
	var rows []ProductRow
	err := r.query(ctx, productRowSelect+"WHERE "+cond.text+`
		ORDER BY `+ProductOrders.by(f.Place)+`
		LIMIT ?`, append(cond.args, f.Limit), collect(&rows, (*ProductRow).dst))
	inOrder(f.Place, rows)
	return rows, err
}

// CountProducts counts the products in scope, up to one more than MaxCounted.
func (r queries) CountProducts(ctx context.Context, scope Scope, f ProductFilter) (int, error) {
	return r.countUpTo(ctx, "FROM products p JOIN branches b ON b.product_id = p.id AND b.is_default", f.where(scope))
}

// GateTally counts the products in scope by the state of their gate: those of a group, or, with
// 0, all.
func (r queries) GateTally(ctx context.Context, scope Scope, group int64) (map[GateState]int64, error) {
	cond := conditionOf(scope.whereAmong("b.product_id"))
	if group != 0 {
		cond.and("(SELECT p.group_id FROM products p WHERE p.id = b.product_id) = ?", group)
	}
	tally := map[GateState]int64{}
	err := r.query(ctx, `
		SELECT b.gate_state, count(*)
		FROM branches b
		WHERE b.is_default
		AND `+cond.text+`
		GROUP BY b.gate_state`, cond.args, func(rows scanner) error {
		var state GateState
		var n int64
		if err := rows.Scan(&state, &n); err != nil {
			return err
		}
		tally[state] = n
		return nil
	})
	return tally, err
}

// CreateProduct saves a new product with its default branch, and its creator as owner.
func (tx *Tx) CreateProduct(p *Product, defaultBranch string, owner int64) error {
	if err := tx.CheckProductName(p.Name, 0); err != nil {
		return err
	}
	p.Version, p.CreatedAt, p.UpdatedAt = 1, tx.Now(), tx.Now()
	if err := tx.db(tx.Context()).Create(p).Error; err != nil {
		return err
	}
	if _, err := tx.branch(p.ID, defaultBranch, true); err != nil {
		return err
	}
	return tx.SaveMember(Member{UserID: owner, ProductID: p.ID, Role: RoleOwner})
}

// SaveProduct writes a product's own fields if its version is still the one that was read, else
// it returns a conflict.
func (tx *Tx) SaveProduct(p *Product) error {
	if err := tx.CheckProductName(p.Name, p.ID); err != nil {
		return err
	}
	if err := tx.renameForVEX(p.ID, p.Name); err != nil {
		return err
	}
	was := p.Version
	p.Version, p.UpdatedAt = was+1, tx.Now()
	res := tx.db(tx.Context()).Model(p).Where("version = ?", was).Select("*").Omit("id", "created_at").Updates(p)
	if res.Error == nil && res.RowsAffected == 0 {
		return fault.NewOutdated("Another user changed this product in the meantime")
	}
	return res.Error
}

// LockProduct lets no other transaction change the product, or the rows that refer to it, until
// this one ends. A transaction that changes several of them calls it first.
func (tx *Tx) LockProduct(id int64) error { return tx.lockProduct(id, " FOR UPDATE") }

// LockProductShared lets no other transaction delete the product until this one ends.
func (tx *Tx) LockProductShared(id int64) error { return tx.lockProduct(id, " FOR KEY SHARE") }

// lockProduct locks a product on PostgreSQL, where several transactions write at the same time.
func (tx *Tx) lockProduct(id int64, lock string) error {
	if tx.dialect == SQLite {
		lock = ""
	}
	var one int
	err := tx.get(tx.Context(), "SELECT 1 FROM products WHERE id = ?"+lock, []any{id}, &one)
	if err != nil {
		return notFound(err, "product")
	}
	return nil
}

// DeleteProduct removes a product with everything that belongs to it. If that is much, it is removed in
// parts by and by, and only the product disappears at once.
func (tx *Tx) DeleteProduct(id int64) error {
	if err := tx.LockProduct(id); err != nil {
		return err
	}
	many, err := tx.RemovedInParts(tx.Context(), RemoveProduct, id)
	if err != nil {
		return err
	}
	if many {
		return tx.hideProduct(id)
	}
	return tx.dropProduct(id)
}

// dropProduct removes a product with few rows.
func (tx *Tx) dropProduct(id int64) error {
	if _, err := tx.exec(`
		DELETE FROM events
		WHERE id IN (
			SELECT event_id
			FROM notifications
			WHERE product_id = ?
			UNION
			SELECT event_id
			FROM gate_changes
			WHERE product_id = ?
			UNION
			SELECT announced_id
			FROM gate_changes
			WHERE product_id = ?
			AND announced_id IS NOT NULL
			UNION
			SELECT event_id
			FROM deliveries
			WHERE product_id = ?
			UNION
			SELECT event_id
			FROM event_work
			WHERE product_id = ?
		)`, id, id, id, id, id); err != nil {
		return err
	}
	if _, err := tx.exec("DELETE FROM event_work WHERE product_id = ?", id); err != nil {
		return err
	}
	n, err := tx.exec("DELETE FROM products WHERE id = ?", id)
	if err == nil && n == 0 {
		return fault.NewNotFound("product")
	}
	return err
}

// OrphanEvents counts the events of products that do not exist.
func (r queries) OrphanEvents(ctx context.Context) (int, error) {
	var n int
	err := r.get(ctx, `
		SELECT count(*)
		FROM events
		WHERE product_id IS NOT NULL
		AND NOT EXISTS (SELECT 1 FROM products p WHERE p.id = events.product_id)`, nil, &n)
	return n, err
}
