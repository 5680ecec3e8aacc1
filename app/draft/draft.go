// Package draft gives users the text of a form back that was not saved: after an error, after a change of another
// user, and after a new sign-in. For that a draft is sealed for its user, so that it can travel through the sign-in
// form of the browser.
package draft

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"gatecrier/app/secret"
)

const (
	// Lifetime is how long a draft can be opened.
	Lifetime = 15 * time.Minute
	// MaxSize bounds the names and values of a draft, in bytes.
	MaxSize = 256 << 10
)

// ErrTooLarge is the error of a draft with more than MaxSize bytes.
var ErrTooLarge = errors.New("seal draft: it is too large")

// errExpired is the error of a draft that is older than Lifetime.
var errExpired = errors.New("open draft: it has expired")

// Draft is a form as it was sent.
type Draft struct {
	Page   string     `json:"page"`   // path and query of the page with the form
	Action string     `json:"action"` // path that the form was sent to
	Fields url.Values `json:"fields"` // without secrets and files
	Sent   time.Time  `json:"sent"`
}

func (d Draft) size() int {
	n := 0
	for name, values := range d.Fields {
		for _, v := range values {
			n += len(name) + len(v)
		}
	}
	return n
}

// Box seals and opens drafts.
type Box struct {
	ring *secret.Ring
	now  func() time.Time
}

// New returns a box that seals with a ring.
func New(ring *secret.Ring, now func() time.Time) *Box { return &Box{ring: ring, now: now} }

// Seal returns a draft as a text that only Open can read, for the same user.
func (b *Box) Seal(user int64, d Draft) (string, error) {
	if d.size() > MaxSize {
		return "", ErrTooLarge
	}
	d.Sent = b.now()
	plain, err := json.Marshal(d)
	if err != nil {
		return "", fmt.Errorf("seal draft: %w", err)
	}
	sealed, err := b.ring.Seal(place(user), string(plain))
	if err != nil {
		return "", err
	}
	value, err := sealed.Value()
	if err != nil {
		return "", err
	}
	bytes, ok := value.([]byte)
	if !ok {
		return "", errors.New("seal draft: no bytes")
	}
	return base64.RawURLEncoding.EncodeToString(bytes), nil
}

// Open returns the draft that Seal has sealed for a user. It fails for another user, and after Lifetime.
func (b *Box) Open(user int64, text string) (Draft, error) {
	bytes, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return Draft{}, fmt.Errorf("open draft: %w", err)
	}
	var sealed secret.Text
	if err := sealed.Scan(bytes); err != nil {
		return Draft{}, err
	}
	plain, err := b.ring.Open(place(user), sealed)
	if err != nil {
		return Draft{}, err
	}
	var d Draft
	if err := json.Unmarshal([]byte(plain), &d); err != nil {
		return Draft{}, fmt.Errorf("open draft: %w", err)
	}
	if age := b.now().Sub(d.Sent); age < 0 || age > Lifetime {
		return Draft{}, errExpired
	}
	return d, nil
}

// place is what the drafts of a user are sealed for.
func place(user int64) string { return "users/" + strconv.FormatInt(user, 10) + "/draft" }
