// Package authz has the matrix of roles and permissions, and the check that every use case begins
// with.
package authz

import (
	"context"
	"slices"

	"gatecrier/app/fault"
	"gatecrier/models"
)

// Permission is an action on a product that needs a right.
type Permission string

// The permissions of a product.
const (
	View   Permission = "view"   // the product, its inbox, members and deliveries
	Import Permission = "import" // reports and counts
	Assess Permission = "assess" // observations and exceptions
	// Edit covers the product, its gate, members, targets, branches, sources, silences, badge and
	// ingest key, and the reasons of its deliveries, and to send them again.
	Edit Permission = "edit"
	// Own covers the deletion and the move of the product, its owners, tokens and audit, and the
	// deletion of its notifications and exceptions.
	Own Permission = "own"
)

// matrix lists the permissions of each role.
var matrix = map[models.Role][]Permission{
	models.RoleReader:     {View},
	models.RoleUpload:     {Import},
	models.RoleWriter:     {View, Import, Assess},
	models.RoleMaintainer: {View, Import, Assess, Edit},
	models.RoleOwner:      {View, Import, Assess, Edit, Own},
}

// Allows reports whether a role has a permission.
func Allows(r models.Role, p Permission) bool { return slices.Contains(matrix[r], p) }

// Within reports whether a role has no permission that other lacks. The role "" has all
// permissions of the user.
func Within(role, other models.Role) bool {
	if other == "" || role == "" {
		return other == ""
	}
	for _, p := range []Permission{View, Import, Assess, Edit, Own} {
		if Allows(role, p) && !Allows(other, p) {
			return false
		}
	}
	return true
}

// Actor makes a request: a signed-in user, or the bearer of a token.
type Actor struct {
	User      models.User // zero for a product's token
	ProductID int64       // of a product's token, else 0
	Role      models.Role // of a token: the role that it is limited to; "" for no limit
	TokenID   int64       // of the token, 0 for a session
	Label     string      // the name in the log and in messages
}

// UserActor returns the actor of a signed-in user.
func UserActor(u models.User) Actor { return Actor{User: u, Label: u.Name} }

// TokenActor returns the actor of an API token.
func TokenActor(b models.Bearer) Actor {
	a := Actor{User: b.User, Role: b.Token.Role, TokenID: b.Token.ID, Label: b.User.Name}
	if b.Token.ProductID != nil {
		a.ProductID, a.Label = *b.Token.ProductID, "token "+b.Token.Name
	}
	return a
}

// Administrator reports whether the actor is an administrator without a token that limits them.
func (a Actor) Administrator() bool { return a.User.Administrator && a.Role == "" }

// excludes reports whether the actor's token is limited to a role without a permission.
func (a Actor) excludes(p Permission) bool { return a.Role != "" && !Allows(a.Role, p) }

// Scope returns the scope of the products that the actor can see.
func (a Actor) Scope() models.Scope {
	switch {
	case a.excludes(View):
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

// Viewer returns the actor as the viewer of an inbox. A product's token has no inbox.
func (a Actor) Viewer() models.Viewer {
	if a.excludes(View) {
		return models.Viewer{}
	}
	return models.Viewer{UserID: a.User.ID, Administrator: a.User.Administrator}
}

// Roles reads the roles of users.
type Roles interface {
	RolesOf(ctx context.Context, userID, productID int64) ([]models.Role, error)
	RolesIn(ctx context.Context, userID int64, products []int64) (map[int64][]models.Role, error)
	GroupRolesOf(ctx context.Context, userID, groupID int64) ([]models.Role, error)
	GroupRolesIn(ctx context.Context, userID int64, groups []int64) (map[int64][]models.Role, error)
}

// Require checks that the actor has a permission in a product: the union over all their roles in
// it. It returns a NotFound error if the actor has no role in the product, and a Forbidden error
// if no role has the permission.
func Require(ctx context.Context, roles Roles, a Actor, p Permission, productID int64) error {
	mine, err := rolesOf(ctx, roles, a, productID)
	if err != nil {
		return err
	}
	return a.check(mine, Denied{Permission: p, ProductID: productID})
}

// RequireGroup is Require for a product group.
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
	return a.check(mine, Denied{Permission: p, GroupID: groupID})
}

func (a Actor) check(mine []models.Role, d Denied) error {
	switch {
	case len(mine) == 0:
		return fault.NewNotFound(d.noun())
	case !anyAllows(mine, d.Permission), a.excludes(d.Permission):
		return Forbidden(d)
	}
	return nil
}

// anyAllows reports whether any of the roles has a permission.
func anyAllows(roles []models.Role, p Permission) bool {
	return slices.ContainsFunc(roles, func(r models.Role) bool { return Allows(r, p) })
}

// May reports whether Require allows it. Pages use it to decide what to offer.
func May(ctx context.Context, roles Roles, a Actor, p Permission, productID int64) (bool, error) {
	return allowed(Require(ctx, roles, a, p, productID))
}

// MayGroup reports whether RequireGroup allows it.
func MayGroup(ctx context.Context, roles Roles, a Actor, p Permission, groupID int64) (bool, error) {
	return allowed(RequireGroup(ctx, roles, a, p, groupID))
}

// allowed turns the error of a check into whether it passed. Other errors stay errors.
func allowed(err error) (bool, error) {
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Forbidden) {
		return false, nil
	}
	return err == nil, err
}

// Among returns in which of the products the actor has a permission. It reads all roles at once.
func Among(ctx context.Context, roles Roles, a Actor, p Permission, products []int64) (map[int64]bool, error) {
	if a.ProductID == 0 {
		return a.among(ctx, p, products, roles.RolesIn)
	}
	may := map[int64]bool{}
	if !a.excludes(p) {
		may[a.ProductID] = slices.Contains(products, a.ProductID)
	}
	return may, nil
}

// AmongGroups is Among for product groups. A product's token has no role in a group.
func AmongGroups(ctx context.Context, roles Roles, a Actor, p Permission, groups []int64) (map[int64]bool, error) {
	if a.ProductID != 0 {
		return map[int64]bool{}, nil
	}
	return a.among(ctx, p, groups, roles.GroupRolesIn)
}

// among returns in which of the products or groups a user has a permission. read reads their
// roles there.
func (a Actor) among(
	ctx context.Context, p Permission, ids []int64,
	read func(ctx context.Context, userID int64, ids []int64) (map[int64][]models.Role, error),
) (map[int64]bool, error) {
	may := map[int64]bool{}
	if a.excludes(p) {
		return may, nil
	}
	if a.User.Administrator {
		for _, id := range ids {
			may[id] = true
		}
		return may, nil
	}
	mine, err := read(ctx, a.User.ID, ids)
	for id, list := range mine {
		may[id] = anyAllows(list, p)
	}
	return may, err
}

// rolesOf returns the actor's roles in a product. An administrator counts as an owner.
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

// CommandLine is the actor of commands that run beside the server or without it, in the audit log.
var CommandLine = Actor{Label: "the command line"}
