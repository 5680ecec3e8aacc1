package jobs

import (
	"context"
	"strings"

	"gatecrier/app/product"
)

// maxBranchNames bounds the names of removed branches in a run's message, in bytes.
const maxBranchNames = 900

// forgetBranches removes branches that got no report for a time.
func forgetBranches(ctx context.Context, w *Work) error {
	kept := w.Reports().BranchesKept
	if kept == 0 {
		w.message = "Nothing to delete: branches are kept forever"
		return nil
	}
	removed, err := w.Products.RemoveStaleBranches(ctx, kept)
	w.affected, w.message = int64(len(removed)), branchNames(removed)
	return err
}

// branchNames returns the names of removed branches: "Shop: feature/a, feature/b".
func branchNames(removed []product.RemovedBranch) string {
	var b strings.Builder
	for i, f := range removed {
		part := ", " + f.Branch
		if i == 0 || f.Product != removed[i-1].Product {
			part = "; " + f.Product + ": " + f.Branch
		}
		if b.Len()+len(part) > maxBranchNames {
			b.WriteString(", …")
			break
		}
		b.WriteString(part)
	}
	return strings.TrimLeft(b.String(), ";, ")
}
