package api

import (
	"context"

	"gatecrier/app/fault"
	"gatecrier/models"
)

type productsInput struct {
	Page
	Name  string `query:"name" doc:"The whole name"`
	Q     string `query:"q" doc:"Part of the name"`
	State string `query:"state" enum:"none,passed,failed"`
}

// productListed is an item of the list of products: the whole product, or only its id and
// name for an actor who can only import into it.
type productListed struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
	*ProductBody
}

func (a *API) listProducts(ctx context.Context, in *productsInput) (*list[productListed], error) {
	f := models.ProductFilter{
		Name:  in.Name,
		Text:  in.Q,
		State: models.GateState(in.State),
		Limit: in.Limit + 1,
	}
	if err := seekPlace(in.Cursor, models.ProductOrders, &f.Place); err != nil {
		return nil, err
	}
	actor := actorOf(ctx)
	rows, err := a.Store.Products(ctx, actor.Scope(), f)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 && f.Name != "" && in.Cursor == "" {
		return a.namedForImport(ctx, f.Name)
	}
	found, err := a.policies(ctx, rows)
	if err != nil {
		return nil, err
	}
	policies := map[int64]*policyBody{}
	for i, r := range rows {
		policies[r.ID] = found[i]
	}
	listed := func(r models.ProductRow) productListed {
		body := productOf(r, policies[r.ID])
		return productListed{ID: body.ID, Name: body.Name, ProductBody: &body}
	}
	return answer(rows, in.Limit, listed, func(r models.ProductRow) any { return models.ProductOrders.Key(f.Place, r) })
}

// namedForImport finds a product by its name for an actor who can only import into it.
func (a *API) namedForImport(ctx context.Context, name string) (*list[productListed], error) {
	out := &list[productListed]{}
	out.Body.Items = []productListed{}
	id, stored, err := a.Products.ForImport(ctx, actorOf(ctx), name)
	if fault.Is(err, fault.NotFound) {
		return out, nil
	}
	out.Body.Items = append(out.Body.Items, productListed{ID: id, Name: stored})
	return out, err
}
