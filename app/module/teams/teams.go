// Package teams sends messages to Microsoft Teams by webhooks of its Workflows app, each as an
// Adaptive Card
// (https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-reference).
package teams

import (
	"gatecrier/app/module"
	"gatecrier/app/outbound"
)

// New returns the module, which sends through client. Teams accepts four messages a second for a
// webhook.
func New(client *outbound.Client) *module.Hook {
	return &module.Hook{
		Client: client, Payload: func(m module.Message) any { return message(m) }, Judge: judge,
		Description: module.Descriptor{
			Name:    "teams",
			Title:   "Microsoft Teams",
			Icon:    "brand-teams",
			Summary: "Posts a card to a Teams channel or chat through a webhook of the app Workflows",
			Fields: []module.Field{
				module.HookField("Workflow URL", "https://…/workflows/…?sig=…",
					"Create a workflow with the trigger \"When a Teams webhook request is received\"."),
			},
			Limits: module.Limits{Ordered: true, Parallel: 4, PerSecond: 4, Burst: 1},
		},
	}
}

// judge weakens a success: a workflow answers before it has posted anything.
func judge(r module.Result) module.Result {
	if r.Kind() == module.KindDelivered {
		r.Reason = "accepted"
	}
	return r
}
