package api

import (
	"context"
	"net/http"
	"time"

	"gatecrier/app/connection"
	"gatecrier/app/product"
	"gatecrier/models"
)

// ProductBody is a product as the API returns it.
type ProductBody struct {
	ID            int64             `json:"id"`
	Name          string            `json:"name"`
	Description   string            `json:"description"`
	GroupID       *int64            `json:"group_id" doc:"The group of products that it is in, or null"`
	DefaultBranch string            `json:"default_branch"`
	GateMode      models.GateMode   `json:"gate_mode" enum:"standard,disabled,own"`
	Thresholds    models.Thresholds `json:"thresholds" doc:"The product's own thresholds; null if unset, which means 0 in mode own"`
	CountingBody
	HoldSeconds  *int64      `json:"hold_seconds" doc:"How long a new state of the gate must last before notifications are sent; null: the global setting"`
	StaleAfter   *int64      `json:"stale_after" doc:"Seconds without a report until it is stale, 0 for never; null: the global setting"`
	StaleSince   *time.Time  `json:"stale_since" doc:"Since when it is stale and its members are notified, or null"`
	Gate         GateBody    `json:"gate"`
	Policy       *policyBody `json:"policy" doc:"The policy of its gate, and where it comes from"`
	LastReportAt *time.Time  `json:"last_report_at"`
	Version      int64       `json:"version"`
	*FieldsBody
	BadgeURL string    `json:"badge_url,omitempty" doc:"The URL of its badge, for users who can edit the product; absent in lists, and without a badge"`
	Created  time.Time `json:"created"`
}

// FieldsBody are the targets that are fields of a product. The list of products leaves them
// out. They are empty for an actor who cannot edit them.
type FieldsBody struct {
	EmailTo        string `json:"email_to"`
	MSTeamsWebhook string `json:"ms_teams_webhook" doc:"Host and last characters; a URL sets it, an empty text clears it"`
	SlackWebhook   string `json:"slack_webhook" doc:"The same"`
}

// whole returns a product with its target fields, or err.
func (a *API) whole(ctx context.Context, row models.ProductRow, err error) (ProductBody, error) {
	if err != nil {
		return ProductBody{}, err
	}
	policies, err := a.policies(ctx, []models.ProductRow{row})
	if err != nil {
		return ProductBody{}, err
	}
	f, err := a.Connections.FieldsOf(ctx, actorOf(ctx), product.InProduct(row.ID))
	b := productOf(row, policies[0])
	b.FieldsBody = &FieldsBody{EmailTo: f.EmailTo, MSTeamsWebhook: f.MSTeams, SlackWebhook: f.Slack}
	if err == nil {
		b.BadgeURL, err = a.badgeOf(ctx, row.Product)
	}
	return b, err
}

// GateBody is the gate of a branch.
type GateBody struct {
	Branch    string           `json:"branch"`
	State     models.GateState `json:"state" enum:"none,passed,failed"`
	Counts    models.Counts    `json:"counts" doc:"All active observations"`
	Effective models.Counts    `json:"effective_counts" doc:"The counts that the gate compares with its thresholds: only observations that count, by the severity that they count as"`
	Since     time.Time        `json:"since"`
	Why       string           `json:"why"`
	Held      *heldBody        `json:"held" doc:"A change on hold, or null"`
}

func gateOf(b models.Branch, c models.Counting) GateBody {
	return GateBody{
		Branch:    b.Name,
		State:     b.Gate,
		Counts:    b.Counts,
		Effective: b.Effective(c),
		Since:     b.Since,
		Why:       gateReason(b),
		Held:      heldOf(b),
	}
}

// gateReason returns the reason of a branch's gate, as a sentence also before the first report.
func gateReason(b models.Branch) string {
	if !b.Evaluated && b.Why == "" {
		return "never evaluated: no report has been received yet"
	}
	return b.Why
}

func productOf(p models.ProductRow, policy *policyBody) ProductBody {
	return ProductBody{
		ID:            p.ID,
		Name:          p.Name,
		Description:   p.Description,
		GroupID:       p.GroupID,
		DefaultBranch: p.Default.Name,
		GateMode:      p.GateMode,
		Thresholds:    p.Thresholds,
		CountingBody:  CountingBody(p.Counting),
		HoldSeconds:   p.HoldSeconds,
		StaleAfter:    p.StaleAfter,
		StaleSince:    optional(p.Default.StaleSince),
		Gate:          gateOf(p.Default, policy.counting()),
		Policy:        policy,
		LastReportAt:  optional(p.LastReportAt),
		Version:       p.Version,
		Created:       p.CreatedAt,
	}
}

// optional returns a pointer to t, nil for the zero time.
func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// valueOf returns the time that t points to, the zero time for nil.
func valueOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

type productInput struct {
	Body struct {
		Name          string          `json:"name" doc:"Unique, 1 to 255 characters"`
		Description   string          `json:"description,omitempty"`
		DefaultBranch string          `json:"default_branch,omitempty" doc:"Default: main"`
		GateMode      models.GateMode `json:"gate_mode,omitempty" enum:"standard,disabled,own"`
		Thresholds    *thresholdsBody `json:"thresholds,omitempty"`
		CountingPatch
		GroupID     int64        `json:"group_id,omitempty" minimum:"1"`
		HoldSeconds patch[int64] `json:"hold_seconds,omitempty" doc:"0 to 86400; absent or null: the global setting"`
		StaleAfter  patch[int64] `json:"stale_after,omitempty" doc:"0 for never, or 900 to 2592000; absent or null: the global setting"`
		TargetFields
	}
}

// TargetFields are a product's targets that have a field of their own.
type TargetFields struct {
	EmailTo        patch[string] `json:"email_to,omitempty" doc:"Addresses, separated by commas"`
	MSTeamsWebhook patch[string] `json:"ms_teams_webhook,omitempty"`
	SlackWebhook   patch[string] `json:"slack_webhook,omitempty"`
}

func (f TargetFields) change() connection.FieldsChange {
	return connection.FieldsChange{
		EmailTo: f.EmailTo.pointer(),
		MSTeams: f.MSTeamsWebhook.pointer(),
		Slack:   f.SlackWebhook.pointer(),
	}
}

// thresholdsBody are the thresholds of a request. A threshold that is absent stays.
type thresholdsBody struct {
	Critical patch[int64] `json:"critical,omitempty"`
	High     patch[int64] `json:"high,omitempty"`
	Medium   patch[int64] `json:"medium,omitempty"`
	Low      patch[int64] `json:"low,omitempty"`
	None     patch[int64] `json:"none,omitempty"`
	Unknown  patch[int64] `json:"unknown,omitempty"`
}

// changes returns the thresholds that were sent; nil unsets one.
func (t *thresholdsBody) changes() map[models.Severity]*int64 {
	m := map[models.Severity]*int64{}
	if t == nil {
		return m
	}
	for s, p := range map[models.Severity]patch[int64]{
		models.Critical: t.Critical,
		models.High:     t.High,
		models.Medium:   t.Medium,
		models.Low:      t.Low,
		models.None:     t.None,
		models.Unknown:  t.Unknown,
	} {
		switch {
		case p.Null:
			m[s] = nil
		case p.Sent:
			m[s] = &p.Value
		}
	}
	return m
}

type productPatch struct {
	IDPath
	IfMatch

	Body struct {
		Name          patch[string]          `json:"name,omitempty"`
		Description   patch[string]          `json:"description,omitempty"`
		DefaultBranch patch[string]          `json:"default_branch,omitempty"`
		GateMode      patch[models.GateMode] `json:"gate_mode,omitempty"`
		Thresholds    patch[thresholdsBody]  `json:"thresholds,omitempty"`
		CountingPatch
		GroupID     patch[int64] `json:"group_id,omitempty" doc:"null removes it from its group"`
		HoldSeconds patch[int64] `json:"hold_seconds,omitempty" doc:"0 to 86400; null: the global setting"`
		StaleAfter  patch[int64] `json:"stale_after,omitempty" doc:"0 for never, or 900 to 2592000; null: the global setting"`
		TargetFields
		Version int64 `json:"version,omitempty" doc:"If sent, the product must still have this version"`
	}
}

// IDPath is the id in a path.
type IDPath struct {
	ID int64 `path:"id"`
}

func (a *API) products() {
	register(a, onGet("/products", "list-products"),
		"List products by name",
		a.listProducts)
	register(a, onPost("/products", "create-product", http.StatusCreated),
		"Create a product and become its owner",
		func(ctx context.Context, in *productInput) (*created[ProductBody], error) {
			row, err := a.Products.Create(ctx, actorOf(ctx), draftOf(in))
			b, err := a.whole(ctx, row, err)
			return createdAt(pathTo("/products", b.ID), b.Version, b), err
		})
	register(a, onGet("/products/{id}", "get-product"),
		"Get a product",
		func(ctx context.Context, in *IDGet) (*one[ProductBody], error) {
			row, err := a.Products.Get(ctx, actorOf(ctx), in.ID)
			b, err := a.whole(ctx, row, err)
			return oneOf(b.Version, b), err
		})
	register(a, onPatch("/products/{id}", "update-product"),
		"Change a product (JSON merge patch)",
		func(ctx context.Context, in *productPatch) (*one[ProductBody], error) {
			version, err := in.atLeastOne(in.Body.Version)
			if err != nil {
				return nil, err
			}
			row, err := a.Products.Update(ctx, actorOf(ctx), in.ID, editOf(in, version))
			b, err := a.whole(ctx, row, err)
			return oneOf(b.Version, b), err
		})
	register(a, onDelete("/products/{id}", "delete-product"),
		"Delete a product and all that belongs to it",
		func(ctx context.Context, in *IDDelete) (*struct{}, error) {
			version, err := in.atLeastOne(0)
			if err != nil {
				return nil, err
			}
			return nil, a.Products.Delete(ctx, actorOf(ctx), in.ID, version)
		})
}

func draftOf(in *productInput) product.Draft {
	d := product.Draft{
		Name:          in.Body.Name,
		Description:   in.Body.Description,
		DefaultBranch: in.Body.DefaultBranch,
		GateMode:      in.Body.GateMode,
		Counting:      in.Body.edit().Apply(models.Counting{}),
		GroupID:       in.Body.GroupID,
		Targets:       in.Body.change(),
	}
	for s, v := range in.Body.Thresholds.changes() {
		*d.Thresholds.At(s) = v
	}
	if t := overrideOf(in.Body.HoldSeconds); t != nil {
		d.HoldSeconds = t.Seconds
	}
	if t := overrideOf(in.Body.StaleAfter); t != nil {
		d.StaleAfter = t.Seconds
	}
	return d
}

func editOf(in *productPatch, version int64) product.Edit {
	b := in.Body
	e := product.Edit{
		Name:          b.Name.pointer(),
		Description:   b.Description.pointer(),
		DefaultBranch: b.DefaultBranch.pointer(),
		GateMode:      b.GateMode.pointer(),
		GroupID:       b.GroupID.pointer(),
		Version:       version,
		Thresholds:    b.Thresholds.Value.changes(),
		Counting:      b.edit(),
		Targets:       b.change(),
		Hold:          overrideOf(b.HoldSeconds),
		Stale:         overrideOf(b.StaleAfter),
	}
	if b.Thresholds.Null {
		for _, s := range models.Severities() {
			e.Thresholds[s] = nil
		}
	}
	return e
}
