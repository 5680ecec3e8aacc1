// Package slack sends messages to incoming webhooks of Slack
// (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks): blocks, and a plain
// text where Slack shows only that.
package slack

import (
	"gatecrier/app/module"
	"gatecrier/app/outbound"
)

// New returns the module, which sends through client. Slack accepts about one message a second for
// a webhook.
func New(client *outbound.Client) *module.Hook {
	return &module.Hook{
		Client: client, Payload: func(m module.Message) any { return compose(m) }, Judge: judge,
		Description: module.Descriptor{
			Name:    "slack",
			Title:   "Slack",
			Icon:    "brand-slack",
			Summary: "Posts a message to a Slack channel through an incoming webhook",
			Fields: []module.Field{
				module.HookField("Webhook URL", "https://hooks.slack.com/services/…",
					"Create it in Slack: the app's Incoming Webhooks page."),
			},
			Limits: module.Limits{Ordered: true, Parallel: 1, PerSecond: 1, Burst: 1},
		},
	}
}
