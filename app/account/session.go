package account

import (
	"context"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"

	"gatecrier/models"
)

// sessionUser is the key of a session's user id.
const sessionUser = "user_id"

// sessionTime is how long a session lasts.
const sessionTime = 12 * time.Hour

// Sessions keeps people signed in, by sessions in the database whose tokens
// are stored hashed.
type Sessions struct {
	*scs.SessionManager
}

// NewSessions returns the sessions of a store. With secure, the cookie goes
// over HTTPS alone.
func NewSessions(store *models.Store, secure bool) *Sessions {
	m := scs.New()
	m.Store = sessionStore{store}
	m.Lifetime = sessionTime
	m.HashTokenInStore = true
	m.Cookie.Name = "gatecrier_session"
	m.Cookie.HttpOnly = true
	m.Cookie.SameSite = http.SameSiteLaxMode
	m.Cookie.Secure = secure
	m.Cookie.Path = "/"
	return &Sessions{m}
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

// SignIn begins the session of a user, under a new token.
func (s *Sessions) SignIn(ctx context.Context, u models.User) error {
	if err := s.RenewToken(ctx); err != nil {
		return err
	}
	s.Put(ctx, sessionUser, u.ID)
	return nil
}

// UserID is the user of the session, 0 for nobody.
func (s *Sessions) UserID(ctx context.Context) int64 { return s.GetInt64(ctx, sessionUser) }

// sessionStore is scs's store over ours.
type sessionStore struct {
	store *models.Store
}

func (s sessionStore) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	data, ok, err := s.store.Session(ctx, token)
	if f, noted := ctx.Value(foundKey{}).(*found); noted && ok {
		f.token = token
	}
	return data, ok, err
}

func (s sessionStore) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	_, values, err := scs.GobCodec{}.Decode(data)
	if err != nil {
		return err
	}
	user, _ := values[sessionUser].(int64)
	f, noted := ctx.Value(foundKey{}).(*found)
	return s.store.Write(ctx, func(tx *models.Tx) error {
		if noted && f.token == token {
			return tx.UpdateSession(token, data, user, expiry)
		}
		return tx.SaveSession(token, data, user, expiry)
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
