package api

import (
	"context"
	"time"

	"gatecrier/models"
)

// sourceBody is a source of reports as the API returns it.
type sourceBody struct {
	ID           int64         `json:"id"`
	ProductID    int64         `json:"product_id"`
	Branch       string        `json:"branch"`
	Scanner      string        `json:"scanner"`
	Name         string        `json:"name" doc:"The parameter source of reports; empty if they name none, and do not say what they are about"`
	Format       string        `json:"format" doc:"The format of the last report; counts for bare counts, manual for observations that users enter"`
	Subject      string        `json:"subject" doc:"The artifact of the last report, such as an image; empty if not known"`
	Reference    string        `json:"reference" doc:"The tag or digest of the last report that has one"`
	Counts       models.Counts `json:"counts" doc:"Its active observations"`
	LastReportAt time.Time     `json:"last_report_at"`
}

func sourceOf(s models.SourceRow) sourceBody {
	facts := s.Facts.Decode()
	return sourceBody{
		ID:           s.ID,
		ProductID:    s.ProductID,
		Branch:       s.Branch,
		Scanner:      s.Scanner,
		Name:         s.Name,
		Format:       s.Format,
		Subject:      facts.Subject,
		Reference:    facts.Reference(),
		Counts:       s.Counts,
		LastReportAt: s.LastReportAt,
	}
}

type sourceAnswer struct{ Body sourceBody }

type sourcePatch struct {
	ID   int64 `path:"id"`
	Body struct {
		Name patch[string] `json:"name,omitempty" doc:"The new name, which reports must use from now on"`
	}
}

func (a *API) sources() {
	register(a, onGet("/products/{id}/sources", "list-sources"),
		"List the sources of a product's reports, those of the default branch first",
		func(ctx context.Context, in *IDPath) (*list[sourceBody], error) {
			out := &list[sourceBody]{}
			out.Body.Items = []sourceBody{}
			found, err := a.Products.Sources(ctx, actorOf(ctx), in.ID)
			for _, s := range found {
				out.Body.Items = append(out.Body.Items, sourceOf(s))
			}
			return out, err
		})
	register(a, onPatch("/sources/{id}", "rename-source"),
		"Rename a source (JSON merge patch)",
		func(ctx context.Context, in *sourcePatch) (*sourceAnswer, error) {
			name := in.Body.Name.pointer()
			if name == nil {
				row, err := a.Products.Source(ctx, actorOf(ctx), in.ID)
				return &sourceAnswer{sourceOf(row)}, err
			}
			row, err := a.Products.RenameSource(ctx, actorOf(ctx), in.ID, *name)
			return &sourceAnswer{sourceOf(row)}, err
		})
	register(a, onDelete("/sources/{id}", "delete-source"),
		"Delete a source with its observations, a large one in the background if that takes more than 20 seconds; "+
			"its next report creates it again",
		func(ctx context.Context, in *IDPath) (*struct{}, error) {
			_, err := a.Products.RemoveSource(ctx, actorOf(ctx), in.ID)
			return nil, err
		})
}
