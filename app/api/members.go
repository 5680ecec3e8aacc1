package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"gatecrier/app/fault"
	"gatecrier/app/product"
	"gatecrier/models"
)

type memberBody struct {
	UserID int64       `json:"user_id"`
	User   string      `json:"user"`
	Role   models.Role `json:"role" enum:"reader,upload,writer,maintainer,owner"`
}

func memberOf(m models.Member) memberBody {
	return memberBody{UserID: m.UserID, User: m.User, Role: m.Role}
}

type memberAnswer struct{ Body memberBody }

// MemberPath names a member of a product or a group.
type MemberPath struct {
	ID     int64 `path:"id"`
	UserID int64 `path:"user_id"`
}

type memberInput struct {
	IDPath
	Body struct {
		User string      `json:"user" doc:"The user's name"`
		Role models.Role `json:"role" enum:"reader,upload,writer,maintainer,owner"`
	}
}

type memberPatch struct {
	MemberPath
	Body struct {
		Role models.Role `json:"role" enum:"reader,upload,writer,maintainer,owner"`
	}
}

// roleOwner is what users have roles in: a product or a product group.
type roleOwner struct {
	path  string // of its routes
	noun  string
	owner func(id int64) product.Owner
}

var roleOwners = []roleOwner{
	{"/products/{id}", "product", product.InProduct},
	{"/groups/{id}", "group", product.InGroup},
}

func (a *API) members() {
	for _, o := range roleOwners {
		a.membersOf(o)
		a.authorizationRolesOf(o)
	}
}

// operationID returns the id of an operation: the plain one for products, for groups one with
// a prefix.
func (o roleOwner) operationID(id string) string {
	if o.noun == "product" {
		return id
	}
	return o.noun + "-" + id
}

func (a *API) membersOf(o roleOwner) {
	register(a, onGet(o.path+"/members", o.operationID("list-members")),
		"List a "+o.noun+"'s own members",
		func(ctx context.Context, in *IDPath) (*list[memberBody], error) {
			rows, err := a.Products.Members(ctx, actorOf(ctx), o.owner(in.ID))
			if err != nil {
				return nil, err
			}
			return answer(rows, len(rows), memberOf, nil)
		})
	register(a, onPost(o.path+"/members", o.operationID("add-member"), http.StatusCreated),
		"Give a user a role in a "+o.noun,
		func(ctx context.Context, in *memberInput) (*created[memberBody], error) {
			m, err := a.Products.SetMember(ctx, actorOf(ctx), o.owner(in.ID), in.Body.User, in.Body.Role)
			at := strings.Replace(o.path, "{id}", strconv.FormatInt(in.ID, 10), 1) + "/members"
			return createdAt(pathTo(at, m.UserID), 0, memberOf(m)), err
		})
	register(a, onPatch(o.path+"/members/{user_id}", o.operationID("update-member")),
		"Change a member's role",
		func(ctx context.Context, in *memberPatch) (*memberAnswer, error) {
			m, err := a.changeMember(ctx, o.owner(in.ID), in.UserID, in.Body.Role)
			return &memberAnswer{memberOf(m)}, err
		})
	register(a, onDelete(o.path+"/members/{user_id}", o.operationID("remove-member")),
		"Remove a member from a "+o.noun,
		func(ctx context.Context, in *MemberPath) (*struct{}, error) {
			return nil, a.Products.RemoveMember(ctx, actorOf(ctx), o.owner(in.ID), in.UserID)
		})
}

func (a *API) changeMember(
	ctx context.Context, at product.Owner, userID int64, role models.Role,
) (models.Member, error) {
	rows, err := a.Products.Members(ctx, actorOf(ctx), at)
	if err != nil {
		return models.Member{}, err
	}
	for _, m := range rows {
		if m.UserID == userID {
			return a.Products.SetMember(ctx, actorOf(ctx), at, m.User, role)
		}
	}
	return models.Member{}, fault.NewNotFound("member")
}

type authorizationRoleBody struct {
	ID   int64       `json:"authorization_group_id"`
	Name string      `json:"authorization_group"`
	Role models.Role `json:"role" enum:"reader,upload,writer,maintainer,owner"`
}

func authorizationRoleOf(r models.AuthorizationRole) authorizationRoleBody {
	return authorizationRoleBody{r.GroupID, r.Group, r.Role}
}

type authorizationRoleInput struct {
	IDPath
	Body struct {
		Name string      `json:"authorization_group" doc:"Its name"`
		Role models.Role `json:"role" enum:"reader,upload,writer,maintainer,owner"`
	}
}

// AuthorizationRolePath names an authorization group in a product or a group.
type AuthorizationRolePath struct {
	ID      int64 `path:"id"`
	GroupID int64 `path:"authorization_group_id"`
}

func (a *API) authorizationRolesOf(o roleOwner) {
	path := o.path + "/authorization-groups"
	register(a, onGet(path, o.operationID("list-authorization-roles")),
		"List the authorization groups that have a role in a "+o.noun,
		func(ctx context.Context, in *IDPath) (*list[authorizationRoleBody], error) {
			rows, err := a.Products.AuthorizationRoles(ctx, actorOf(ctx), o.owner(in.ID))
			if err != nil {
				return nil, err
			}
			return answer(rows, len(rows), authorizationRoleOf, nil)
		})
	register(a, onPost(path, o.operationID("set-authorization-role"), http.StatusNoContent),
		"Give an authorization group a role in a "+o.noun,
		func(ctx context.Context, in *authorizationRoleInput) (*struct{}, error) {
			return nil, a.Products.SetAuthorizationRole(ctx, actorOf(ctx), o.owner(in.ID), in.Body.Name, in.Body.Role)
		})
	register(a, onDelete(path+"/{authorization_group_id}", o.operationID("remove-authorization-role")),
		"Remove the role in a "+o.noun+" from an authorization group",
		func(ctx context.Context, in *AuthorizationRolePath) (*struct{}, error) {
			return nil, a.removeAuthorizationRole(ctx, o.owner(in.ID), in.GroupID)
		})
}

func (a *API) removeAuthorizationRole(ctx context.Context, at product.Owner, id int64) error {
	rows, err := a.Products.AuthorizationRoles(ctx, actorOf(ctx), at)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if r.GroupID == id {
			return a.Products.SetAuthorizationRole(ctx, actorOf(ctx), at, r.Group, "")
		}
	}
	return fault.NewNotFound("authorization group here")
}
