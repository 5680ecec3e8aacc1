package account

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/settings"
	"gatecrier/models"
)

// The keys of what a session knows: its user, and where he signed in.
const (
	sessionUser    = "user_id"
	sessionAgent   = "agent"
	sessionAddress = "address"
)

// Sessions keeps people signed in, by sessions in the database whose tokens
// are stored hashed.
type Sessions struct {
	*scs.SessionManager
	store *models.Store
	users func() settings.Users

	mu   sync.Mutex
	seen map[string]time.Time // since the last flush
}

// NewSessions returns the sessions of a store. With secure, the cookie goes
// over HTTPS alone.
func NewSessions(store *models.Store, secure bool, users func() settings.Users) *Sessions {
	m := scs.New()
	s := &Sessions{SessionManager: m, store: store, users: users, seen: map[string]time.Time{}}
	m.Store = sessionStore{s}
	m.Lifetime = settings.DefaultUsers().SessionTime // of those without a user
	m.HashTokenInStore = true
	m.Cookie.Name = "gatecrier_session"
	m.Cookie.HttpOnly = true
	m.Cookie.SameSite = http.SameSiteLaxMode
	m.Cookie.Secure = secure
	m.Cookie.Path = "/"
	return s
}

// found remembers which tokens were there when a request came in.
type found struct{ token string }

type foundKey struct{}

// LoadAndSave gives requests their session. One that was ended while a request
// was under way stays ended: the request's end must not write it again.
func (s *Sessions) LoadAndSave(next http.Handler) http.Handler {
	inner := s.SessionManager.LoadAndSave(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), foundKey{}, &found{})))
	})
}

// Client is where somebody signs in.
type Client struct {
	Agent   string // the browser's User-Agent
	Address string
}

// maxAgent bounds what is kept of a User-Agent.
const maxAgent = 300

// SignIn begins the session of a user, under a new token.
func (s *Sessions) SignIn(ctx context.Context, u models.User, at Client) error {
	if err := s.RenewToken(ctx); err != nil {
		return err
	}
	s.Put(ctx, sessionUser, u.ID)
	s.Put(ctx, sessionAgent, strings.ToValidUTF8(at.Agent[:min(len(at.Agent), maxAgent)], ""))
	s.Put(ctx, sessionAddress, at.Address)
	s.SetDeadline(ctx, s.store.Now().Add(s.users().SessionTime))
	return nil
}

// UserID is the user of the session, 0 for nobody.
func (s *Sessions) UserID(ctx context.Context) int64 { return s.GetInt64(ctx, sessionUser) }

// Lasts reports whether the session of a request has not ended meanwhile.
func (s *Sessions) Lasts(ctx context.Context) (bool, error) {
	_, ok, err := s.store.Session(ctx, tokenIn(ctx))
	return ok, err
}

// Open is a session as its user sees it.
type Open struct {
	models.Session
	ID   string // names it, and is no key to it
	This bool   // that of the request
}

// Open lists the actor's sessions, that of the request first.
func (s *Sessions) Open(ctx context.Context, actor authz.Actor) ([]Open, error) {
	rows, err := s.store.SessionsOf(ctx, actor.User.ID)
	list := make([]Open, 0, len(rows))
	for _, row := range rows {
		o := Open{Session: row, ID: sessionID(row.Token), This: row.Token == tokenIn(ctx)}
		if o.This {
			list = append([]Open{o}, list...)
		} else {
			list = append(list, o)
		}
	}
	return list, err
}

// tokenIn is the token, hashed, that a request came with.
func tokenIn(ctx context.Context) string {
	f, ok := ctx.Value(foundKey{}).(*found)
	if !ok {
		return ""
	}
	return f.token
}

func sessionID(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:8])
}

// End ends one of the actor's sessions.
func (s *Sessions) End(ctx context.Context, actor authz.Actor, id string) error {
	list, err := s.Open(ctx, actor)
	if err != nil {
		return err
	}
	for _, o := range list {
		if o.ID != id {
			continue
		}
		return s.store.Write(ctx, func(tx *models.Tx) error {
			if err := tx.DeleteSession(o.Token); err != nil {
				return err
			}
			return audit.Write(tx, actor, audit.Entry{
				Action: audit.Delete,
				Kind:   audit.Session,
				Name:   actor.User.Name,
				Was:    audit.Values{"browser": Browser(o.UserAgent), "address": o.Address},
			})
		})
	}
	return fault.NewNotFound("session")
}

// EndOthers ends all of the actor's sessions but that of the request, and says
// how many it did.
func (s *Sessions) EndOthers(ctx context.Context, actor authz.Actor) (int64, error) {
	var n int64
	err := s.store.Write(ctx, func(tx *models.Tx) error {
		var err error
		if n, err = tx.DeleteOtherSessions(actor.User.ID, tokenIn(ctx)); err != nil || n == 0 {
			return err
		}
		return audit.Write(tx, actor, audit.Entry{
			Action: audit.Delete,
			Kind:   audit.Session,
			Name:   actor.User.Name,
			Was:    audit.Values{"which": "all others"},
		})
	})
	return n, err
}

// seenEvery is how exactly it is known when a session was last seen.
const seenEvery = time.Minute

// note remembers that a session was seen, where that is news.
func (s *Sessions) note(row models.Session) {
	now := s.store.Now()
	if now.Sub(row.SeenAt) < seenEvery {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[row.Token] = now
}

// Flush writes when sessions were last seen. It is called every few seconds and
// at the end.
func (s *Sessions) Flush(ctx context.Context) error {
	s.mu.Lock()
	seen := s.seen
	s.seen = map[string]time.Time{}
	s.mu.Unlock()
	if len(seen) == 0 {
		return nil
	}
	return s.store.Write(ctx, func(tx *models.Tx) error { return tx.TouchSessions(seen) })
}

// sessionStore is scs's store over ours.
type sessionStore struct {
	*Sessions
}

func (s sessionStore) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	row, ok, err := s.store.Session(ctx, token)
	if f, noted := ctx.Value(foundKey{}).(*found); noted && ok {
		f.token = token
	}
	if ok {
		s.note(row)
	}
	return row.Data, ok, err
}

func (s sessionStore) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	_, values, err := scs.GobCodec{}.Decode(data)
	if err != nil {
		return err
	}
	row := models.Session{Token: token, Data: data, Expiry: expiry}
	row.UserID, _ = values[sessionUser].(int64)
	row.UserAgent, _ = values[sessionAgent].(string)
	row.Address, _ = values[sessionAddress].(string)
	return s.store.Write(ctx, func(tx *models.Tx) error {
		if tokenIn(ctx) == token {
			return tx.UpdateSession(row)
		}
		return tx.SaveSession(row)
	})
}

func (s sessionStore) DeleteCtx(ctx context.Context, token string) error {
	return s.store.Write(ctx, func(tx *models.Tx) error { return tx.DeleteSession(token) })
}

func (s sessionStore) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

func (s sessionStore) Commit(token string, data []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expiry)
}

func (s sessionStore) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }
