package account

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/settings"
	"gatecrier/models"
)

// The keys of a session's values: its user, since when their credentials are valid, and where they
// signed in.
const (
	sessionUser    = "user_id"
	sessionFrom    = "credentials_from"
	sessionAgent   = "agent"
	sessionAddress = "address"
)

// Sessions keeps users signed in. Sessions are in the database, which stores their tokens as
// hashes.
type Sessions struct {
	*scs.SessionManager
	store *models.Store
	users func() settings.Users
	seen  pendingTimes[string] // of sessions, by their tokens
}

// The names of the session's cookie. Browsers take a cookie of the second name only over HTTPS and from this
// host, so that no other host of the domain can set it.
const (
	plainCookie = "gatecrier_session"
	hostCookie  = "__Host-" + plainCookie
)

// sessionHost marks a session that began under hostCookie.
const sessionHost = "host"

// NewSessions returns the sessions of a store. With secure, browsers send the cookie only over
// HTTPS.
func NewSessions(store *models.Store, secure bool, users func() settings.Users) *Sessions {
	m := scs.New()
	s := &Sessions{SessionManager: m, store: store, users: users}
	m.Store = sessionStore{s}
	m.Lifetime = settings.DefaultUsers().SessionTime // of sessions without a user
	m.HashTokenInStore = true
	if m.Cookie.Name = plainCookie; secure {
		m.Cookie.Name = hostCookie
	}
	m.Cookie.HttpOnly = true
	m.Cookie.SameSite = http.SameSiteLaxMode
	m.Cookie.Secure = secure
	m.Cookie.Path = "/"
	return s
}

// requestSession is the session that a request came with: its hashed token, "" if it has none.
type requestSession struct{ token string }

// requestSessionKey is the context key of a requestSession.
type requestSessionKey struct{}

// LoadAndSave gives requests their session. A session that ends during a request stays ended:
// the end of the request does not write it again.
func (s *Sessions) LoadAndSave(next http.Handler) http.Handler {
	inner := s.SessionManager.LoadAndSave(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := context.WithValue(r.Context(), requestSessionKey{}, &requestSession{})
		r = r.WithContext(ctx)
		if s.Cookie.Name == hostCookie {
			s.renameCookie(w, r)
		}
		inner.ServeHTTP(w, r)
	})
}

// renameCookie gives a session that began before the program was reached over HTTPS the cookie of HTTPS. It
// does not take a session that began under that: another host could have set the plain cookie.
func (s *Sessions) renameCookie(w http.ResponseWriter, r *http.Request) {
	old, err := r.Cookie(plainCookie)
	if _, missing := r.Cookie(hostCookie); err != nil || missing == nil {
		return
	}
	loaded, err := s.Load(r.Context(), old.Value)
	if err != nil || s.Token(loaded) != old.Value || s.GetBool(loaded, sessionHost) {
		return
	}
	s.Put(loaded, sessionHost, true)
	token, expiry, err := s.Commit(loaded)
	if err != nil {
		return
	}
	r.AddCookie(&http.Cookie{Name: hostCookie, Value: token}) //nolint:gosec // of a request: it has no attributes
	s.WriteSessionCookie(loaded, w, token, expiry)
	http.SetCookie(w, &http.Cookie{
		Name: plainCookie, Path: "/", MaxAge: -1, HttpOnly: true, Secure: true, SameSite: http.SameSiteLaxMode,
	})
}

// Client is the browser of a sign-in.
type Client struct {
	Agent   string // the browser's User-Agent
	Address string
	Device  string // the secret in the browser's cookie, "" for none
}

// maxAgent bounds the stored part of a User-Agent, in bytes.
const maxAgent = 300

// SignIn begins a session of a user under a new token. It is valid as long as the credentials that
// u has: if they have changed since u was read, it never is.
func (s *Sessions) SignIn(ctx context.Context, u models.User, at Client) error {
	if err := s.RenewToken(ctx); err != nil {
		return err
	}
	s.Put(ctx, sessionUser, u.ID)
	s.Put(ctx, sessionFrom, u.CredentialsFrom)
	s.Put(ctx, sessionAgent, strings.ToValidUTF8(at.Agent[:min(len(at.Agent), maxAgent)], ""))
	s.Put(ctx, sessionAddress, at.Address)
	if s.Cookie.Name == hostCookie {
		s.Put(ctx, sessionHost, true)
	}
	s.SetDeadline(ctx, s.store.Now().Add(s.users().SessionTime))
	return nil
}

// UserID returns the user of the session, 0 if no user is signed in.
func (s *Sessions) UserID(ctx context.Context) int64 { return s.GetInt64(ctx, sessionUser) }

// CredentialsFrom returns since when the credentials of the session's user were valid when they
// signed in.
func (s *Sessions) CredentialsFrom(ctx context.Context) int64 { return s.GetInt64(ctx, sessionFrom) }

// Lasts reports whether the session of a request has not ended since the request began.
func (s *Sessions) Lasts(ctx context.Context) (bool, error) {
	_, ok, err := s.store.Session(ctx, tokenIn(ctx))
	return ok, err
}

// Open is a session as its user sees it.
type Open struct {
	models.Session
	ID   string // for the user; not the token
	This bool   // whether it is the request's session
}

// Open lists the actor's sessions, the request's own first.
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

// tokenIn returns the hashed session token of a request, "" if it has none.
func tokenIn(ctx context.Context) string {
	session, ok := ctx.Value(requestSessionKey{}).(*requestSession)
	if !ok {
		return ""
	}
	return session.token
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

// EndOthers ends all of the actor's sessions except the request's own. It returns their number.
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

// seenEvery is the resolution of the time when a session was last seen.
const seenEvery = time.Minute

// note sets the time when a session was last seen, unless the stored one is new enough.
func (s *Sessions) note(row models.Session) {
	now := s.store.Now()
	if now.Sub(row.SeenAt) < seenEvery {
		return
	}
	s.seen.set(row.Token, now)
}

// Flush writes when sessions were last seen. The caller calls it every few seconds, and once
// before the program stops.
func (s *Sessions) Flush(ctx context.Context) error {
	return s.seen.flush(ctx, s.store, (*models.Tx).TouchSessions)
}

// sessionStore is the store of scs, over the database.
type sessionStore struct {
	*Sessions
}

func (s sessionStore) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	row, ok, err := s.store.Session(ctx, token)
	if session, found := ctx.Value(requestSessionKey{}).(*requestSession); found && ok {
		session.token = token
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
	row.CredentialsFrom, _ = values[sessionFrom].(int64)
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
