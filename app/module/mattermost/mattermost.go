// Package mattermost sends messages to incoming webhooks of Mattermost
// (https://developers.mattermost.com/integrate/webhooks/incoming/): a line or two of Markdown, and
// an attachment with the details
// (https://developers.mattermost.com/integrate/reference/message-attachments/).
package mattermost

import (
	"gatecrier/app/module"
	"gatecrier/app/outbound"
)

// New returns the module, which sends through client.
func New(client *outbound.Client) *module.Hook {
	return &module.Hook{
		Client: client, Payload: func(m module.Message) any { return compose(m) },
		Description: module.Descriptor{
			Name:    "mattermost",
			Title:   "Mattermost",
			Icon:    "send",
			Summary: "Posts a message to a Mattermost channel through an incoming webhook",
			Fields: []module.Field{
				module.HookField("Webhook URL", "https://mattermost.example.com/hooks/…",
					"Create it in Mattermost: Integrations, Incoming Webhooks."),
			},
			Limits: module.Limits{Ordered: true, Parallel: 4, PerSecond: 4, Burst: 4},
		},
	}
}
