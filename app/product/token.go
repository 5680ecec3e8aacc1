package product

import (
	"context"
	"slices"
	"time"

	"gatecrier/app/account"
	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/visible"
	"gatecrier/models"
)

// maxTokens bounds the tokens of a product.
const maxTokens = 100

// Tokens lists a product's API tokens, for its owners.
func (s *Service) Tokens(ctx context.Context, actor authz.Actor, productID int64) ([]models.Token, error) {
	if err := authz.Require(ctx, s.store, actor, authz.Own, productID); err != nil {
		return nil, err
	}
	return s.store.ProductTokens(ctx, productID)
}

// HasUploadToken reports whether a product has a token that can send reports now. It is for all who
// can view the product: it says nothing else of its tokens.
func (s *Service) HasUploadToken(ctx context.Context, actor authz.Actor, productID int64) (bool, error) {
	if err := authz.Require(ctx, s.store, actor, authz.View, productID); err != nil {
		return false, err
	}
	now := s.store.Now()
	list, err := s.store.ProductTokens(ctx, productID)
	return slices.ContainsFunc(list, func(t models.Token) bool {
		return authz.Allows(t.Role, authz.Import) && (t.ExpiresAt.IsZero() || t.ExpiresAt.After(now))
	}), err
}

// TokenDraft describes a token that an actor wants to create.
type TokenDraft struct {
	Name      string
	Role      models.Role // at most maintainer
	ExpiresAt time.Time   // zero for never
}

// CheckToken trims the name of a draft, and returns the errors of its fields.
func (s *Service) CheckToken(d *TokenDraft) error {
	d.Name = visible.Name(d.Name)
	var fieldErrs fault.Fields
	if reason := checkText(d.Name, 1, 100, false); reason != "" {
		fieldErrs.Add("name", reason)
	}
	if !d.Role.Valid() || d.Role == models.RoleOwner {
		fieldErrs.Add("role", "Choose reader, upload, writer or maintainer")
	}
	if !d.ExpiresAt.IsZero() && !d.ExpiresAt.After(s.store.Now()) {
		fieldErrs.Add("expires_at", "Must be in the future")
	}
	return fieldErrs.Err()
}

// CreateToken creates an API token of a product. It returns the text of the token, which is not
// stored. The token has the rights of its role, in this product only.
func (s *Service) CreateToken(
	ctx context.Context, actor authz.Actor, productID int64, d TokenDraft,
) (models.Token, string, error) {
	if err := authz.Require(ctx, s.store, actor, authz.Own, productID); err != nil {
		return models.Token{}, "", err
	}
	return s.addToken(ctx, actor, productID, d)
}

// CreateTokenOf creates an API token of the product with a name, for the command line. It returns the
// text of the token, which is not stored.
func CreateTokenOf(ctx context.Context, store *models.Store, productName string, d TokenDraft) (string, error) {
	scope := models.SystemScope("the command line")
	list, err := store.Products(ctx, scope, models.ProductFilter{Name: productName, Limit: 1})
	if err != nil {
		return "", err
	}
	if len(list) == 0 {
		return "", fault.New(fault.NotFound,
			"No product has the name "+productName+": create it first, or write it as on its page")
	}
	s := &Service{store: store}
	_, text, err := s.addToken(ctx, account.CommandLine, list[0].ID, d)
	return text, err
}

func (s *Service) addToken(
	ctx context.Context, actor authz.Actor, productID int64, d TokenDraft,
) (models.Token, string, error) {
	if err := s.CheckToken(&d); err != nil {
		return models.Token{}, "", err
	}
	text, token := account.MintToken(d.Name)
	token.ProductID, token.Role, token.ExpiresAt = &productID, d.Role, d.ExpiresAt
	if actor.User.ID != 0 {
		token.CreatedBy = &actor.User.ID
	}
	var created models.Token
	err := s.store.Write(ctx, func(tx *models.Tx) error {
		if err := authz.RequireCurrent(tx, actor); err != nil {
			return err
		}
		if err := tx.LockProduct(productID); err != nil {
			return err
		}
		list, err := tx.ProductTokens(tx.Context(), productID)
		if err != nil {
			return err
		}
		if len(list) >= maxTokens {
			return fault.New(fault.Conflict, "A product can have at most 100 tokens. Revoke one first")
		}
		created = token // the transaction can run more than once
		if err := tx.CreateToken(&created); err != nil {
			return err
		}
		err = audit.Write(tx, actor, audit.Entry{
			Action:    audit.Create,
			Kind:      audit.Token,
			Name:      d.Name,
			ProductID: productID,
			Became:    tokenValues(created),
		})
		if err != nil {
			return err
		}
		return s.notify(tx, actor, productID, func(product string) account.Notice {
			return account.TokenNotice(d.Name, product)
		})
	})
	return created, text, err
}

// notify notifies the actor by email of a credential of a product that was created in their name: a thief can
// have done it.
func (s *Service) notify(
	tx *models.Tx, actor authz.Actor, productID int64, notice func(product string) account.Notice,
) error {
	if s.Notify == nil || actor.User.ID == 0 {
		return nil
	}
	row, err := tx.Product(tx.Context(), models.SystemScope("the right to create it was checked"), productID)
	if err != nil {
		return err
	}
	return s.Notify(tx, actor.User, notice(row.Name))
}

func tokenValues(t models.Token) audit.Values {
	v := audit.Values{"role": string(t.Role), "ends_in": t.Hint}
	if !t.ExpiresAt.IsZero() {
		v["expires"] = t.ExpiresAt.UTC().Format(time.RFC3339)
	}
	return v
}

// RevokeToken revokes a product's token.
func (s *Service) RevokeToken(ctx context.Context, actor authz.Actor, productID, id int64) error {
	if err := authz.Require(ctx, s.store, actor, authz.Own, productID); err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *models.Tx) error {
		list, err := tx.ProductTokens(tx.Context(), productID)
		if err != nil {
			return err
		}
		for _, t := range list {
			if t.ID != id {
				continue
			}
			if err := tx.DeleteToken(id); err != nil {
				return err
			}
			return audit.Write(tx, actor, audit.Entry{
				Action:    audit.Delete,
				Kind:      audit.Token,
				Name:      t.Name,
				ProductID: productID,
				Was:       tokenValues(t),
			})
		}
		return fault.NewNotFound("token")
	})
}
