package models

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gatecrier/app/fault"
)

// RemovalKind is the kind of what is removed in parts.
type RemovalKind string

// The kinds.
const (
	RemoveConnection RemovalKind = "connection"
	RemoveProduct    RemovalKind = "product"
	RemoveVEX        RemovalKind = "vex_document"
	// CancelMessages cancels the waiting messages of a connection, and removes nothing.
	CancelMessages RemovalKind = "messages"
	// RemoveSource removes a source part by part with the gate of its branch: app/product does it.
	RemoveSource RemovalKind = "source"
)

// Removal is the progress of the removal of something with many rows, which lists no longer show.
type Removal struct {
	Kind      RemovalKind
	SubjectID int64
	Name      string
	Reason    string // why messages are canceled, or who removes a source
	Total     int64  // rows when the removal began, 0 = not counted yet
	Done      int64
	CreatedAt time.Time
}

const (
	// maxAtOnce is how many rows of a kind a deletion removes in its own transaction.
	maxAtOnce = 200
	// fieldRemoved is the field of a connection whose rows are being removed.
	fieldRemoved = "removed"
)

// removalStep removes some rows of a subject. from and where select their keys by the subject's id.
type removalStep struct {
	key, from, where string
	remove           []removalSQL
}

// removalSQL is a statement with keys in place of %s. Its conditions leave PostgreSQL no other index
// than that of the keys: without fresh statistics it would read all rows of the subject for each part.
type removalSQL struct {
	text    string
	subject bool // the subject's id goes before the keys
	cancels bool // a reason and a time go before the keys
}

// The steps of each kind, in their order. With an event go its notification, its deliveries and its
// work.
var removalSteps = map[RemovalKind][]removalStep{
	RemoveConnection: {{
		key: "d.id", from: "deliveries d", where: "d.connection_id = ?",
		remove: []removalSQL{{text: "DELETE FROM deliveries WHERE id IN (%s)"}},
	}},
	RemoveVEX: {{
		key: "v.id", from: "vex_statements v", where: "v.document_id = ?",
		remove: []removalSQL{{text: "DELETE FROM vex_statements WHERE id IN (%s)"}},
	}},
	CancelMessages: {{ // the first condition on the state finds the index of what waits
		key: "d.id", from: "deliveries d",
		where: "d.connection_id = ? AND d.state IN ('pending', 'retrying', 'sending') AND d.state IN " + waitingStates,
		remove: []removalSQL{{cancels: true, text: `
			UPDATE deliveries
			SET state = 'cancelled', reason = ?, next_at = NULL, finished_at = ?
			WHERE id IN (%s)
			AND coalesce(state, '') IN ` + waitingStates}},
	}},
	RemoveSource: {{key: "o.id", from: "observations o", where: "o.source_id = ?"}},
	RemoveProduct: {
		{
			key: "n.event_id", from: "notifications n", where: "n.product_id = ?",
			remove: []removalSQL{{text: "DELETE FROM events WHERE id IN (%s)"}},
		},
		{
			key: "g.event_id", from: "gate_changes g", where: "g.product_id = ?",
			remove: []removalSQL{
				{subject: true, text: `
					DELETE FROM events
					WHERE id IN (SELECT announced_id FROM gate_changes WHERE product_id = ? AND event_id IN (%s))`},
				{text: "DELETE FROM events WHERE id IN (%s)"},
				{subject: true, text: "DELETE FROM gate_changes WHERE product_id = ? AND event_id IN (%s)"},
			},
		},
		{
			key: "d.id", from: "deliveries d", where: "d.product_id = ?",
			remove: []removalSQL{
				{text: "DELETE FROM events WHERE id IN (SELECT event_id FROM deliveries WHERE id IN (%s))"},
				{text: "DELETE FROM deliveries WHERE id IN (%s)"},
			},
		},
		{
			key: "o.id", from: "branches b JOIN observations o ON o.branch_id = b.id", where: "b.product_id = ?",
			remove: []removalSQL{{text: "DELETE FROM observations WHERE id IN (%s)"}},
		},
		{
			key: "e.id", from: "exception_groups e", where: "e.product_id = ?",
			remove: []removalSQL{{text: "DELETE FROM exception_groups WHERE id IN (%s)"}},
		},
		{
			key: "v.id", from: "vex_documents d JOIN vex_statements v ON v.document_id = d.id", where: "d.product_id = ?",
			remove: []removalSQL{{text: "DELETE FROM vex_statements WHERE id IN (%s)"}},
		},
	},
}

// Removals lists what is being removed, the oldest first.
func (r queries) Removals(ctx context.Context) ([]Removal, error) {
	var list []Removal
	err := r.query(ctx, `
		SELECT kind, subject_id, name, reason, total, done, created_at
		FROM removals
		ORDER BY created_at, kind, subject_id`, nil, collect(&list, func(m *Removal) []any {
		return []any{&m.Kind, &m.SubjectID, &m.Name, &m.Reason, &m.Total, &m.Done, timeTo(&m.CreatedAt)}
	}))
	return list, err
}

// RemovalRows counts the rows that a removal has to remove in parts. It reads them all.
func (r queries) RemovalRows(ctx context.Context, m Removal) (int64, error) {
	var total int64
	for _, step := range removalSteps[m.Kind] {
		var n int64
		err := r.get(ctx, "SELECT count(*) FROM "+step.from+" WHERE "+step.where, []any{m.SubjectID}, &n)
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

// RemovedInParts reports whether a subject has more rows than are removed in parts, in the
// background. The caller must have checked the right to see it.
func (r queries) RemovedInParts(ctx context.Context, kind RemovalKind, id int64) (bool, error) {
	for _, step := range removalSteps[kind] {
		keys, err := r.removalKeys(ctx, step, id, maxAtOnce+1)
		if err != nil || len(keys) > maxAtOnce {
			return true, err
		}
	}
	return false, nil
}

func (r queries) removalKeys(ctx context.Context, step removalStep, id int64, limit int) ([]int64, error) {
	var keys []int64
	err := r.query(ctx, "SELECT "+step.key+" FROM "+step.from+" WHERE "+step.where+" LIMIT ?",
		[]any{id, limit}, collect(&keys, idDst))
	return keys, err
}

// SaveRemovalTotal saves how many rows a removal has to remove.
func (tx *Tx) SaveRemovalTotal(m Removal, total int64) error {
	_, err := tx.exec("UPDATE removals SET total = ? WHERE kind = ? AND subject_id = ?", total, m.Kind, m.SubjectID)
	return err
}

// RemovalKeys are the keys of some rows that one step of a removal removes.
type RemovalKeys struct {
	List []int64 // empty = nothing is left
	step removalStep
}

// NextRemovalKeys reads the keys of the next rows of a removal, up to limit of one step.
func (r queries) NextRemovalKeys(ctx context.Context, m Removal, limit int) (RemovalKeys, error) {
	for _, step := range removalSteps[m.Kind] {
		list, err := r.removalKeys(ctx, step, m.SubjectID, limit)
		if err != nil || len(list) > 0 {
			return RemovalKeys{list, step}, err
		}
	}
	return RemovalKeys{}, nil
}

// RemoveRows removes rows of a removal. part is of the list of keys; rows that are gone already are
// no error.
func (tx *Tx) RemoveRows(m Removal, keys RemovalKeys, part []int64) error {
	for _, query := range keys.step.remove {
		var args []any
		if query.cancels {
			args = append(args, m.Reason, micro(tx.Now()))
		}
		if query.subject {
			args = append(args, m.SubjectID)
		}
		if _, err := tx.exec(fmt.Sprintf(query.text, placeholders(len(part))), append(args, toAny(part)...)...); err != nil {
			return err
		}
	}
	return tx.AddRemoved(m, len(part))
}

// AddRemoved adds to the number of rows that a removal has removed.
func (tx *Tx) AddRemoved(m Removal, n int) error {
	_, err := tx.exec("UPDATE removals SET done = done + ? WHERE kind = ? AND subject_id = ?", n, m.Kind, m.SubjectID)
	return err
}

// EndRemoval ends a removal, and leaves what is left of it.
func (tx *Tx) EndRemoval(m Removal) error {
	_, err := tx.exec("DELETE FROM removals WHERE kind = ? AND subject_id = ?", m.Kind, m.SubjectID)
	return err
}

// FinishRemoval removes what a removal is about, unless it has rows again. done reports that it did.
func (tx *Tx) FinishRemoval(m Removal) (done bool, err error) {
	keys, err := tx.NextRemovalKeys(tx.Context(), m, 1)
	if err != nil || len(keys.List) > 0 {
		return false, err
	}
	if err := tx.EndRemoval(m); err != nil {
		return false, err
	}
	switch m.Kind {
	case RemoveConnection:
		_, err = tx.exec("DELETE FROM connections WHERE id = ?", m.SubjectID)
	case RemoveVEX:
		_, err = tx.exec("DELETE FROM vex_documents WHERE id = ?", m.SubjectID)
	case RemoveProduct:
		err = tx.dropProduct(m.SubjectID)
	case CancelMessages, RemoveSource:
	}
	return true, err
}

// BeginRemoval records a removal, unless it has begun already. Its name is for pages.
func (tx *Tx) BeginRemoval(m Removal) error {
	_, err := tx.exec(`
		INSERT INTO removals (kind, subject_id, name, reason, total, created_at)
		VALUES (?, ?, ?, ?, 0, ?)
		ON CONFLICT (kind, subject_id) DO NOTHING`, m.Kind, m.SubjectID, m.Name, m.Reason, micro(tx.Now()))
	return err
}

// RequireCancelled returns a conflict while messages of a connection that was turned off are still
// being canceled: else it would send some of them when it is turned on.
func (tx *Tx) RequireCancelled(connectionID int64) error {
	var n int
	err := tx.get(tx.Context(), "SELECT count(*) FROM removals WHERE kind = ? AND subject_id = ?",
		[]any{CancelMessages, connectionID}, &n)
	if err == nil && n > 0 {
		return fault.New(fault.Conflict, "Its pending messages are still being canceled. Turn it on when that has finished")
	}
	return err
}

// hideConnection takes a connection from its owner and wipes its secrets, and begins its removal.
// What waits to be sent to it is not sent, since it is off.
func (tx *Tx) hideConnection(id int64) error {
	var name string
	if err := tx.get(tx.Context(), "SELECT name FROM connections WHERE id = ?", []any{id}, &name); err != nil {
		return notFound(err, "target")
	}
	_, err := tx.exec(`
		UPDATE connections
		SET product_id = NULL, group_id = NULL, user_id = NULL, field = ?, enabled = FALSE, disabled_why = 'deleted',
			config = NULL, hint = '', version = version + 1, updated_at = ?
		WHERE id = ?`, fieldRemoved, micro(tx.Now()), id)
	if err != nil {
		return err
	}
	return tx.BeginRemoval(Removal{Kind: RemoveConnection, SubjectID: id, Name: name})
}

// hideProduct takes a product from all users, tokens and lists, frees its name, and begins its
// removal. Without a default branch no read finds it.
func (tx *Tx) hideProduct(id int64) error {
	var name string
	if err := tx.get(tx.Context(), "SELECT name FROM products WHERE id = ?", []any{id}, &name); err != nil {
		return notFound(err, "product")
	}
	if strings.HasPrefix(name, hiddenName) {
		return fault.NewNotFound("product")
	}
	var targets []int64
	err := tx.query(tx.Context(), "SELECT id FROM connections WHERE product_id = ?", []any{id}, collect(&targets, idDst))
	for _, target := range targets {
		if err == nil {
			err = tx.hideConnection(target)
		}
	}
	for _, query := range []string{
		"DELETE FROM members WHERE product_id = ?",
		"DELETE FROM authorization_roles WHERE product_id = ?",
		"DELETE FROM tokens WHERE product_id = ?",
		"DELETE FROM ingest_keys WHERE product_id = ?",
		"DELETE FROM silences WHERE product_id = ?",
		"DELETE FROM event_work WHERE product_id = ?",
		"DELETE FROM assessment_runs WHERE product_id = ?",
		"UPDATE branches SET is_default = FALSE WHERE product_id = ? AND is_default",
	} {
		if err == nil {
			_, err = tx.exec(query, id)
		}
	}
	if err != nil {
		return err
	}
	_, err = tx.exec(`
		UPDATE products
		SET name = ?, group_id = NULL, badge_token = NULL, version = version + 1, updated_at = ?
		WHERE id = ?`, fmt.Sprintf("%s%d", hiddenName, id), micro(tx.Now()), id)
	if err != nil {
		return err
	}
	return tx.BeginRemoval(Removal{Kind: RemoveProduct, SubjectID: id, Name: name})
}

// hiddenName begins the names of hidden products. No user can enter it.
const hiddenName = "\x01"
