package jobs

import (
	"context"
	"strings"

	"gatecrier/app/product"
)

// maxBranchNames bounds the text of what a run has removed.
const maxBranchNames = 900

// forgetBranches removes branches that no report came of for a time.
func forgetBranches(ctx context.Context, w *Work) error {
	kept := w.Reports().BranchesKept
	if kept == 0 {
		w.message = "Nothing was looked for: branches are kept for ever"
		return nil
	}
	gone, err := w.Products.RemoveStaleBranches(ctx, kept)
	w.affected, w.message = int64(len(gone)), branchNames(gone)
	return err
}

// branchNames says which branches went: "Shop: feature/a, feature/b".
func branchNames(gone []product.RemovedBranch) string {
	var b strings.Builder
	for i, f := range gone {
		part := ", " + f.Branch
		if i == 0 || f.Product != gone[i-1].Product {
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
