package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// tokenPrefix tells a secret scanner whose token it has found.
const tokenPrefix = "gct_"

// maxTokens bounds how many tokens a user has.
const maxTokens = 200

// NewToken is what a token of a user is made from.
type NewToken struct {
	Name      string
	Role      models.Role // narrows the user's rights; "" = all of them
	ExpiresAt time.Time   // zero = never
}

// CreateToken makes an API token of a user, for the command line, and returns
// its text, which is kept nowhere.
func (s *Service) CreateToken(ctx context.Context, userName, name string) (string, error) {
	u, err := s.store.UserByName(ctx, userName)
	if err != nil {
		return "", err
	}
	if !u.Active {
		return "", fault.New(fault.Conflict, "The user "+u.Name+" is deactivated: his tokens do not work")
	}
	_, text, err := s.addToken(ctx, commandLine, u, NewToken{Name: name})
	return text, err
}

// Tokens lists the actor's own tokens, the newest first.
func (s *Service) Tokens(ctx context.Context, actor authz.Actor) ([]models.Token, error) {
	if err := person(actor); err != nil {
		return nil, err
	}
	return s.store.TokensOf(ctx, actor.User.ID)
}

// AddToken makes a token of the actor's own and returns its text, which is kept
// nowhere. bearer is the text of the token that asks, "" on a page: no token
// makes one that may more, or lives longer, than itself.
func (s *Service) AddToken(
	ctx context.Context, actor authz.Actor, bearer string, n NewToken,
) (models.Token, string, error) {
	if err := person(actor); err != nil {
		return models.Token{}, "", err
	}
	if err := s.withinBearer(ctx, actor, bearer, n); err != nil {
		return models.Token{}, "", err
	}
	return s.addToken(ctx, actor, actor.User, n)
}

func person(actor authz.Actor) error {
	if actor.User.ID == 0 {
		return fault.New(fault.Forbidden, "This token is a product's: it has no user whose tokens these could be")
	}
	return nil
}

func (s *Service) withinBearer(ctx context.Context, actor authz.Actor, bearer string, n NewToken) error {
	var bad fault.Fields
	if !within(n.Role, actor.Role) {
		bad.Add("role", "Not more than the token that asks may")
	}
	if err := bad.Err(); err != nil {
		return err
	}
	return s.Outlived(ctx, bearer, n.ExpiresAt)
}

// Outlived refuses a token that would live longer than the one that asks for it.
// bearer is the text of that, "" on a page.
func (s *Service) Outlived(ctx context.Context, bearer string, expires time.Time) error {
	if bearer == "" {
		return nil
	}
	t, err := s.store.TokenByHash(ctx, tokenHash(bearer))
	if err != nil || t.ExpiresAt.IsZero() {
		return err
	}
	if expires.IsZero() || expires.After(t.ExpiresAt) {
		return fault.BadField("expires_at", "Not later than the token that asks: "+t.ExpiresAt.Format(time.RFC3339))
	}
	return nil
}

// within reports whether a token of a role may nothing that one of another may
// not; "" is all that the user may.
func within(role, other models.Role) bool {
	if other == "" || role == "" {
		return other == ""
	}
	for _, p := range []authz.Permission{authz.View, authz.Import, authz.Assess, authz.Edit, authz.Own} {
		if authz.Allows(role, p) && !authz.Allows(other, p) {
			return false
		}
	}
	return true
}

func (s *Service) addToken(
	ctx context.Context, actor authz.Actor, u models.User, n NewToken,
) (models.Token, string, error) {
	n.Name = strings.TrimSpace(n.Name)
	if err := n.check(s.store.Now()); err != nil {
		return models.Token{}, "", err
	}
	text, token := MintToken(n.Name)
	token.UserID, token.Role, token.ExpiresAt = &u.ID, n.Role, n.ExpiresAt
	var t models.Token
	err := s.store.Write(ctx, func(tx *models.Tx) error {
		have, err := tx.TokensOf(tx.Context(), u.ID)
		if err != nil {
			return err
		}
		if len(have) >= maxTokens {
			return fault.New(fault.Conflict, "These are too many tokens: revoke some first")
		}
		t = token // a transaction that was lost is run again
		if err := tx.CreateToken(&t); err != nil {
			return err
		}
		return audit.Write(
			tx, actor, audit.Entry{Action: audit.Create, Kind: audit.Token, Name: t.Name, Became: auditedToken(u, t)},
		)
	})
	return t, text, err
}

func (n NewToken) check(now time.Time) error {
	var bad fault.Fields
	if c := utf8.RuneCountInString(n.Name); c < 1 || c > 100 || strings.ContainsFunc(n.Name, unicode.IsControl) {
		bad.Add("name", "1 to 100 characters, no control characters")
	}
	if n.Role != "" && !n.Role.Valid() {
		bad.Add("role", "One of reader, upload, writer, maintainer, owner, or none")
	}
	if !n.ExpiresAt.IsZero() && !n.ExpiresAt.After(now) {
		bad.Add("expires_at", "A time to come")
	}
	return bad.Err()
}

func auditedToken(u models.User, t models.Token) audit.Values {
	v := audit.Values{"user": u.Name, "role": string(t.Role), "hint": t.Hint}
	if !t.ExpiresAt.IsZero() {
		v["expires_at"] = t.ExpiresAt.Format(time.RFC3339)
	}
	return v
}

// Token finds one of the actor's own tokens.
func (s *Service) Token(ctx context.Context, actor authz.Actor, id int64) (models.Token, error) {
	list, err := s.Tokens(ctx, actor)
	if err != nil {
		return models.Token{}, err
	}
	for _, t := range list {
		if t.ID == id {
			return t, nil
		}
	}
	return models.Token{}, fault.NewNotFound("token")
}

// RevokeToken ends one of the actor's own tokens. A token ends none that may
// more than itself.
func (s *Service) RevokeToken(ctx context.Context, actor authz.Actor, id int64) error {
	t, err := s.Token(ctx, actor, id)
	if err != nil {
		return err
	}
	if !within(t.Role, actor.Role) {
		return fault.New(fault.Forbidden, "This token may more than the one that asks")
	}
	return s.store.Write(ctx, func(tx *models.Tx) error {
		if err := tx.DeleteUserToken(actor.User.ID, id); err != nil {
			return err
		}
		return audit.Write(
			tx, actor, audit.Entry{Action: audit.Delete, Kind: audit.Token, Name: t.Name, Was: auditedToken(actor.User, t)},
		)
	})
}

// MintToken makes a token's text, and the row that knows it by its hash. Whose it
// is, and what it may, is for the caller to set.
func MintToken(name string) (text string, token models.Token) {
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
	if b.User.ID != 0 && !b.User.Active {
		return authz.Actor{}, fault.New(fault.Unauthenticated, "The user of this token is deactivated")
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
