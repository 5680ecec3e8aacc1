// Package webhook sends messages as Standard Webhooks
// (https://www.standardwebhooks.com): a small JSON body, and headers by which
// the receiver can tell repeats and check who sent it.
package webhook

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"gatecrier/app/module"
	"gatecrier/app/outbound"
)

// The fields of a configuration.
const (
	fieldURL    = "url"
	fieldSecret = "secret"
)

const (
	secretPrefix = "whsec_"
	secretMin    = 24 // bytes, by the specification
	secretMax    = 64
	secretMade   = 32
	maxBody      = 20 << 10 // bytes, by the specification
)

// Webhook is the module.
type Webhook struct {
	client *outbound.Client
	now    func() time.Time
}

// New returns the module. It sends through client and signs at the time of now.
func New(client *outbound.Client, now func() time.Time) *Webhook {
	return &Webhook{client: client, now: now}
}

// Descriptor tells about webhooks.
func (*Webhook) Descriptor() module.Descriptor {
	return module.Descriptor{
		Name: "webhook", Title: "Webhook", Icon: "webhook",
		Summary: "Signed JSON to an address of your own, by the rules of Standard Webhooks",
		Fields: []module.Field{
			{
				Name: fieldURL, Label: "URL", Kind: module.FieldURL, Placeholder: "https://example.com/hooks/gates",
				Help:     "Where messages are posted to. It is kept sealed and shown as its host and last four characters.",
				Required: true, Secret: true, MaxLen: 2000,
			},
			{
				Name: fieldSecret, Label: "Signing secret", Kind: module.FieldSecret, Placeholder: secretPrefix + "…",
				Help:   "The receiver checks signatures with it. Leave it empty to have one made; it is shown once.",
				Secret: true, Generated: true, MaxLen: 120,
			},
		},
		Lane: module.Lane{Ordered: true, Parallel: 4},
	}
}

// Prepare checks the URL and the secret, and makes a secret if there is none.
func (w *Webhook) Prepare(c module.Config) (module.Config, error) {
	c, wrong := w.Descriptor().Clean(c)
	if raw := c[fieldURL]; raw != "" {
		if err := w.client.CheckURL(raw); err != nil {
			wrong.Add(fieldURL, err.Error())
		}
	}
	if secret := c[fieldSecret]; secret == "" {
		c[fieldSecret] = newSecret()
	} else if !validSecret(secret) {
		wrong.Add(fieldSecret, "must be "+secretPrefix+" and 24 to 64 bytes in base64")
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	return c, nil
}

// Hint is the host and the last four characters of the URL.
func (*Webhook) Hint(c module.Config) string { return module.URLHint(c[fieldURL]) }

// body is what is posted.
type body struct {
	Type      string          `json:"type"`
	Version   int             `json:"version"`
	Timestamp time.Time       `json:"timestamp"` // of the event
	Test      bool            `json:"test,omitempty"`
	Actor     string          `json:"actor,omitempty"` // who caused the event
	Link      string          `json:"link,omitempty"`  // the page to read on
	Data      json.RawMessage `json:"data"`
}

// Send posts a message once.
func (w *Webhook) Send(ctx context.Context, c module.Config, m module.Message) module.Result {
	payload, err := encode(m)
	if err != nil {
		return module.Permanent("the payload of the event is not valid JSON")
	}
	if len(payload) > maxBody {
		return module.Permanent("the message is larger than the 20 KB of a webhook")
	}
	header, err := w.sign(c[fieldSecret], m.ID, payload)
	if err != nil {
		return module.Permanent("the signing secret is not valid base64")
	}
	answer, err := w.client.Do(ctx, outbound.Request{Method: http.MethodPost, URL: c[fieldURL], Header: header, Body: payload})
	return module.FromAnswer(answer, err, w.Descriptor().Secrets(c)...)
}

func encode(m module.Message) ([]byte, error) {
	data := m.Data
	if len(data) == 0 {
		data = json.RawMessage("{}")
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // it would make six bytes of one
	err := enc.Encode(body{Type: m.Type, Version: m.Version, Timestamp: m.Time.UTC(), Test: m.Test, Actor: m.Actor, Link: m.Link, Data: data})
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// sign makes the headers. The timestamp is that of the attempt, so that a late
// attempt is not taken for a replayed one.
func (w *Webhook) sign(secret, id string, payload []byte) (http.Header, error) {
	signer, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		return nil, err
	}
	at := w.now()
	signature, err := signer.Sign(id, at, payload)
	if err != nil {
		return nil, err
	}
	header := http.Header{}
	header.Set("Content-Type", "application/json")
	header.Set(standardwebhooks.HeaderWebhookID, id)
	header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	return header, nil
}

func newSecret() string {
	key := make([]byte, secretMade)
	rand.Read(key) // never fails: a system without randomness ends the program
	return secretPrefix + base64.StdEncoding.EncodeToString(key)
}

func validSecret(secret string) bool {
	text, ok := strings.CutPrefix(secret, secretPrefix)
	if !ok {
		return false
	}
	key, err := base64.StdEncoding.DecodeString(text)
	return err == nil && len(key) >= secretMin && len(key) <= secretMax
}
