package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"strings"
	"time"
	"unicode/utf8"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// tokenPrefix tells a secret scanner whose token it has found.
const tokenPrefix = "gct_"

// CreateToken makes an API token of a user and returns its text, which is kept
// nowhere.
func (s *Service) CreateToken(ctx context.Context, userName, name string) (string, error) {
	name = strings.TrimSpace(name)
	if n := utf8.RuneCountInString(name); n < 1 || n > 100 {
		return "", fault.BadField("name", "1 to 100 characters")
	}
	u, err := s.store.UserByName(ctx, userName)
	if err != nil {
		return "", err
	}
	text, token := NewToken(name)
	token.UserID = &u.ID
	err = s.store.Write(ctx, func(tx *models.Tx) error {
		next := token
		return tx.CreateToken(&next)
	})
	return text, err
}

// NewToken makes a token's text, and the row that knows it by its hash. Whose it
// is, and what it may, is for the caller to set.
func NewToken(name string) (text string, token models.Token) {
	text = tokenPrefix + rand.Text() + rand.Text()
	return text, models.Token{Name: name, Hash: tokenHash(text), Hint: text[len(text)-4:]}
}

// Bearer finds who an API token belongs to.
func (s *Service) Bearer(ctx context.Context, text string) (authz.Actor, error) {
	unknown := fault.New(fault.Unauthenticated, "This token is unknown, expired or revoked")
	if !strings.HasPrefix(text, tokenPrefix) || len(text) > 200 {
		return authz.Actor{}, unknown
	}
	b, err := s.store.Bearer(ctx, tokenHash(text))
	if fault.Is(err, fault.NotFound) {
		return authz.Actor{}, unknown
	}
	if err != nil {
		return authz.Actor{}, err
	}
	s.mu.Lock()
	s.used[b.Token.ID] = s.store.Now()
	s.mu.Unlock()
	return authz.TokenActor(b), nil
}

// tokenHash is SHA-256: the text has 256 random bits, so nothing is to be won
// by a slow hash.
func tokenHash(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}

// Flush writes when tokens were last used. It is called every few seconds and
// at the end.
func (s *Service) Flush(ctx context.Context) error {
	s.mu.Lock()
	used := s.used
	s.used = map[int64]time.Time{}
	s.mu.Unlock()
	if len(used) == 0 {
		return nil
	}
	return s.store.Write(ctx, func(tx *models.Tx) error { return tx.TouchTokens(used) })
}
