package account

import (
	"sync"
	"time"
)

// The wrong tokens of a network without a wait, and how often one more is allowed.
const (
	freeWrongTokens = 60
	wrongTokenEvery = time.Second
)

// maxTokenStates bounds the networks and the tokens that wrongTokens keeps.
const maxTokenStates = 10_000

// wrongTokens limits the wrong API tokens of a network. A token has 260 random bits, so that the
// limit protects only the database, and it is in memory: a write for each wrong token would be the
// flood. The zero value is ready, and safe for concurrent use.
type wrongTokens struct {
	mu       sync.Mutex
	networks map[string]time.Time // when all of a network's wrong tokens are forgiven
	good     map[string]bool      // hashes of tokens that worked
}

// wait returns how long a network has to wait before its next token, 0 if it need not or if the
// token has worked before.
func (w *wrongTokens) wait(hash, network string, now time.Time) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	over := w.debt(network, now) - freeWrongTokens*wrongTokenEvery
	if over < 0 || w.good[hash] {
		return 0
	}
	return over.Truncate(time.Second) + time.Second
}

// debt returns the time until all wrong tokens of a network are forgiven; after a jump of the clock
// at most that of all free ones.
func (w *wrongTokens) debt(network string, now time.Time) time.Duration {
	return min(max(0, w.networks[network].Sub(now)), freeWrongTokens*wrongTokenEvery)
}

// wrong counts a wrong token.
func (w *wrongTokens) wrong(hash, network string, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.good, hash)
	if len(w.networks) >= maxTokenStates {
		w.networks = nil // forgiving all is cheaper than finding the oldest
	}
	if w.networks == nil {
		w.networks = map[string]time.Time{}
	}
	w.networks[network] = now.Add(w.debt(network, now) + wrongTokenEvery)
}

// worked notes that a token was valid.
func (w *wrongTokens) worked(hash string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.good[hash] {
		return
	}
	if w.good == nil || len(w.good) >= maxTokenStates {
		w.good = map[string]bool{}
	}
	w.good[hash] = true
}
