// Package teams sends messages to Microsoft Teams, by webhooks of its Workflows
// app: one Adaptive Card each
// (https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-reference).
package teams

import (
	"context"
	"net/http"

	"gatecrier/app/module"
	"gatecrier/app/outbound"
)

const fieldURL = "url"

// Teams is the module.
type Teams struct{ client *outbound.Client }

// New returns the module, which sends through client.
func New(client *outbound.Client) *Teams { return &Teams{client: client} }

// Descriptor tells about Teams, which takes four messages a second for a
// webhook.
func (*Teams) Descriptor() module.Descriptor {
	return module.Descriptor{
		Name: "teams", Title: "Microsoft Teams", Icon: "brand-teams",
		Summary: "A card in a channel or chat of Teams, by a webhook of the app Workflows",
		Fields: []module.Field{{
			Name: fieldURL, Label: "Workflow URL", Kind: module.FieldURL, Placeholder: "https://…/workflows/…?sig=…",
			Help:     "From a workflow that starts when a Teams webhook request is received. It is kept sealed and shown as its host and last four characters.",
			Required: true, Secret: true, MaxLen: 2000,
		}},
		Lane: module.Lane{Ordered: true, Parallel: 4, PerSecond: 4, Burst: 1},
	}
}

// Prepare checks the URL. Any host will do: Microsoft has moved them before.
func (t *Teams) Prepare(c module.Config) (module.Config, error) {
	c, wrong := t.Descriptor().Clean(c)
	if raw := c[fieldURL]; raw != "" {
		if err := t.client.CheckURL(raw); err != nil {
			wrong.Add(fieldURL, err.Error())
		}
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	return c, nil
}

// Hint is the host and the last four characters of the URL.
func (*Teams) Hint(c module.Config) string { return module.URLHint(c[fieldURL]) }

// Send posts a message once. A workflow answers before it has posted anything,
// so that a success says no more than that it was accepted.
func (t *Teams) Send(ctx context.Context, c module.Config, m module.Message) module.Result {
	payload, err := encode(m)
	if err != nil {
		return module.Permanent("the message could not be encoded")
	}
	header := http.Header{"Content-Type": {"application/json; charset=utf-8"}}
	answer, err := t.client.Do(ctx, outbound.Request{Method: http.MethodPost, URL: c[fieldURL], Header: header, Body: payload})
	r := module.FromAnswer(answer, err, t.Descriptor().Secrets(c)...)
	if r.Kind() == module.KindDelivered {
		r.Reason = "accepted"
	}
	return r
}
