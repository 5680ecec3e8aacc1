package module

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"

	"gatecrier/app/outbound"
)

// HookURLField is the name of the only configuration field of a Hook. Its value, the URL, is secret.
const HookURLField = "url"

// Hook is a sender that posts JSON to a secret URL, such as the incoming webhook of a chat.
type Hook struct {
	Client *outbound.Client
	// Description is what Descriptor returns. Its Fields are that of HookField alone.
	Description Descriptor
	// Payload returns the value to post for a message, which is encoded as JSON.
	Payload func(Message) any
	// Judge interprets an answer beyond its status, such as an error code in the body; it can be
	// nil. It gets the result of every attempt, also of a success and of one without an answer
	// (Status 0), so it must check Status or Kind itself. To change the kind it returns
	// r.WithMeaning(...), which keeps the status, the answer and the duration for the delivery log.
	Judge func(Result) Result
}

// HookField returns the field HookURLField.
func HookField(label, placeholder, help string) Field {
	return Field{
		Name: HookURLField, Label: label, Kind: FieldURL, Placeholder: placeholder,
		Help:     help + " It is stored encrypted, and shown as its host and last four characters.",
		Required: true, Secret: true, MaxLen: 2000,
	}
}

// Descriptor describes the module.
func (h *Hook) Descriptor() Descriptor { return h.Description }

// Prepare checks the URL. It accepts any host: services move, and other programs accept their
// formats.
func (h *Hook) Prepare(c Config) (Config, error) {
	c, fieldErrs := h.Description.Clean(c)
	if raw := c[HookURLField]; raw != "" {
		if err := h.Client.CheckURL(raw); err != nil {
			fieldErrs.Add(HookURLField, err.Error())
		}
	}
	if err := fieldErrs.Err(); err != nil {
		return nil, err
	}
	return c, nil
}

// Hint returns the host and the last four characters of the URL.
func (*Hook) Hint(c Config) string { return URLHint(c[HookURLField]) }

// Send posts a message once.
func (h *Hook) Send(ctx context.Context, c Config, m Message) Result {
	request, err := h.request(c, m)
	if err != nil {
		return Permanent("the message could not be encoded")
	}
	answer, err := h.Client.Do(ctx, request)
	r := FromAnswer(answer, err, h.Description.Secrets(c)...)
	if h.Judge != nil {
		r = h.Judge(r)
	}
	return r
}

// Show returns what Send posts.
func (h *Hook) Show(_ context.Context, c Config, m Message) (Shown, error) {
	request, err := h.request(c, m)
	return Show(request, nil, h.Description.Secrets(c)...), err
}

func (h *Hook) request(c Config, m Message) (outbound.Request, error) {
	body, err := JSON(h.Payload(m))
	header := http.Header{"Content-Type": {"application/json; charset=utf-8"}}
	return outbound.Request{Method: http.MethodPost, URL: c[HookURLField], Header: header, Body: body}, err
}

// JSON encodes a value without escaping <, > and &: the escapes take six bytes each and matter
// only in HTML.
func JSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
