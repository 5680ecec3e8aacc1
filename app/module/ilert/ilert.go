// Package ilert sends messages to Ilert's events API
// (https://docs.ilert.com/developer-docs/rest-api/api-reference/events): a failure opens an alert
// for the users on call, and a recovery closes it.
package ilert

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strings"

	"gatecrier/app/module"
	"gatecrier/app/outbound"
)

// The fields of a configuration.
const (
	fieldURL = "url"
	fieldKey = "integration_key"
)

// defaultURL is the URL of events unless a configuration has another.
const defaultURL = "https://api.ilert.com/api/events"

// minKey is the minimum length of a key in characters. A shorter one would not be masked in
// answers.
const minKey = 8

// Ilert is the module.
type Ilert struct{ client *outbound.Client }

// New returns the module, which sends through client.
func New(client *outbound.Client) *Ilert { return &Ilert{client: client} }

// Descriptor describes the module.
func (*Ilert) Descriptor() module.Descriptor {
	return module.Descriptor{
		Name: "ilert", Title: "Ilert", Icon: "bell",
		Summary: "Opens an Ilert alert when a gate fails, and resolves it when the gate passes",
		Fields: []module.Field{
			{
				Name: fieldKey, Label: "Integration key", Kind: module.FieldSecret, Placeholder: "il1api…",
				Help:     "From an alert source of the type API. It is stored encrypted, and shown as its last four characters.",
				Required: true, Secret: true, SentTo: fieldURL,
			},
			{
				Name: fieldURL, Label: "URL", Kind: module.FieldURL, Placeholder: defaultURL,
				Help:   "The URL for events. Leave it empty to use Ilert's.",
				MaxLen: 2000,
			},
		},
		Limits: module.Limits{Ordered: true, Parallel: 4},
	}
}

// Prepare checks the key and the URL.
func (i *Ilert) Prepare(c module.Config) (module.Config, error) {
	c, fieldErrs := i.Descriptor().Clean(c)
	if raw := c[fieldURL]; raw != "" {
		if err := i.client.CheckURL(raw); err != nil {
			fieldErrs.Add(fieldURL, err.Error())
		}
	}
	if key := c[fieldKey]; key != "" && !validKey(key) {
		fieldErrs.Add(fieldKey, "must be at least 8 letters, digits and marks, as Ilert shows it")
	}
	if err := fieldErrs.Err(); err != nil {
		return nil, err
	}
	return c, nil
}

// validKey reports whether a key is long enough, and needs no escapes in JSON.
func validKey(key string) bool {
	return len(key) >= minKey &&
		!strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '\\' })
}

// Hint returns the host of the URL, and the last four characters of the key if enough remains
// secret.
func (*Ilert) Hint(c module.Config) string {
	hint := defaultURL
	if raw := c[fieldURL]; raw != "" {
		hint = raw
	}
	if u, err := url.Parse(hint); err == nil {
		hint = u.Host
	}
	if key := c[fieldKey]; len(key) >= 2*minKey {
		hint += " …" + key[len(key)-4:]
	}
	return hint
}

// Send posts a message once. It closes a test right after it has arrived, so that no alert stays
// open.
func (i *Ilert) Send(ctx context.Context, c module.Config, m module.Message) module.Result {
	var last module.Result
	for _, e := range eventsOf(c, m) {
		request, err := requestOf(c, e)
		if err != nil {
			return module.Permanent("the message could not be encoded")
		}
		answer, err := i.client.Do(ctx, request)
		before := last.Duration
		last = module.FromAnswer(answer, err, i.masked(c)...)
		last.Duration += before
		if last.Kind() != module.KindDelivered {
			break
		}
	}
	return last
}

// Show returns what Send posts, a line for each event.
func (i *Ilert) Show(_ context.Context, c module.Config, m module.Message) (module.Shown, error) {
	var all outbound.Request
	var bodies [][]byte
	for _, e := range eventsOf(c, m) {
		request, err := requestOf(c, e)
		if err != nil {
			return module.Shown{}, err
		}
		all, bodies = request, append(bodies, request.Body)
	}
	all.Body = bytes.Join(bodies, []byte("\n"))
	return module.Show(all, nil, i.masked(c)...), nil
}

// masked returns what to mask in answers: the key, and the URL unless it is the public default.
func (i *Ilert) masked(c module.Config) []string {
	secrets := i.Descriptor().Secrets(c)
	if raw := c[fieldURL]; raw != "" && raw != defaultURL {
		secrets = append(secrets, raw)
	}
	return secrets
}

func requestOf(c module.Config, e event) (outbound.Request, error) {
	to := c[fieldURL]
	if to == "" {
		to = defaultURL
	}
	body, err := module.JSON(e)
	header := http.Header{"Content-Type": {"application/json; charset=utf-8"}}
	return outbound.Request{Method: http.MethodPost, URL: to, Header: header, Body: body}, err
}
