package models

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// VEX is what a VEX document says of an observation, which counts in place of the report. The zero
// value is nothing.
type VEX struct {
	Status        Status
	Justification string // why, in short
	DocumentID    int64
	Document      string // the ID that its author gave it, if the read includes it
}

// Same reports whether two are equal, whatever the reads include.
func (v VEX) Same(other VEX) bool {
	v.Document, other.Document = "", ""
	return v == other
}

// reportedStatus is the status of a row that counts without a user's assessment.
const reportedStatus = "CASE WHEN vex_status = '' THEN report_status ELSE vex_status END"

// vexDocumentID is the ID of an observation's VEX document, as its author gave it.
const vexDocumentID = "coalesce((SELECT v.document FROM vex_documents v WHERE v.id = o.vex_document), '')"

// VEXDocument is a VEX document that counts for a product.
type VEXDocument struct {
	ID         int64
	ProductID  int64
	BranchID   int64  // 0 = all branches
	Branch     string // the branch's name, if the read includes it
	Document   string // the ID that its author gave it
	Author     string
	Version    string
	Format     string
	MadeAt     time.Time // as the document says
	UploadedAt time.Time
	UploadedBy string
	Statements int64
	Digest     string // of the statements
	Revision   int64  // whose statements count; 0 = none yet
	Applied    int64  // how many observations it says something of, if the read includes it
}

const vexDocumentColumns = `v.id, v.product_id, coalesce(v.branch_id, 0), coalesce(b.name, ''), v.document, v.author,
	v.version, v.format, v.made_at, v.uploaded_at, v.uploaded_by, v.statements, v.digest,
	v.revision`

func (v *VEXDocument) dst() []any {
	return []any{
		&v.ID, &v.ProductID, &v.BranchID, &v.Branch, &v.Document, &v.Author, &v.Version, &v.Format, timeTo(&v.MadeAt),
		timeTo(&v.UploadedAt), &v.UploadedBy, &v.Statements,
		&v.Digest, &v.Revision,
	}
}

const vexDocumentsFrom = `
	FROM vex_documents v
	LEFT JOIN branches b ON b.id = v.branch_id
	WHERE `

// VEXDocuments lists the VEX documents of a product, the last uploaded first, each with the number
// of observations that it says something of.
func (r queries) VEXDocuments(ctx context.Context, scope Scope, productID int64) ([]VEXDocument, error) {
	cond := sqlFragment{"v.product_id = ? AND v.revision > 0", []any{productID}}
	cond.andWhere(scope.where("v.product_id"))
	var list []VEXDocument
	err := r.query(ctx, `
		SELECT `+vexDocumentColumns+", (SELECT count(*) FROM observations o WHERE o.vex_document = v.id)"+
		vexDocumentsFrom+cond.text+`
		ORDER BY v.uploaded_at DESC, v.id DESC`,
		cond.args, collect(&list, func(v *VEXDocument) []any { return append(v.dst(), &v.Applied) }))
	return list, err
}

// VEXDocument finds a VEX document in scope, with the number of observations that it says
// something of.
func (r queries) VEXDocument(ctx context.Context, scope Scope, id int64) (VEXDocument, error) {
	cond := sqlFragment{"v.id = ? AND v.revision > 0", []any{id}}
	cond.andWhere(scope.where("v.product_id"))
	var v VEXDocument
	err := r.get(ctx, `
		SELECT `+vexDocumentColumns+", (SELECT count(*) FROM observations o WHERE o.vex_document = v.id)"+
		vexDocumentsFrom+cond.text, cond.args, append(v.dst(), &v.Applied)...)
	if err != nil {
		return VEXDocument{}, notFound(err, "VEX document")
	}
	return v, nil
}

// VEXDocumentOf finds a product's document by the ID that its author gave it, for a branch or, with
// 0, for all branches. It also finds one that does not count yet; ok is false without one.
func (tx *Tx) VEXDocumentOf(productID, branchID int64, document string) (v VEXDocument, ok bool, err error) {
	err = tx.get(tx.Context(), `
		SELECT `+vexDocumentColumns+vexDocumentsFrom+`v.product_id = ?
		AND v.document = ?
		AND coalesce(v.branch_id, 0) = ?`, []any{productID, document, branchID}, v.dst()...)
	if errors.Is(err, sql.ErrNoRows) {
		return VEXDocument{}, false, nil
	}
	return v, err == nil, err
}

// VEXStatement is a statement of a VEX document.
type VEXStatement struct {
	ID            int64
	DocumentID    int64
	BranchID      int64  // of the document; 0 = all branches
	Vulnerability string // its IDs as JSON
	Products      string // as JSON
	Status        Status
	Justification string
	Impact        string
	Action        string
	At            time.Time
}

// VEXState is the number of a product's last change of statements, and up to which of them its
// observations follow.
type VEXState struct{ Version, Applied int64 }

// VEXState reads the state of a product's VEX, zero if it has had no document.
func (r queries) VEXState(ctx context.Context, productID int64) (VEXState, error) {
	var s VEXState
	err := r.get(ctx, "SELECT version, applied FROM vex_states WHERE product_id = ?",
		[]any{productID}, &s.Version, &s.Applied)
	if errors.Is(err, sql.ErrNoRows) {
		return s, nil
	}
	return s, err
}

// VEXStatements lists the statements that count for a product, by document.
func (r queries) VEXStatements(ctx context.Context, productID int64) ([]VEXStatement, error) {
	var list []VEXStatement
	err := r.query(ctx, `
		SELECT s.id, s.document_id, coalesce(v.branch_id, 0), s.vulnerability, s.products, s.status, s.justification,
			s.impact, s.action, s.at
		FROM vex_documents v
		CROSS JOIN vex_statements s
		WHERE v.product_id = ?
		AND s.document_id = v.id
		AND s.revision = v.revision
		ORDER BY s.document_id, s.id`, []any{productID}, collect(&list, func(s *VEXStatement) []any {
		return []any{
			&s.ID, &s.DocumentID, &s.BranchID, &s.Vulnerability, &s.Products, &s.Status, &s.Justification, &s.Impact,
			&s.Action, timeTo(&s.At),
		}
	}))
	return list, err
}

// CountVEXStatements returns the number of documents and statements that count for a product.
func (r queries) CountVEXStatements(ctx context.Context, productID int64) (documents, statements int64, err error) {
	err = r.get(ctx, `
		SELECT count(*), CAST(coalesce(sum(statements), 0) AS BIGINT)
		FROM vex_documents
		WHERE product_id = ?
		AND revision > 0`, []any{productID}, &documents, &statements)
	return documents, statements, err
}

// BehindVEX lists the products whose observations do not follow their VEX documents yet.
func (r queries) BehindVEX(ctx context.Context) ([]int64, error) {
	var ids []int64
	err := r.query(ctx, "SELECT product_id FROM vex_states WHERE applied < version ORDER BY product_id LIMIT 100",
		nil, collect(&ids, idDst))
	return ids, err
}
