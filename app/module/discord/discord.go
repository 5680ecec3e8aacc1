// Package discord sends messages to Discord webhooks
// (https://discord.com/developers/docs/resources/webhook#execute-webhook): a line of text, and an
// embed with the details.
package discord

import (
	"gatecrier/app/module"
	"gatecrier/app/outbound"
)

// New returns the module, which sends through client. Discord accepts about 30 messages a minute
// for a channel, five of them at once.
func New(client *outbound.Client) *module.Hook {
	return &module.Hook{
		Client: client, Payload: func(m module.Message) any { return compose(m) }, Judge: judge,
		Description: module.Descriptor{
			Name:    "discord",
			Title:   "Discord",
			Icon:    "send",
			Summary: "Posts a message to a Discord channel through a webhook",
			Fields: []module.Field{
				module.HookField("Webhook URL", "https://discord.com/api/webhooks/…",
					"Create it in the channel's settings: Integrations, Webhooks."),
			},
			Limits: module.Limits{Ordered: true, Parallel: 1, PerSecond: 0.5, Burst: 5},
		},
	}
}
