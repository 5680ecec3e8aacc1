package account

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"sync/atomic"

	"github.com/alexedwards/argon2id"

	"gatecrier/app/fault"
)

// hashMemory is the memory of one password hash, in KiB.
const hashMemory = 19 * 1024

// hasher hashes with argon2id, by default with 19 MiB and two passes: the first recommendation
// of OWASP's password storage page. It hashes two passwords at a time, so that a burst of
// sign-ins takes neither the memory nor all processors.
type hasher struct {
	params *argon2id.Params
	dummy  string // the dummyHash of params
	turns  chan struct{}
	queue  atomic.Int32 // callers that wait for a turn or have one
}

func newHasher(memory uint32) *hasher {
	params := &argon2id.Params{
		Memory:      cmp.Or(memory, hashMemory),
		Iterations:  2,
		Parallelism: 1,
		SaltLength:  16,
		KeyLength:   32,
	}
	return &hasher{
		params: params,
		dummy:  dummyHash(params),
		turns:  make(chan struct{}, min(2, runtime.GOMAXPROCS(0))),
	}
}

// dummyHash returns what is compared with the password where no account exists, so that the answer
// takes as long. It matches no password. Hashing one at each start would cost as much as a sign-in.
func dummyHash(p *argon2id.Params) string {
	const saltAndKey = "dmU7vMe706hYqEAK6fmyGA$2lZCKqsDVm0+rOt4zhgS297Pa7qqn+KKgcRxcLuiRZ0"
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s", p.Memory, p.Iterations, p.Parallelism, saltAndKey)
}

// maxQueue bounds the callers that wait for their turn: the last one waits some seconds.
const maxQueue = 50

// turn waits for a turn to hash, which ends with done.
func (h *hasher) turn(ctx context.Context) error {
	if h.queue.Add(1) > maxQueue {
		h.queue.Add(-1)
		return fault.New(fault.Unavailable, "Too many sign-ins at the same time. Try again in a moment")
	}
	select {
	case h.turns <- struct{}{}:
		return nil
	case <-ctx.Done():
		h.queue.Add(-1)
		return fault.Wrap(fault.Unavailable, "Too many sign-ins at the same time. Try again", ctx.Err())
	}
}

func (h *hasher) done() {
	<-h.turns
	h.queue.Add(-1)
}

func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	if err := h.turn(ctx); err != nil {
		return "", err
	}
	defer h.done()
	return argon2id.CreateHash(password, h.params)
}

// matches reports whether a password has a hash. The empty hash matches no password, and takes
// as long.
func (h *hasher) matches(ctx context.Context, password, hash string) (bool, error) {
	if err := h.turn(ctx); err != nil {
		return false, err
	}
	defer h.done()
	if hash == "" {
		_, err := argon2id.ComparePasswordAndHash(password, h.dummy)
		return false, err
	}
	return argon2id.ComparePasswordAndHash(password, hash)
}
