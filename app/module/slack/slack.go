// Package slack sends messages to incoming webhooks of Slack
// (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks):
// blocks for people, and a plain text where only that is shown.
package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"

	"gatecrier/app/module"
	"gatecrier/app/outbound"
)

const fieldURL = "url"

// Slack is the module.
type Slack struct{ client *outbound.Client }

// New returns the module, which sends through client.
func New(client *outbound.Client) *Slack { return &Slack{client: client} }

// Descriptor tells about Slack. It takes about one message a second for a
// webhook.
func (*Slack) Descriptor() module.Descriptor {
	return module.Descriptor{
		Name: "slack", Title: "Slack", Icon: "brand-slack",
		Summary: "A message in a Slack channel, by an incoming webhook",
		Fields: []module.Field{{
			Name: fieldURL, Label: "Webhook URL", Kind: module.FieldURL, Placeholder: "https://hooks.slack.com/services/…",
			Help:     "From Slack's page of incoming webhooks. It is kept sealed and shown as its host and last four characters.",
			Required: true, Secret: true, MaxLen: 2000,
		}},
		Lane: module.Lane{Ordered: true, Parallel: 1, PerSecond: 1, Burst: 1},
	}
}

// Prepare checks the URL. Any host will do: Slack has several, and so have those
// who speak its format.
func (s *Slack) Prepare(c module.Config) (module.Config, error) {
	c, wrong := s.Descriptor().Clean(c)
	if raw := c[fieldURL]; raw != "" {
		if err := s.client.CheckURL(raw); err != nil {
			wrong.Add(fieldURL, err.Error())
		}
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	return c, nil
}

// Hint is the host and the last four characters of the URL.
func (*Slack) Hint(c module.Config) string { return module.URLHint(c[fieldURL]) }

// Send posts a message once.
func (s *Slack) Send(ctx context.Context, c module.Config, m module.Message) module.Result {
	payload, err := encode(m)
	if err != nil {
		return module.Permanent("the message could not be encoded")
	}
	header := http.Header{"Content-Type": {"application/json; charset=utf-8"}}
	answer, err := s.client.Do(ctx, outbound.Request{Method: http.MethodPost, URL: c[fieldURL], Header: header, Body: payload})
	return judge(module.FromAnswer(answer, err, s.Descriptor().Secrets(c)...))
}

// encode leaves <, > and & as they are: they are Slack's own, or entities.
func encode(m module.Message) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(compose(m)); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(b.Bytes()), nil
}
