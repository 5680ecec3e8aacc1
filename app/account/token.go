package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/visible"
	"gatecrier/models"
)

// tokenPrefix lets a secret scanner recognize a token of Gatecrier.
const tokenPrefix = "gct_"

// maxTokens bounds the tokens of a user.
const maxTokens = 200

// NewToken describes a new token of a user.
type NewToken struct {
	Name      string
	Role      models.Role  // narrows the user's rights; "" = all of them
	ExpiresAt time.Time    // zero = never
	Unread    fault.Fields // of a form: fields with texts that are no values
}

// CreateToken creates an API token of a user for the command line. It returns the text of the
// token, which is not stored.
func (s *Service) CreateToken(ctx context.Context, userName string, n NewToken) (string, error) {
	u, err := s.store.UserByName(ctx, userName)
	if err != nil {
		return "", err
	}
	if !u.Active {
		return "", fault.New(fault.Conflict, "The user "+u.Name+" is deactivated, so their tokens do not work")
	}
	_, text, err := s.addToken(ctx, CommandLine, u, n)
	return text, err
}

// Tokens lists the actor's own tokens, the newest first.
func (s *Service) Tokens(ctx context.Context, actor authz.Actor) ([]models.Token, error) {
	if err := requireUser(actor); err != nil {
		return nil, err
	}
	return s.store.TokensOf(ctx, actor.User.ID)
}

// Proof is what a request has beyond its actor: the text of its own token, or on a page the
// password that the user has typed again.
type Proof struct{ Bearer, Password string }

// AddToken creates a token of the actor. It returns the text of the token, which is not stored. A
// token creates none with more rights or a later expiry than its own; a session needs the password.
func (s *Service) AddToken(
	ctx context.Context, actor authz.Actor, by Proof, n NewToken,
) (models.Token, string, error) {
	if err := requireUser(actor); err != nil {
		return models.Token{}, "", err
	}
	n.Name = visible.Name(n.Name)
	proofErr := error(nil)
	if by.Bearer == "" {
		proofErr = s.RequirePassword(ctx, actor, by.Password)
	} else {
		proofErr = s.withinBearer(ctx, actor, by.Bearer, n)
	}
	if err := fault.Join(n.check(s.store.Now()), proofErr); err != nil {
		return models.Token{}, "", err
	}
	return s.addToken(ctx, actor, actor.User, n)
}

// requireUser refuses the token of a product, which belongs to no user.
func requireUser(actor authz.Actor) error {
	if actor.User.ID == 0 {
		return fault.New(fault.Forbidden, "Product tokens have no user, and so no tokens of a user")
	}
	return nil
}

// withinBearer refuses a token with more rights or a later expiry than the request's own.
func (s *Service) withinBearer(ctx context.Context, actor authz.Actor, bearer string, n NewToken) error {
	var roleErr error
	if !authz.Within(n.Role, actor.Role) {
		roleErr = fault.BadField("role", "Choose a role within the rights of the token used for this request")
	}
	return fault.Join(roleErr, s.RequireExpiryWithin(ctx, bearer, n.ExpiresAt))
}

// RequireExpiryWithin refuses a token that would expire later than the request's own token.
// bearer is the text of that token, "" on a page. A zero expires is never.
func (s *Service) RequireExpiryWithin(ctx context.Context, bearer string, expires time.Time) error {
	if bearer == "" {
		return nil
	}
	t, err := s.store.TokenByHash(ctx, tokenHash(bearer))
	if err != nil || t.ExpiresAt.IsZero() {
		return err
	}
	if expires.IsZero() || expires.After(t.ExpiresAt) {
		return fault.BadField("expires_at",
			"Must not be later than the expiry of the token used for this request: "+t.ExpiresAt.Format(time.RFC3339))
	}
	return nil
}

func (s *Service) addToken(
	ctx context.Context, actor authz.Actor, u models.User, n NewToken,
) (models.Token, string, error) {
	n.Name = visible.Name(n.Name)
	if err := n.check(s.store.Now()); err != nil {
		return models.Token{}, "", err
	}
	text, token := MintToken(n.Name)
	token.UserID, token.Role, token.ExpiresAt = &u.ID, n.Role, n.ExpiresAt
	var t models.Token
	err := s.store.Write(ctx, func(tx *models.Tx) error {
		now, err := tx.LockUser(u.ID)
		if err != nil {
			return err
		}
		if err := authz.UserActor(u).RequireSame(now); err != nil {
			return err
		}
		have, err := tx.TokensOf(tx.Context(), u.ID)
		if err != nil {
			return err
		}
		if len(have) >= maxTokens {
			return fault.New(fault.Conflict, "Too many tokens. Revoke some first")
		}
		t = token // the transaction can run more than once
		t.CredentialsFrom = now.CredentialsFrom
		if err := tx.CreateToken(&t); err != nil {
			return err
		}
		err = audit.Write(tx, actor, audit.Entry{
			Action: audit.Create,
			Kind:   audit.Token,
			Name:   t.Name,
			Became: auditedToken(u, t),
		})
		if err != nil {
			return err
		}
		if actor.Label == CommandLine.Label { // an operator has the whole database, and the audit log the change
			return nil
		}
		return s.Notify(tx, now, TokenNotice(t.Name, ""))
	})
	return t, text, err
}

func (n NewToken) check(now time.Time) error {
	fieldErrs := slices.Clone(n.Unread)
	if c := utf8.RuneCountInString(n.Name); c < 1 || c > 100 || strings.ContainsFunc(n.Name, unicode.IsControl) {
		fieldErrs.Add("name", "Enter 1 to 100 characters, no control characters")
	} else if why := visible.Hidden(n.Name); why != "" {
		fieldErrs.Add("name", why)
	}
	if n.Role != "" && !n.Role.Valid() {
		fieldErrs.Add("role", "Choose reader, upload, writer, maintainer, owner, or none")
	}
	if !n.ExpiresAt.IsZero() && !n.ExpiresAt.After(now) {
		fieldErrs.Add("expires_at", "Must be in the future")
	}
	return fieldErrs.Err()
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

// RevokeToken revokes one of the actor's own tokens. A token cannot revoke one with more rights
// than its own.
func (s *Service) RevokeToken(ctx context.Context, actor authz.Actor, id int64) error {
	t, err := s.Token(ctx, actor, id)
	if err != nil {
		return err
	}
	if !authz.Within(t.Role, actor.Role) {
		return fault.New(fault.Forbidden, "This token has more rights than the one used for this request")
	}
	return s.store.Write(ctx, func(tx *models.Tx) error {
		if err := tx.DeleteUserToken(actor.User.ID, id); err != nil {
			return err
		}
		return audit.Write(tx, actor, audit.Entry{
			Action: audit.Delete,
			Kind:   audit.Token,
			Name:   t.Name,
			Was:    auditedToken(actor.User, t),
		})
	})
}

// MintToken returns the text of a new token, and its row, which has only the hash of the text.
// The caller sets the owner and the role.
func MintToken(name string) (text string, token models.Token) {
	text = tokenPrefix + rand.Text() + rand.Text()
	return text, models.Token{Name: name, Hash: tokenHash(text), Hint: text[len(text)-4:]}
}

// Bearer returns the actor that an API token belongs to. It notes that the token was used. A network
// that sends many wrong tokens is slowed down, but not for tokens that worked lately.
func (s *Service) Bearer(ctx context.Context, text, address string) (authz.Actor, error) {
	unknown := fault.New(fault.Unauthenticated, "This token is unknown, expired or revoked")
	if !strings.HasPrefix(text, tokenPrefix) || len(text) > 200 {
		return authz.Actor{}, unknown
	}
	hash, network := string(tokenHash(text)), networkOf(address)
	if wait := s.wrongTokens.wait(hash, network, s.store.Now()); wait > 0 {
		s.troubles.refused(trouble{what: triedToken, network: network}, s.store.Now())
		e := fault.New(fault.TooMany, "Too many invalid tokens from this network. Try again in "+wait.String())
		e.Wait = wait
		return authz.Actor{}, e
	}
	b, err := s.store.Bearer(ctx, []byte(hash))
	if fault.Is(err, fault.NotFound) {
		s.wrongTokens.wrong(hash, network, s.store.Now())
		s.troubles.failed(trouble{what: triedToken, network: network}, s.store.Now())
		return authz.Actor{}, unknown
	}
	if err != nil {
		return authz.Actor{}, err
	}
	if b.User.ID != 0 && !b.User.Active {
		return authz.Actor{}, fault.New(fault.Unauthenticated, "The user of this token is deactivated")
	}
	if b.Token.CredentialsFrom != b.User.CredentialsFrom {
		return authz.Actor{}, unknown
	}
	if b.User.MustChangePassword {
		const reason = "The user of this token must change their password first: sign in and choose one"
		return authz.Actor{}, fault.New(fault.Forbidden, reason)
	}
	s.wrongTokens.worked(hash)
	s.used.set(b.Token.ID, s.store.Now())
	return authz.TokenActor(b), nil
}

// tokenHash returns the SHA-256 of a token's text. The text has 256 random bits, so a slow hash
// would gain nothing.
func tokenHash(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}

// Flush writes when tokens were last used, and which tries failed. The caller calls it every few
// seconds, and once before the program stops.
func (s *Service) Flush(ctx context.Context) error {
	return errors.Join(s.used.flush(ctx, s.store, (*models.Tx).TouchTokens), s.flushTroubles(ctx))
}
