package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"gatecrier/app/fault"
	"gatecrier/app/ingest"
	"gatecrier/app/web"
	"gatecrier/models"
)

// keepAnswers is how long a repeat with the same Idempotency-Key gets the first answer.
const keepAnswers = 24 * time.Hour

// once is a request with an Idempotency-Key, which clients can repeat safely
// (draft-ietf-httpapi-idempotency-key-header).
type once struct {
	api    *API
	status int // of the answer
	scope  string
	key    string
	hash   hash.Hash // of the body, as far as it was read
	// complete, if set, adds to a stored answer what is read anew for each response.
	complete func(ctx context.Context, answer string) (string, error)
}

// onceOf returns a request with its Idempotency-Key, nil if it has none. A key is valid for
// the actor that sends it, and for the route with its query.
func (a *API) onceOf(c *gin.Context, status int) (*once, error) {
	key := c.GetHeader("Idempotency-Key")
	if key == "" {
		return nil, nil //nolint:nilnil // no key is no error
	}
	if len(key) > 255 || strings.ContainsFunc(key, func(r rune) bool { return r < 0x20 || r > 0x7e }) {
		return nil, fault.BadField("Idempotency-Key", "Enter at most 255 printable ASCII characters")
	}
	actor, _ := web.ActorOf(c.Request.Context())
	u := c.Request.URL
	scope := fmt.Sprintf("%d/%d POST %s?%s", actor.User.ID, actor.ProductID, u.Path, u.Query().Encode())
	if len(scope) > 500 {
		scope = fmt.Sprintf("%x", sha256.Sum256([]byte(scope)))
	}
	return &once{api: a, status: status, scope: scope, key: key, hash: sha256.New()}, nil
}

// reading returns the files and hashes them as they are read. The hash of one file without a
// source is that of its content; others are hashed with their sources, without the boundaries of
// their form, which each request has anew.
func (o *once) reading(files nextFile) nextFile {
	began := false
	return func() (ingest.File, error) {
		f, err := files()
		if err != nil {
			return f, err
		}
		if began || f.Source != "" {
			before := fmt.Sprintf("%x %q ", o.hash.Sum(nil), f.Source)
			o.hash.Reset()
			o.hash.Write([]byte(before))
		}
		began = true
		f.Body = io.TeeReader(f.Body, o.hash)
		return f, nil
	}
}

// keep stores the answer to an import in the transaction of the import.
func (o *once) keep(tx *models.Tx, results []ingest.Result) error {
	return o.save(tx, answerOf(results))
}

// save stores an answer.
func (o *once) save(tx *models.Tx, body any) error {
	answer, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode an answer: %w", err)
	}
	answered := models.Answered{Scope: o.scope, Key: o.key, Hash: o.hash.Sum(nil), Answer: string(answer)}
	return tx.SaveAnswered(answered, tx.Now().Add(-keepAnswers))
}

// replay answers a repeat as the first request was answered. It refuses a repeat with another
// body, and reports false if this is the first request. rest hashes what is left of the body.
func (o *once) replay(c *gin.Context, rest func() error) (bool, error) {
	ctx := c.Request.Context()
	first, ok, err := o.api.Store.Answered(ctx, o.scope, o.key, o.api.Store.Now().Add(-keepAnswers))
	if err != nil || !ok {
		return false, err
	}
	if err := rest(); err != nil {
		return true, err
	}
	if !bytes.Equal(o.hash.Sum(nil), first.Hash) {
		return true, fault.New(fault.Conflict, "This Idempotency-Key was used for another request")
	}
	answer := first.Answer
	if o.complete != nil {
		if answer, err = o.complete(ctx, answer); err != nil {
			return true, err
		}
	}
	c.Header("Idempotency-Replayed", "true")
	c.Data(o.status, "application/json; charset=utf-8", []byte(answer))
	return true, nil
}

// begin reserves the key on this instance until done is called. It is for requests whose
// answer is stored after their work, not in the same transaction.
func (o *once) begin() (done func(), err error) {
	name := o.scope + "\x00" + o.key
	if _, busy := o.api.running.LoadOrStore(name, true); busy {
		return nil, fault.New(fault.Conflict, "A request with this Idempotency-Key is still in progress")
	}
	return func() { o.api.running.Delete(name) }, nil
}
