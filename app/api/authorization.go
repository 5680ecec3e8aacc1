package api

import (
	"context"
	"net/http"

	"gatecrier/app/product"
	"gatecrier/models"
)

// authorizationBody is an authorization group, a group of users, as the API returns it.
type authorizationBody struct {
	ID      int64                     `json:"id"`
	Name    string                    `json:"name"`
	Version int64                     `json:"version"`
	Count   int                       `json:"member_count"`
	Members []authorizationMemberBody `json:"members,omitempty" doc:"Only in GET /authorization-groups/{id}"`
	Roles   []authorizationPlaceBody  `json:"roles,omitempty" doc:"Only in GET /authorization-groups/{id}, and for administrators"`
}

type authorizationMemberBody struct {
	UserID  int64  `json:"user_id"`
	User    string `json:"user"`
	Manager bool   `json:"manager" doc:"Can add and remove members of the group"`
}

type authorizationPlaceBody struct {
	Product *named      `json:"product"`
	Group   *named      `json:"group"`
	Role    models.Role `json:"role"`
}

func authorizationOf(a models.AuthorizationGroupRow) authorizationBody {
	return authorizationBody{ID: a.ID, Name: a.Name, Version: a.Version, Count: a.Members}
}

func wholeAuthorization(g product.AuthorizationGroup) authorizationBody {
	b := authorizationOf(g.AuthorizationGroupRow)
	for _, m := range g.Members {
		b.Members = append(b.Members, authorizationMemberBody{m.UserID, m.User, m.Manager})
	}
	for _, r := range g.Roles {
		at := authorizationPlaceBody{Role: r.Role}
		if r.Owner.GroupID != 0 {
			at.Group = &named{r.Owner.GroupID, r.Of}
		} else {
			at.Product = &named{r.Owner.ProductID, r.Of}
		}
		b.Roles = append(b.Roles, at)
	}
	return b
}

type authorizationInput struct {
	Body struct {
		Name string `json:"name" doc:"Unique (case-insensitive), 1 to 255 characters"`
	}
}

type authorizationPatch struct {
	IDPath
	IfMatch

	Body struct {
		Name    string `json:"name"`
		Version int64  `json:"version,omitempty" doc:"If sent, the group must still have this version"`
	}
}

type authorizationMemberInput struct {
	IDPath
	Body struct {
		User    string `json:"user" doc:"The user's name"`
		Manager bool   `json:"manager,omitempty"`
	}
}

func (a *API) authorizationGroups() {
	const path = "/authorization-groups"
	register(a, onGet(path, "list-authorization-groups"),
		"List your groups of users; administrators get all",
		func(ctx context.Context, in *groupsInput) (*list[authorizationBody], error) {
			f, err := in.filter()
			if err != nil {
				return nil, err
			}
			rows, err := a.Products.AuthorizationGroups(ctx, actorOf(ctx), f)
			if err != nil {
				return nil, err
			}
			return answer(rows, in.Limit, authorizationOf, func(g models.AuthorizationGroupRow) any { return g.Name })
		})
	register(a, onPost(path, "create-authorization-group", http.StatusCreated),
		"Create a group of users",
		func(ctx context.Context, in *authorizationInput) (*created[authorizationBody], error) {
			g, err := a.Products.SaveAuthorizationGroup(ctx, actorOf(ctx), 0, in.Body.Name, 0)
			b, err := a.authorization(ctx, g.ID, err)
			return createdAt(pathTo(path, b.ID), b.Version, b), err
		})
	register(a, onGet(path+"/{id}", "get-authorization-group"),
		"Get a group of users with its members",
		func(ctx context.Context, in *IDGet) (*one[authorizationBody], error) {
			b, err := a.authorization(ctx, in.ID, nil)
			return oneOf(b.Version, b), err
		})
	register(a, onPatch(path+"/{id}", "update-authorization-group"),
		"Rename a group of users",
		func(ctx context.Context, in *authorizationPatch) (*one[authorizationBody], error) {
			version, err := in.atLeastOne(in.Body.Version)
			if err != nil {
				return nil, err
			}
			g, err := a.Products.SaveAuthorizationGroup(ctx, actorOf(ctx), in.ID, in.Body.Name, version)
			b, err := a.authorization(ctx, g.ID, err)
			return oneOf(b.Version, b), err
		})
	register(a, onDelete(path+"/{id}", "delete-authorization-group"),
		"Delete a group of users with its roles",
		func(ctx context.Context, in *IDDelete) (*struct{}, error) {
			version, err := in.atLeastOne(0)
			if err != nil {
				return nil, err
			}
			return nil, a.Products.DeleteAuthorizationGroup(ctx, actorOf(ctx), in.ID, version)
		})
	register(a, onPost(path+"/{id}/members", "set-authorization-member", http.StatusNoContent),
		"Add a user to a group of users",
		func(ctx context.Context, in *authorizationMemberInput) (*struct{}, error) {
			return nil, a.Products.SetAuthorizationMember(ctx, actorOf(ctx), in.ID, in.Body.User, in.Body.Manager)
		})
	register(a, onDelete(path+"/{id}/members/{user_id}", "remove-authorization-member"),
		"Remove a user from a group of users",
		func(ctx context.Context, in *MemberPath) (*struct{}, error) {
			return nil, a.Products.RemoveAuthorizationMember(ctx, actorOf(ctx), in.ID, in.UserID)
		})
}

func (a *API) authorization(ctx context.Context, id int64, err error) (authorizationBody, error) {
	if err != nil {
		return authorizationBody{}, err
	}
	g, err := a.Products.AuthorizationGroup(ctx, actorOf(ctx), id)
	return wholeAuthorization(g), err
}
