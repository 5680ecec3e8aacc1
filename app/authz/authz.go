// Package authz has the matrix of roles and permissions, and the check that
// every use case begins with.
package authz

import (
	"context"
	"slices"

	"gatecrier/app/fault"
	"gatecrier/models"
)

// Permission is something that may be done with a product.
type Permission string

// The permissions of a product.
const (
	View   Permission = "view"   // the product, its inbox, its members
	Import Permission = "import" // reports and counts
	Assess Permission = "assess" // observations
	Edit   Permission = "edit"   // the product, its gate, targets, members
	Own    Permission = "own"    // delete it, manage its owners
)

// matrix is who may do what.
var matrix = map[models.Role][]Permission{
	models.RoleReader:     {View},
	models.RoleUpload:     {Import},
	models.RoleWriter:     {View, Import, Assess},
	models.RoleMaintainer: {View, Import, Assess, Edit},
	models.RoleOwner:      {View, Import, Assess, Edit, Own},
}

// Allows reports whether a role carries a permission.
func Allows(r models.Role, p Permission) bool { return slices.Contains(matrix[r], p) }

// Actor is who asks: a signed-in user, or the bearer of a token.
type Actor struct {
	User      models.User // zero for a product's token
	ProductID int64       // of a product's token, else 0
	Role      models.Role // what a token narrows its rights to; "" = nothing narrowed
	Label     string      // how the log and messages name the actor
}

// UserActor is a signed-in user.
func UserActor(u models.User) Actor { return Actor{User: u, Label: u.Name} }

// TokenActor is the bearer of an API token.
func TokenActor(b models.Bearer) Actor {
	a := Actor{User: b.User, Role: b.Token.Role, Label: b.User.Name}
	if b.Token.ProductID != nil {
		a.ProductID, a.Label = *b.Token.ProductID, "token "+b.Token.Name
	}
	return a
}

// Administrator reports whether the actor is one, with nothing narrowed.
func (a Actor) Administrator() bool { return a.User.Administrator && a.Role == "" }

// Scope is what the actor may see of what belongs to products.
func (a Actor) Scope() models.Scope {
	switch {
	case a.Role != "" && !Allows(a.Role, View):
		return models.Scope{}
	case a.ProductID != 0:
		return models.ProductScope(a.ProductID)
	case a.User.Administrator:
		return models.SystemScope("an administrator sees all")
	case a.User.ID != 0:
		return models.MemberScope(a.User.ID)
	}
	return models.Scope{}
}

// Viewer is the actor as the reader of an inbox. A product's token has none.
func (a Actor) Viewer() models.Viewer {
	if a.Role != "" && !Allows(a.Role, View) {
		return models.Viewer{}
	}
	return models.Viewer{UserID: a.User.ID, Administrator: a.User.Administrator}
}

// Roles is what the checks must read.
type Roles interface {
	RolesOf(ctx context.Context, userID, productID int64) ([]models.Role, error)
	RolesIn(ctx context.Context, userID int64, products []int64) (map[int64][]models.Role, error)
	GroupRolesOf(ctx context.Context, userID, groupID int64) ([]models.Role, error)
	GroupRolesIn(ctx context.Context, userID int64, groups []int64) (map[int64][]models.Role, error)
}

// Require checks that the actor may do something with a product. Whoever has
// no role in it is told that it does not exist; who has one, but not the
// permission, that he may not. What one may is the union over all one's roles.
func Require(ctx context.Context, roles Roles, a Actor, p Permission, productID int64) error {
	mine, err := rolesOf(ctx, roles, a, productID)
	if err != nil {
		return err
	}
	return a.check(mine, p, "product")
}

// RequireGroup is Require for a group of products.
func RequireGroup(ctx context.Context, roles Roles, a Actor, p Permission, groupID int64) error {
	var mine []models.Role
	var err error
	switch {
	case a.ProductID != 0 || a.User.ID == 0:
	case a.User.Administrator:
		mine = []models.Role{models.RoleOwner}
	default:
		mine, err = roles.GroupRolesOf(ctx, a.User.ID, groupID)
	}
	if err != nil {
		return err
	}
	return a.check(mine, p, "group")
}

func (a Actor) check(mine []models.Role, p Permission, what string) error {
	switch {
	case len(mine) == 0:
		return fault.NewNotFound(what)
	case !anyAllows(mine, p), a.Role != "" && !Allows(a.Role, p):
		return fault.New(fault.Forbidden, "Your role in this "+what+" does not allow that")
	}
	return nil
}

// anyAllows reports whether any of some roles carries a permission.
func anyAllows(roles []models.Role, p Permission) bool {
	return slices.ContainsFunc(roles, func(r models.Role) bool { return Allows(r, p) })
}

// May is Require as a yes or no, for what a page offers.
func May(ctx context.Context, roles Roles, a Actor, p Permission, productID int64) (bool, error) {
	return yes(Require(ctx, roles, a, p, productID))
}

// MayGroup is RequireGroup as a yes or no.
func MayGroup(ctx context.Context, roles Roles, a Actor, p Permission, groupID int64) (bool, error) {
	return yes(RequireGroup(ctx, roles, a, p, groupID))
}

func yes(err error) (bool, error) {
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Forbidden) {
		return false, nil
	}
	return err == nil, err
}

// Among tells in which of some products the actor may do something, with one
// look at his roles.
func Among(ctx context.Context, roles Roles, a Actor, p Permission, products []int64) (map[int64]bool, error) {
	may := map[int64]bool{}
	if a.Role != "" && !Allows(a.Role, p) {
		return may, nil
	}
	if a.ProductID != 0 || a.User.Administrator {
		for _, id := range products {
			may[id] = a.ProductID == 0 || a.ProductID == id
		}
		return may, nil
	}
	mine, err := roles.RolesIn(ctx, a.User.ID, products)
	for id, list := range mine {
		may[id] = anyAllows(list, p)
	}
	return may, err
}

// AmongGroups is Among for groups of products.
func AmongGroups(ctx context.Context, roles Roles, a Actor, p Permission, groups []int64) (map[int64]bool, error) {
	may := map[int64]bool{}
	if a.Role != "" && !Allows(a.Role, p) || a.ProductID != 0 {
		return may, nil
	}
	if a.User.Administrator {
		for _, id := range groups {
			may[id] = true
		}
		return may, nil
	}
	mine, err := roles.GroupRolesIn(ctx, a.User.ID, groups)
	for id, list := range mine {
		may[id] = anyAllows(list, p)
	}
	return may, err
}

func rolesOf(ctx context.Context, roles Roles, a Actor, productID int64) ([]models.Role, error) {
	switch {
	case a.ProductID != 0 && a.ProductID == productID:
		return []models.Role{a.Role}, nil
	case a.ProductID != 0 || a.User.ID == 0:
		return nil, nil
	case a.User.Administrator:
		return []models.Role{models.RoleOwner}, nil
	}
	return roles.RolesOf(ctx, a.User.ID, productID)
}
