// Package account has people's local accounts: passwords, sessions and API
// tokens.
package account

import (
	"cmp"
	"context"
	"runtime"
	"sync/atomic"

	"github.com/alexedwards/argon2id"

	"gatecrier/app/fault"
)

// hashMemory is how much memory hashing a password takes, in KiB.
const hashMemory = 19 * 1024

// hasher hashes with argon2id, by default at 19 MiB and two passes (the first
// recommendation of OWASP's password storage page), two at a time, so that a
// burst of sign-ins takes neither the memory nor all processors.
type hasher struct {
	params *argon2id.Params
	turns  chan struct{}
	queue  atomic.Int32 // those that wait for a turn, or have one
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

// dummy is compared where there is no account, to take as long: nobody's
// password by the parameters of a hasher. To make it at each start would cost as
// much as a sign-in.
const dummy = "$argon2id$v=19$m=19456,t=2,p=1$dmU7vMe706hYqEAK6fmyGA$2lZCKqsDVm0+rOt4zhgS297Pa7qqn+KKgcRxcLuiRZ0"

// maxQueue bounds how many wait for their turn, some seconds' worth.
const maxQueue = 50

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

func (h *hasher) matches(ctx context.Context, password, hash string) (bool, error) {
	if err := h.turn(ctx); err != nil {
		return false, err
	}
	defer h.done()
	if hash == "" {
		_, err := argon2id.ComparePasswordAndHash(password, dummy)
		return false, err
	}
	return argon2id.ComparePasswordAndHash(password, hash)
}
