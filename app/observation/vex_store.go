package observation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/vex"
	"gatecrier/models"
)

const (
	maxVEXDocuments  = 1000      // of a product
	maxVEXStatements = 100_000   // of all documents of a product
	vexWriteBytes    = 512 << 10 // in a transaction
)

// storeVEX writes a document and its statements, which count together with the last transaction.
func (s *Service) storeVEX(
	ctx context.Context, actor authz.Actor, productID, branchID int64, d *vex.Document,
) (models.VEXDocument, error) {
	rows, digest, err := vexRows(d)
	if err != nil {
		return models.VEXDocument{}, err
	}
	v := models.VEXDocument{ProductID: productID, BranchID: branchID, Document: d.ID}
	same := false
	var revision int64
	err = s.store.Write(ctx, func(tx *models.Tx) error {
		was, err := lockVEX(tx, v, d)
		if err != nil {
			return err
		}
		if same = was.Revision > 0 && was.Digest == digest && was.Version == d.Version && was.MadeAt.Equal(d.At) &&
			was.Author == d.Author; same {
			v = was
			return nil
		}
		if err := checkVEXLimits(tx, productID, was, len(rows)); err != nil {
			return err
		}
		v.ID, v.Revision = was.ID, was.Revision
		v.Version, v.Format, v.MadeAt = d.Version, d.Format, d.At
		revision, err = tx.BeginVEX(&v)
		return err
	})
	if err != nil || same {
		return v, err
	}
	if err := s.insertVEX(ctx, v, revision, rows); err != nil {
		return v, err
	}
	v.Author, v.UploadedBy, v.Statements, v.Digest = d.Author, actor.Label, int64(len(d.Statements)), digest
	v.Revision = revision
	return v, s.store.Write(ctx, func(tx *models.Tx) error {
		was, err := lockVEX(tx, v, d)
		if err != nil {
			return err
		}
		if was.ID != v.ID || was.Revision >= revision {
			return orVEXMoved(nil)
		}
		v.UploadedAt = tx.Now()
		if err := tx.SaveVEX(v); err != nil {
			return err
		}
		return auditVEX(tx, actor, was, v)
	})
}

// insertVEX writes the statements of a revision of a document in small transactions.
func (s *Service) insertVEX(
	ctx context.Context, v models.VEXDocument, revision int64, rows []models.VEXStatement,
) error {
	var parts models.Parts
	for len(rows) > 0 {
		n := 0
		if err := s.store.WritePart(ctx, &parts, func(tx *models.Tx, limit int) (int, error) {
			n = vexChunk(rows, limit)
			if err := tx.LockProductShared(v.ProductID); err != nil {
				return 0, err
			}
			if _, ok, err := tx.VEXDocumentOf(v.ProductID, v.BranchID, v.Document); err != nil || !ok {
				return 0, orVEXMoved(err)
			}
			return n, tx.InsertVEXStatements(v.ID, revision, rows[:n])
		}); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// lockVEX locks the product and returns the stored version of a document, zero without one. It
// returns a conflict if that is newer than d.
func lockVEX(tx *models.Tx, v models.VEXDocument, d *vex.Document) (models.VEXDocument, error) {
	if err := tx.LockProduct(v.ProductID); err != nil {
		return models.VEXDocument{}, err
	}
	was, _, err := tx.VEXDocumentOf(v.ProductID, v.BranchID, v.Document)
	if err != nil || was.Revision == 0 {
		return was, err
	}
	order := vex.CompareVersions(d.Version, was.Version)
	if order < 0 || order == 0 && d.At.Before(was.MadeAt) {
		return was, fault.New(fault.Conflict, fmt.Sprintf(
			"A newer version of this document counts already: version %s of %s. Nothing was changed",
			was.Version, was.MadeAt.UTC().Format(time.RFC3339),
		))
	}
	return was, nil
}

// orVEXMoved returns err, or the conflict with another change of the document.
func orVEXMoved(err error) error {
	if err != nil {
		return err
	}
	return fault.New(fault.Conflict, "The document was uploaded or deleted at the same time: send it again")
}

// checkVEXLimits returns an error if a product gets too many documents or statements by a document
// with n statements.
func checkVEXLimits(tx *models.Tx, productID int64, was models.VEXDocument, n int) error {
	documents, statements, err := tx.CountVEXStatements(tx.Context(), productID)
	if err != nil {
		return err
	}
	switch {
	case n > vex.MaxStatements:
		return fault.BadField("report", "More than 10,000 statements: split the document")
	case was.Revision == 0 && documents >= maxVEXDocuments:
		return fault.New(fault.Conflict, "The product has 1,000 VEX documents already: delete those that are outdated")
	case statements-was.Statements+int64(n) > maxVEXStatements:
		return fault.New(fault.Conflict, "The product would have more than 100,000 VEX statements: delete outdated documents")
	}
	return nil
}

// vexRows returns the statements of a document for the database, and a digest of them.
func vexRows(d *vex.Document) ([]models.VEXStatement, string, error) {
	rows := make([]models.VEXStatement, len(d.Statements))
	hash := sha256.New()
	for i, statement := range d.Statements {
		row, err := statement.Row()
		if err != nil {
			return nil, "", err
		}
		rows[i] = row
		text, err := json.Marshal(row)
		if err != nil {
			return nil, "", err
		}
		hash.Write(text)
	}
	return rows, hex.EncodeToString(hash.Sum(nil)), nil
}

// vexChunk returns how many of the first rows one transaction writes: up to limit, and fewer large ones.
func vexChunk(rows []models.VEXStatement, limit int) int {
	size := 0
	for i, row := range rows {
		size += len(row.Products) + len(row.Impact) + len(row.Action)
		if i > 0 && size > vexWriteBytes || i == limit {
			return i
		}
	}
	return len(rows)
}

func auditVEX(tx *models.Tx, actor authz.Actor, was, now models.VEXDocument) error {
	e := audit.Entry{
		Action: audit.Create, Kind: audit.VEXDocument, Name: now.Document, ProductID: now.ProductID, Became: vexValues(now),
	}
	if was.Revision > 0 {
		e.Action, e.Was = audit.Change, vexValues(was)
	}
	return audit.Write(tx, actor, e)
}

func vexValues(v models.VEXDocument) audit.Values {
	values := audit.Values{
		"author": v.Author, "version": v.Version, "statements": fmt.Sprint(v.Statements),
	}
	if v.Branch != "" {
		values["branch"] = v.Branch
	}
	return values
}
