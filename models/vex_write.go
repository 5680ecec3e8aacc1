package models

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// BeginVEX creates the row of a document that does not count yet, unless it exists, and sets its ID.
// It returns the revision for the statements of the new version.
func (tx *Tx) BeginVEX(v *VEXDocument) (revision int64, err error) {
	if v.ID == 0 {
		v.ID, err = tx.insert(`
			INSERT INTO vex_documents (product_id, branch_id, document, version, format, made_at, uploaded_at)
			VALUES (?, ?, ?, ?, ?, ?, ?)
			RETURNING id`,
			v.ProductID, nullID(v.BranchID), v.Document, v.Version, v.Format, micro(v.MadeAt), micro(tx.Now()))
		return 1, err
	}
	err = tx.get(tx.Context(), `
		SELECT coalesce(max(s.revision), 0)
		FROM vex_statements s
		WHERE s.document_id = ?`, []any{v.ID}, &revision)
	return max(revision, v.Revision) + 1, err
}

// vexBatch is how many statements one SQL statement writes.
const vexBatch = 100

// InsertVEXStatements writes statements of a revision of their document.
func (tx *Tx) InsertVEXStatements(documentID, revision int64, list []VEXStatement) error {
	for part := range slices.Chunk(list, vexBatch) {
		row := "(" + placeholders(9) + ")"
		var args []any
		for _, s := range part {
			args = append(args, documentID, revision, s.Vulnerability, s.Products, s.Status, s.Justification, s.Impact,
				s.Action, micro(s.At))
		}
		if _, err := tx.exec(`
			INSERT INTO vex_statements (document_id, revision, vulnerability, products, status, justification, impact,
				action, at)
			VALUES `+row+strings.Repeat(", "+row, len(part)-1), args...); err != nil {
			return err
		}
	}
	return nil
}

// SaveVEX makes a revision of a document count.
func (tx *Tx) SaveVEX(v VEXDocument) error {
	if _, err := tx.exec(`
		UPDATE vex_documents
		SET author = ?, version = ?, format = ?, made_at = ?, uploaded_at = ?, uploaded_by = ?, statements = ?, digest = ?,
			revision = ?
		WHERE id = ?`,
		v.Author, v.Version, v.Format, micro(v.MadeAt), micro(v.UploadedAt), v.UploadedBy, v.Statements, v.Digest, v.Revision,
		v.ID); err != nil {
		return err
	}
	return tx.bumpVEX(v.ProductID)
}

// hideVEX frees the name of a document, which no read finds then, and begins its removal.
func (tx *Tx) hideVEX(id int64) error {
	var name string
	if err := tx.get(tx.Context(), "SELECT document FROM vex_documents WHERE id = ?", []any{id}, &name); err != nil {
		return notFound(err, "VEX document")
	}
	_, err := tx.exec("UPDATE vex_documents SET document = ?, revision = 0 WHERE id = ?",
		fmt.Sprintf("%s%d", hiddenName, id), id)
	if err != nil {
		return err
	}
	return tx.BeginRemoval(Removal{Kind: RemoveVEX, SubjectID: id, Name: name})
}

// DeleteVEX removes a document, one with many statements in parts. Its observations keep what it says
// until they are reconciled.
func (tx *Tx) DeleteVEX(v VEXDocument) error {
	many, err := tx.RemovedInParts(tx.Context(), RemoveVEX, v.ID)
	if err == nil && many {
		err = tx.hideVEX(v.ID)
	} else if err == nil {
		_, err = tx.exec("DELETE FROM vex_documents WHERE id = ?", v.ID)
	}
	if err != nil {
		return err
	}
	return tx.bumpVEX(v.ProductID)
}

func (tx *Tx) bumpVEX(productID int64) error {
	_, err := tx.exec(`
		INSERT INTO vex_states (product_id, version)
		VALUES (?, 1)
		ON CONFLICT (product_id) DO UPDATE SET version = vex_states.version + 1`, productID)
	return err
}

// renameForVEX lets the observations of a product follow its VEX documents again if it gets another
// name, which documents can use.
func (tx *Tx) renameForVEX(productID int64, name string) error {
	_, err := tx.exec(`
		UPDATE vex_states
		SET version = version + 1
		WHERE product_id = ?
		AND EXISTS (
			SELECT 1
			FROM products
			WHERE id = ?
			AND name <> ?
		)`, productID, productID, name)
	return err
}

// DropOldVEX removes up to limit statements of earlier revisions of a product's documents, and returns
// how many.
func (tx *Tx) DropOldVEX(productID int64, limit int) (int, error) {
	n, err := tx.exec(`
		DELETE FROM vex_statements
		WHERE id IN (
			SELECT s.id
			FROM vex_documents v
			CROSS JOIN vex_statements s
			WHERE v.product_id = ?
			AND s.document_id = v.id
			AND s.revision < v.revision
			LIMIT ?
		)`, productID, limit)
	return int(n), err
}

// UnfinishedVEX reports whether there are documents that DropUnfinishedVEX removes.
func (r queries) UnfinishedVEX(ctx context.Context, before time.Time) (bool, error) {
	var n int
	err := r.get(ctx, "SELECT count(*) FROM vex_documents v WHERE "+unfinishedVEX, []any{micro(before)}, &n)
	return n > 0, err
}

// unfinishedVEX selects documents that have never counted and are not being removed.
const unfinishedVEX = `v.revision = 0
	AND v.uploaded_at < ?
	AND v.id NOT IN (SELECT m.subject_id FROM removals m WHERE m.kind = 'vex_document')`

// DropUnfinishedVEX removes documents that have never counted, since their upload was interrupted.
func (tx *Tx) DropUnfinishedVEX(before time.Time) error {
	var ids []int64
	err := tx.query(tx.Context(), "SELECT v.id FROM vex_documents v WHERE "+unfinishedVEX+" LIMIT 100",
		[]any{micro(before)}, collect(&ids, idDst))
	for _, id := range ids {
		if err == nil {
			err = tx.hideVEX(id)
		}
	}
	return err
}

// VEXApplied notes that a product's observations follow its documents up to a version.
func (tx *Tx) VEXApplied(productID, version int64) error {
	_, err := tx.exec("UPDATE vex_states SET applied = ? WHERE product_id = ? AND applied < ?",
		version, productID, version)
	return err
}

// ApplyVEX writes what a VEX document says of some observations, and a row of the history of each.
// The caller must update their sources, branch and gate in the same transaction.
func (tx *Tx) ApplyVEX(ids []int64, v VEX, note Assessment) error {
	status, args := "CAST(? AS TEXT)", []any{v.Status}
	if v.Status == "" {
		status, args = "report_status", nil
	}
	effective := `CASE
			WHEN resolved_at IS NOT NULL THEN status
			WHEN assessed_status <> '' THEN assessed_status
			ELSE ` + status + `
		END`
	for part := range slices.Chunk(ids, assessAtOnce) {
		values := []any{micro(tx.Now()), nullID(note.UserID), note.Actor, ActionVEX}
		values = append(append(append(values, args...), note.Comment), toAny(part)...)
		if _, err := tx.exec(`
			INSERT INTO assessments (observation_id, at, user_id, actor, action, was_status, status, was_severity,
				severity, comment)
			SELECT id, CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS TEXT), CAST(? AS TEXT), status, `+effective+`,
				severity, severity, CAST(? AS TEXT)
			FROM observations
			WHERE id IN (`+placeholders(len(part))+`)
			ORDER BY id`, values...); err != nil {
			return err
		}
		values = append([]any{micro(tx.Now()), v.Status, v.Justification, nullID(v.DocumentID)}, args...)
		values = append(append(values, args...), toAny(part)...)
		if _, err := tx.exec(`
			UPDATE observations
			SET changed_at = ?, vex_status = ?, vex_justification = ?, vex_document = ?,
				status = `+effective+`,
				active = `+effective+` IN ('open', 'affected', 'in_review')
			WHERE id IN (`+placeholders(len(part))+")", values...); err != nil {
			return err
		}
	}
	return nil
}
