// Package webhook sends messages as Standard Webhooks (https://www.standardwebhooks.com): a small
// JSON body, and headers by which the receiver can detect repeats and verify the sender.
package webhook

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
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
	fieldURL      = "url"
	fieldSecret   = "secret"
	fieldFormat   = "format"
	fieldOld      = "old_secret"       // the secret before a rotation
	fieldOldUntil = "old_secret_until" // until when it is valid, RFC 3339
)

const (
	secretPrefix  = "whsec_"
	minSecret     = 24 // bytes, by the specification
	maxSecret     = 64
	newSecretSize = 32
	maxBody       = 20 << 10 // bytes, by the specification
)

// Webhook is the module.
type Webhook struct {
	client *outbound.Client
	now    func() time.Time
}

// New returns the module. It sends through client and signs with the time of now.
func New(client *outbound.Client, now func() time.Time) *Webhook {
	return &Webhook{client: client, now: now}
}

// Descriptor describes the module.
func (*Webhook) Descriptor() module.Descriptor {
	return module.Descriptor{
		Name: "webhook", Title: "Webhook", Icon: "webhook",
		Summary: "Posts signed JSON to your own server (Standard Webhooks)",
		Fields: []module.Field{
			{
				Name: fieldURL, Label: "URL", Kind: module.FieldURL, Placeholder: "https://example.com/hooks/gates",
				Help:     "The URL to post messages to. It is stored encrypted, and shown as its host and last four characters.",
				Required: true, Secret: true, MaxLen: 2000,
			},
			{
				Name: fieldFormat, Label: "Payload format", Kind: module.FieldChoice,
				Help: "Both formats are signed in the same way.",
				Choices: []module.Choice{
					{Value: formatStandard, Label: "Standard Webhooks: type, timestamp, data"},
					{Value: formatSekoia, Label: "Sekoia's notification envelope, version 2"},
				},
			},
			{
				Name: fieldSecret, Label: "Signing secret", Kind: module.FieldSecret, Placeholder: secretPrefix + "…",
				Help:   "The receiver verifies signatures with it. Leave it empty to generate one; it is shown once.",
				Secret: true, Generated: true, MaxLen: 120,
			},
			{Name: fieldOld, Label: "Previous secret", Kind: module.FieldSecret, Secret: true, Hidden: true, MaxLen: 120},
			{Name: fieldOldUntil, Label: "Previous secret valid until", Kind: module.FieldText, Hidden: true},
		},
		Limits: module.Limits{Ordered: true, Parallel: 64},
	}
}

// Prepare checks the URL and the secret, and generates a missing secret.
func (w *Webhook) Prepare(c module.Config) (module.Config, error) {
	c, fieldErrs := w.Descriptor().Clean(c)
	if raw := c[fieldURL]; raw != "" {
		if err := w.client.CheckURL(raw); err != nil {
			fieldErrs.Add(fieldURL, err.Error())
		}
	}
	if secret := c[fieldSecret]; secret == "" {
		c[fieldSecret] = newSecret()
	} else if !validSecret(secret) {
		fieldErrs.Add(fieldSecret,
			"must be "+secretPrefix+" and 24 to 64 bytes in base64; leave it empty to have one generated")
	}
	if err := fieldErrs.Err(); err != nil {
		return nil, err
	}
	return c, nil
}

// Hint returns the host and the last four characters of the URL.
func (*Webhook) Hint(c module.Config) string { return module.URLHint(c[fieldURL]) }

// Rotate generates a new secret. Messages are signed with both until the given time.
func (*Webhook) Rotate(c module.Config, until time.Time) module.Config {
	next := module.Config{}
	for name, value := range c {
		next[name] = value
	}
	next[fieldOld], next[fieldOldUntil] = c[fieldSecret], until.UTC().Format(time.RFC3339)
	next[fieldSecret] = newSecret()
	return next
}

// RotatedUntil returns until when the former secret signs too, zero if it does not.
func (w *Webhook) RotatedUntil(c module.Config) time.Time {
	until, err := time.Parse(time.RFC3339, c[fieldOldUntil])
	if err != nil || c[fieldOld] == "" || !w.now().Before(until) {
		return time.Time{}
	}
	return until
}

// Send posts a message once.
func (w *Webhook) Send(ctx context.Context, c module.Config, m module.Message) module.Result {
	request, err := w.request(c, m)
	if err != nil {
		return module.Permanent(err.Error())
	}
	answer, err := w.client.Do(ctx, request)
	return module.FromAnswer(answer, err, w.Descriptor().Secrets(c)...)
}

// Show returns what Send posts, without the signature and its timestamp.
func (w *Webhook) Show(_ context.Context, c module.Config, m module.Message) (module.Shown, error) {
	request, err := w.request(c, m)
	hidden := []string{
		http.CanonicalHeaderKey(standardwebhooks.HeaderWebhookSignature),
		http.CanonicalHeaderKey(standardwebhooks.HeaderWebhookTimestamp),
	}
	return module.Show(request, hidden, w.Descriptor().Secrets(c)...), err
}

var (
	errPayload = errors.New("the payload of the event is not valid JSON")
	errLarge   = errors.New("the message is larger than the 20 KB of a webhook")
	errSecret  = errors.New("the signing secret is not valid base64")
)

func (w *Webhook) request(c module.Config, m module.Message) (outbound.Request, error) {
	payload, err := module.JSON(bodyOf(c[fieldFormat], m))
	if err != nil {
		return outbound.Request{}, errPayload
	}
	if len(payload) > maxBody {
		return outbound.Request{}, errLarge
	}
	header, err := w.sign(c, m.ID, payload)
	return outbound.Request{Method: http.MethodPost, URL: c[fieldURL], Header: header, Body: payload}, err
}

// sign returns the headers. Their timestamp is that of the attempt, so that a late attempt does
// not look like a replay. During a rotation they have two signatures, and the receiver uses the
// one that it knows.
func (w *Webhook) sign(c module.Config, id string, payload []byte) (http.Header, error) {
	secrets := []string{c[fieldSecret]}
	if !w.RotatedUntil(c).IsZero() {
		secrets = append(secrets, c[fieldOld])
	}
	at := w.now()
	signatures := make([]string, len(secrets))
	for i, secret := range secrets {
		signer, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			return nil, errSecret
		}
		if signatures[i], err = signer.Sign(id, at, payload); err != nil {
			return nil, errSecret
		}
	}
	header := http.Header{}
	header.Set("Content-Type", "application/json")
	header.Set(standardwebhooks.HeaderWebhookID, id)
	header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	header.Set(standardwebhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	return header, nil
}

func newSecret() string {
	key := make([]byte, newSecretSize)
	rand.Read(key) // never fails: without randomness the program ends
	return secretPrefix + base64.StdEncoding.EncodeToString(key)
}

func validSecret(secret string) bool {
	text, ok := strings.CutPrefix(secret, secretPrefix)
	if !ok {
		return false
	}
	key, err := base64.StdEncoding.DecodeString(text)
	return err == nil && len(key) >= minSecret && len(key) <= maxSecret
}
