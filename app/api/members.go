package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"gatecrier/app/fault"
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

// MemberPath names a member of a product.
type MemberPath struct {
	ID     int64 `path:"id"`
	UserID int64 `path:"user_id"`
}

func (a *API) members() {
	huma.Register(a.huma, operation(http.MethodGet, "/products/{id}/members", "list-members", "List a product's members", 0),
		func(ctx context.Context, in *IDPath) (*list[memberBody], error) {
			rows, err := a.Products.Members(ctx, actorOf(ctx), in.ID)
			if err != nil {
				return nil, a.problem(ctx, err)
			}
			out, err := answer(rows, len(rows), memberOf, nil)
			return out, a.problem(ctx, err)
		})
	huma.Register(a.huma, operation(http.MethodPost, "/products/{id}/members", "add-member", "Give a user a role in a product", http.StatusCreated),
		func(ctx context.Context, in *struct {
			IDPath
			Body struct {
				User string      `json:"user" doc:"The user's name"`
				Role models.Role `json:"role" enum:"reader,upload,writer,maintainer,owner"`
			}
		},
		) (*memberAnswer, error) {
			m, err := a.Products.SetMember(ctx, actorOf(ctx), in.ID, in.Body.User, in.Body.Role)
			return &memberAnswer{memberOf(m)}, a.problem(ctx, err)
		})
	huma.Register(a.huma, operation(http.MethodPatch, "/products/{id}/members/{user_id}", "update-member", "Change a member's role", 0),
		func(ctx context.Context, in *struct {
			MemberPath
			Body struct {
				Role models.Role `json:"role" enum:"reader,upload,writer,maintainer,owner"`
			}
		},
		) (*memberAnswer, error) {
			m, err := a.changeMember(ctx, in.MemberPath, in.Body.Role)
			return &memberAnswer{memberOf(m)}, a.problem(ctx, err)
		})
	huma.Register(a.huma, operation(http.MethodDelete, "/products/{id}/members/{user_id}", "remove-member", "Take a member out of a product", http.StatusNoContent),
		func(ctx context.Context, in *MemberPath) (*struct{}, error) {
			return nil, a.problem(ctx, a.Products.RemoveMember(ctx, actorOf(ctx), in.ID, in.UserID))
		})
}

func (a *API) changeMember(ctx context.Context, at MemberPath, role models.Role) (models.Member, error) {
	rows, err := a.Products.Members(ctx, actorOf(ctx), at.ID)
	if err != nil {
		return models.Member{}, err
	}
	for _, m := range rows {
		if m.UserID == at.UserID {
			return a.Products.SetMember(ctx, actorOf(ctx), at.ID, m.User, role)
		}
	}
	return models.Member{}, fault.Missing("member")
}
