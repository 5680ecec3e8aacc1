package api

import (
	"context"
	"net/http"
	"time"

	"gatecrier/app/account"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// UserBody is a user as the API returns it.
type UserBody struct {
	ID                 int64      `json:"id"`
	Name               string     `json:"name"`
	Email              string     `json:"email"`
	EmailPending       string     `json:"email_pending,omitempty" doc:"A new email address that the user has not confirmed yet"`
	FirstName          string     `json:"first_name"`
	Administrator      bool       `json:"administrator"`
	Active             bool       `json:"active"`
	MustChangePassword bool       `json:"must_change_password"`
	TimeZone           string     `json:"time_zone"`
	LastSignIn         *time.Time `json:"last_sign_in"`
	Sessions           int        `json:"sessions" doc:"Tokens that have not expired"`
	Memberships        int        `json:"memberships" doc:"Roles in products that the user has directly"`
	Created            time.Time  `json:"created"`
}

func userRowOf(u models.UserRow) UserBody {
	return UserBody{
		ID:                 u.ID,
		Name:               u.Name,
		Email:              u.Email,
		EmailPending:       u.EmailPending,
		FirstName:          u.FirstName,
		Administrator:      u.Administrator,
		Active:             u.Active,
		MustChangePassword: u.MustChangePassword,
		TimeZone:           u.TimeZone,
		LastSignIn:         optional(u.LastSignInAt),
		Sessions:           u.Sessions,
		Memberships:        u.Memberships,
		Created:            u.CreatedAt,
	}
}

func userAnswer(u models.UserRow) *one[UserBody] {
	return oneOf(account.VersionOf(u.User), userRowOf(u))
}

// userMade is a user with a new password, or a note that a link was sent.
type userMade struct {
	UserBody
	Password string `json:"password,omitempty" doc:"Must be changed at the first sign-in; only in this response"`
	LinkSent bool   `json:"link_sent" doc:"A link to choose a password is sent to the email address"`
}

type usersInput struct {
	Page
	Name          string `query:"q" maxLength:"200" doc:"Part of the name, the first name or the address"`
	Active        string `query:"active" enum:"true,false"`
	Administrator string `query:"administrator" enum:"true,false"`
}

type userInput struct {
	Body struct {
		Name          string `json:"name"`
		Email         string `json:"email,omitempty"`
		FirstName     string `json:"first_name,omitempty"`
		Administrator bool   `json:"administrator,omitempty"`
		Link          bool   `json:"link,omitempty" doc:"Send a link to choose a password instead of generating one"`
	}
}

type userPatch struct {
	IDPath
	IfMatch

	Body struct {
		Email         patch[string] `json:"email,omitempty" doc:"A new address ends sessions, links and the feed; the old address is notified"`
		FirstName     patch[string] `json:"first_name,omitempty"`
		Administrator patch[bool]   `json:"administrator,omitempty" doc:"The last active administrator cannot be changed"`
		Active        patch[bool]   `json:"active,omitempty" doc:"false ends sessions, links and the feed, and revokes all tokens"`
		KeepTokens    bool          `json:"keep_tokens,omitempty" doc:"With a new email: keep the tokens, which are revoked otherwise"`
		Password      string        `json:"password,omitempty" doc:"Your password; required to change your own email"`
	}
}

type resetInput struct {
	IDPath
	Body *struct {
		Link bool `json:"link,omitempty" doc:"Send a link to choose a password instead; until it is used, the old password, sessions and tokens stay valid"`
	}
}

func (a *API) users() {
	register(a, onGet("/users", "list-users"),
		"List the users by name (administrators only)",
		a.listUsers)
	register(a, onPost("/users", "create-user", http.StatusCreated),
		"Create a user (administrators only)",
		func(ctx context.Context, in *userInput) (*created[userMade], error) {
			b := in.Body
			n := account.NewUser{Name: b.Name, Email: b.Email, FirstName: b.FirstName, Administrator: b.Administrator}
			added, err := a.Accounts.Add(ctx, actorOf(ctx), n, account.Invitation{ByLink: b.Link})
			made, err := a.userMade(ctx, added, err)
			return createdAt(pathTo("/users", made.ID), account.VersionOf(added.User), made), err
		})
	register(a, onGet("/users/{id}", "get-user"),
		"Get a user (administrators only)",
		func(ctx context.Context, in *IDGet) (*one[UserBody], error) {
			u, err := a.Accounts.Get(ctx, actorOf(ctx), in.ID)
			return userAnswer(u), err
		})
	register(a, onPatch("/users/{id}", "update-user"),
		"Change, deactivate or activate a user (JSON merge patch; administrators only)",
		func(ctx context.Context, in *userPatch) (*one[UserBody], error) {
			u, err := a.changeUser(ctx, in)
			return userAnswer(u), err
		})
	register(a, onPost("/users/{id}/password", "reset-password", http.StatusOK),
		"Reset a user's password (administrators only). This ends sessions, links and the feed, and revokes all tokens",
		func(ctx context.Context, in *resetInput) (*struct{ Body userMade }, error) {
			added, err := a.Accounts.ResetPassword(ctx, actorOf(ctx), in.ID, account.Reset{
				ByLink: in.Body != nil && in.Body.Link,
			})
			made, err := a.userMade(ctx, added, err)
			return &struct{ Body userMade }{made}, err
		})
}

// asked returns a boolean of a query, nil if it is absent.
func asked(text string) *bool {
	if text == "" {
		return nil
	}
	yes := text == "true"
	return &yes
}

func (a *API) listUsers(ctx context.Context, in *usersInput) (*list[UserBody], error) {
	f := models.UserFilter{
		Text:          in.Name,
		Active:        asked(in.Active),
		Administrator: asked(in.Administrator),
		Limit:         in.Limit + 1,
	}
	if err := seekPlace(in.Cursor, models.UserOrders, &f.Place); err != nil {
		return nil, err
	}
	rows, err := a.Accounts.List(ctx, actorOf(ctx), f)
	if err != nil {
		return nil, err
	}
	return answer(rows, in.Limit, userRowOf, func(u models.UserRow) any { return models.UserOrders.Key(f.Place, u) })
}

func (a *API) changeUser(ctx context.Context, in *userPatch) (models.UserRow, error) {
	b := in.Body
	if b.Active.Null || b.Administrator.Null {
		return models.UserRow{}, fault.New(fault.Malformed, "active and administrator must be true or false")
	}
	ifVersion, err := in.version(nil)
	if err != nil {
		return models.UserRow{}, err
	}
	e := account.UserEdit{
		IfVersion:     ifVersion,
		Email:         b.Email.pointer(),
		FirstName:     b.FirstName.pointer(),
		Administrator: b.Administrator.pointer(),
		Active:        b.Active.pointer(),
		KeepTokens:    b.KeepTokens,
		Password:      b.Password,
	}
	if _, err := a.Accounts.Edit(ctx, actorOf(ctx), in.ID, e); err != nil {
		return models.UserRow{}, err
	}
	return a.Store.UserRow(ctx, in.ID) // also for an administrator who has just given up that role
}

func (a *API) userMade(ctx context.Context, added account.Added, err error) (userMade, error) {
	if err != nil {
		return userMade{}, err
	}
	u, err := a.Store.UserRow(ctx, added.User.ID)
	return userMade{userRowOf(u), added.Password, added.Password == ""}, err
}
