package observation

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gatecrier/app/fault"
	"gatecrier/models"
)

// readBatch is how many observations one query reads by ID.
const readBatch = 500

// Selection selects observations of a product: by IDs, or all that match a filter.
type Selection struct {
	ProductID int64
	IDs       []int64
	Filter    *models.ObservationFilter // without IDs
	Expected  int                       // how many the user saw match the filter; 0 = any number
	Wait      time.Duration             // how long to wait for the end of a large one; 0 = a default
}

// reader reads observations inside and outside of transactions.
type reader interface {
	Observations(ctx context.Context, scope models.Scope, f models.ObservationFilter) ([]models.Observation, error)
}

// selectObservations reads the observations of a selection. It returns fault.NotFound if one
// of its IDs is missing.
func selectObservations(ctx context.Context, r reader, sel Selection) ([]models.Observation, error) {
	scope := models.SystemScope("the right to assess was checked")
	if len(sel.IDs) == 0 {
		return selectFiltered(ctx, r, scope, sel)
	}
	ids := slices.Compact(slices.Sorted(slices.Values(sel.IDs)))
	list := make([]models.Observation, 0, len(ids))
	for part := range slices.Chunk(ids, readBatch) {
		f := models.ObservationFilter{
			ProductID: sel.ProductID, IDs: part, All: true, Versions: len(ids) == 1, Limit: len(part),
		}
		rows, err := r.Observations(ctx, scope, f)
		if err != nil {
			return nil, err
		}
		list = append(list, rows...)
	}
	if len(list) < len(ids) {
		return nil, fault.NewNotFound("observation")
	}
	return list, nil
}

// selectFiltered reads the observations that match the filter of a selection. It returns a
// conflict if their number is not the expected one.
func selectFiltered(
	ctx context.Context, r reader, scope models.Scope, sel Selection,
) ([]models.Observation, error) {
	if sel.Filter == nil {
		return nil, fault.BadField("ids", "Select observations by ids or by a filter")
	}
	f := *sel.Filter
	f.Place, f.ProductID, f.Limit = models.Place{}, sel.ProductID, MaxSelected+1
	list, err := r.Observations(ctx, scope, f)
	switch {
	case err != nil:
		return nil, err
	case len(list) > MaxSelected:
		return nil, fault.BadField("filter", "It finds more than 10,000 observations: narrow it")
	case len(list) == 0:
		return nil, fault.New(fault.Conflict, "No observation is found any more: look at the list again")
	case sel.Expected != 0 && len(list) != sel.Expected:
		text := fmt.Sprintf("There are %d observations now, not %d: look at the list again", len(list), sel.Expected)
		return nil, fault.New(fault.Conflict, text)
	}
	return list, nil
}
