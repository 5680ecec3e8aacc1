package jobs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// IntegrityJob is the name of the job that checks the stored data.
const IntegrityJob = "check_integrity"

// integrityTimeout bounds a check, which reads the whole database.
const integrityTimeout = 30 * time.Minute

// checkIntegrity reads all tables and follows their references. Damage fails the run.
func checkIntegrity(ctx context.Context, w *Work) error {
	ctx, cancel := context.WithTimeout(ctx, integrityTimeout)
	defer cancel()
	found, err := w.store.CheckIntegrity(ctx)
	if err == nil && len(found.Problems) == 0 {
		found.Problems, err = w.store.CheckReferences(ctx)
	}
	switch {
	case err != nil:
		return err
	case len(found.Problems) > 0:
		return errors.New("the database is damaged: restore a backup: " + strings.Join(found.Problems, "; "))
	case found.Skipped != "":
		w.message = "Nothing was checked: " + found.Skipped
	default:
		w.message = fmt.Sprintf("No damage in %d tables", found.Tables)
	}
	return nil
}
