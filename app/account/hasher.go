package account

import (
	"cmp"
	"context"
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
	turns  chan struct{}
	queue  atomic.Int32 // callers that wait for a turn or have one
}

func newHasher(memory uint32) *hasher {
	return &hasher{
		params: &argon2id.Params{
			Memory:      cmp.Or(memory, hashMemory),
			Iterations:  2,
			Parallelism: 1,
			SaltLength:  16,
			KeyLength:   32,
		},
		turns: make(chan struct{}, min(2, runtime.GOMAXPROCS(0))),
	}
}

// dummyHash is compared with the password where no account exists, so that the answer takes as
// long. It has the parameters of a hasher and matches no password. Computing it at each start
// would cost as much as a sign-in.
const dummyHash = "$argon2id$v=19$m=19456,t=2,p=1$dmU7vMe706hYqEAK6fmyGA$2lZCKqsDVm0+rOt4zhgS297Pa7qqn+KKgcRxcLuiRZ0"

// maxQueue bounds the callers that wait for their turn: the last one waits some seconds.
const maxQueue = 50

// turn waits for a turn to hash, which ends with done.
func (h *hasher) turn(ctx context.Context) error {
	if h.queue.Add(1) > maxQueue {
		h.queue.Add(-1)
		return fault.New(fault.Unavailable, "Too many sign-ins at once: try again in a moment")
	}
	select {
	case h.turns <- struct{}{}:
		return nil
	case <-ctx.Done():
		h.queue.Add(-1)
		return fault.Wrap(fault.Unavailable, "Too many sign-ins at once: try again", ctx.Err())
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
		_, err := argon2id.ComparePasswordAndHash(password, dummyHash)
		return false, err
	}
	return argon2id.ComparePasswordAndHash(password, hash)
}
