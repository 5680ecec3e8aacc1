package account

import (
	"context"
	"fmt"
	"slices"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// keeper decides which of a user's tokens outlive a renewal of the credentials.
type keeper func(t models.Token) bool

func keepNone(models.Token) bool { return false }

func keepAll(models.Token) bool { return true }

// keepIf returns a keeper of all tokens or of none.
func keepIf(all bool) keeper {
	if all {
		return keepAll
	}
	return keepNone
}

// keepThese returns a keeper of the tokens with the given ids.
func keepThese(ids []int64) keeper {
	return func(t models.Token) bool { return slices.Contains(ids, t.ID) }
}

// checkKept refuses ids that are not of the user's tokens. It runs before anything changes.
func checkKept(ctx context.Context, store interface {
	TokensOf(ctx context.Context, userID int64) ([]models.Token, error)
}, userID int64, ids []int64,
) error {
	if len(ids) == 0 {
		return nil
	}
	list, err := store.TokensOf(ctx, userID)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if !slices.ContainsFunc(list, func(t models.Token) bool { return t.ID == id }) {
			return fault.BadField("keep_tokens", fmt.Sprintf("You have no token with the ID %d: list your tokens again", id))
		}
	}
	return nil
}

// renew ends all credentials of a user but the password: sessions, mailed links, an address that is
// not confirmed yet, the feed, and the tokens that keeps does not name. If keeps is nil, it leaves all
// tokens in the database, but they are not valid any more. It writes tokens and the feed to the audit
// log; the caller, which saves u, writes the rest.
func (s *Service) renew(tx *models.Tx, actor authz.Actor, u *models.User, keeps keeper) error {
	if err := auditFeedEnd(tx, actor, *u); err != nil {
		return err
	}
	if err := tx.RenewCredentials(u); err != nil {
		return err
	}
	if s.Ended != nil {
		id := u.ID
		tx.AfterCommit(func() { s.Ended(id) })
	}
	if keeps == nil {
		return nil
	}
	return s.revokeTokens(tx, actor, *u, keeps)
}

// revokeTokens revokes the tokens of a user that keeps does not name, and makes the others valid.
func (s *Service) revokeTokens(tx *models.Tx, actor authz.Actor, u models.User, keeps keeper) error {
	tokens, err := tx.TokensOf(tx.Context(), u.ID)
	if err != nil {
		return err
	}
	var revoked []int64
	for _, t := range tokens {
		if keeps(t) {
			continue
		}
		revoked = append(revoked, t.ID)
		err := audit.Write(tx, actor, audit.Entry{
			Action: audit.Delete,
			Kind:   audit.Token,
			Name:   t.Name,
			Was:    auditedToken(u, t),
		})
		if err != nil {
			return err
		}
	}
	return tx.KeepTokens(u, revoked)
}

func auditFeedEnd(tx *models.Tx, actor authz.Actor, u models.User) error {
	_, err := tx.FeedOf(tx.Context(), u.ID)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return audit.Write(tx, actor, audit.Entry{
		Action: audit.Delete,
		Kind:   audit.Feed,
		Name:   u.Name,
		Was:    audit.Values{"address": audit.Masked},
	})
}

// RequirePassword checks the password that the actor has typed again. A session alone is not
// enough to make what outlives it. Wrong tries are slowed down. A token needs no password: it does
// not end with a session, and was created with the password. The command line has none.
func (s *Service) RequirePassword(ctx context.Context, actor authz.Actor, password string) error {
	if actor.TokenID != 0 || actor.User.ID == 0 {
		return nil
	}
	u, err := s.store.User(ctx, actor.User.ID)
	if err != nil {
		return err
	}
	return s.requirePassword(ctx, u, "password", password)
}

// requirePassword checks a user's password. The error of a wrong one is of the given field.
func (s *Service) requirePassword(ctx context.Context, u models.User, field, password string) error {
	if password == "" {
		return fault.BadField(field, "Enter your current password")
	}
	who := trouble{what: triedPassword, name: u.Name, network: clientNetwork(ctx)}
	try, err := s.mayTry(ctx, who, []models.SignInTry{passwordTry(ctx, "password", u)},
		"Too many wrong passwords.")
	if err != nil {
		return err
	}
	ok, err := s.hasher.matches(ctx, password, u.PasswordHash)
	if err != nil {
		return err
	}
	if !ok {
		s.troubles.failed(who, s.store.Now())
		return fault.BadField(field, "The current password is wrong")
	}
	return s.store.Write(ctx, func(tx *models.Tx) error { return tx.SignInWorked(try) })
}

// Suspect reports whether a token was made since the user's credentials were last renewed. Forms
// offer to revoke it: the user has not decided about it yet.
func Suspect(u models.User, t models.Token) bool { return t.CreatedAt.UnixMicro() >= u.CredentialsFrom }
