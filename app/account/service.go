// Package account has the accounts of users: passwords, sessions, API tokens and the mails
// about them.
package account

import (
	"context"
	"log/slog"
	"sync/atomic"

	"gatecrier/app/authz"
	"gatecrier/app/event"
	"gatecrier/app/module"
	"gatecrier/app/secret"
	"gatecrier/app/settings"
	"gatecrier/models"
)

// Service manages accounts.
type Service struct {
	Parts
	store  *models.Store
	log    *slog.Logger
	hasher *hasher
	used   pendingTimes[int64] // of tokens, by their ids

	troubles troubles
	tried    atomic.Int64 // tries that were counted

	wrongTokens wrongTokens

	mailDue, requestDue chan struct{} // wake the loops
}

// Parts are the dependencies of a service. Store and Log are required.
type Parts struct {
	Store *models.Store
	Log   *slog.Logger
	// InitialFile holds the first administrator's password until they change it.
	InitialFile string
	Users       func() settings.Users // nil: the defaults
	Mailer      Mailer
	Ring        *secret.Ring  // seals emails until they are sent; nil: none is sent
	Claim       func() string // returns a new claim of this instance; nil: Run is never called
	BaseURL     func() string // begins the links in mails
	HashMemory  uint32        // of one password hash, in KiB: 0 is 19 MiB, only tests use less
	Events      *event.Log    // nil: no one is notified of attacks
	// Ended is called after the sessions of a user have ended; nil: nothing waits for that.
	Ended func(userID int64)
}

// Mailer sends mail to one user. A zero Mailer sends none.
type Mailer struct {
	Ready func() bool
	Send  func(ctx context.Context, to string, m module.Message) module.Result
}

// New returns a service.
func New(p Parts) *Service {
	if p.Users == nil {
		p.Users = settings.DefaultUsers
	}
	return &Service{
		Parts:  p,
		store:  p.Store,
		log:    p.Log,
		hasher: newHasher(p.HashMemory),

		mailDue:    make(chan struct{}, 1),
		requestDue: make(chan struct{}, 1),
	}
}

// CommandLine is the actor of commands that run beside the server, in the audit log.
var CommandLine = authz.CommandLine
