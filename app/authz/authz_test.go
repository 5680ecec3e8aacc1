package authz_test

import (
	"context"
	"testing"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// The matrix of the documentation, line by line.
func TestAllows(t *testing.T) {
	for _, row := range []struct {
		may   authz.Permission
		roles string
	}{
		{authz.View, "reader writer maintainer owner"},
		{authz.Import, "upload writer maintainer owner"},
		{authz.Assess, "writer maintainer owner"},
		{authz.Edit, "maintainer owner"},
		{authz.Own, "owner"},
	} {
		got := ""
		for _, r := range allRoles {
			if authz.Allows(r, row.may) {
				got += " " + string(r)
			}
		}
		if got != " "+row.roles {
			t.Errorf("%s: allowed to%s, want %s", row.may, got, row.roles)
		}
	}
	if authz.Allows("nobody", authz.View) || authz.Allows("", authz.View) {
		t.Error("an unknown role can view")
	}
}

var allRoles = []models.Role{
	models.RoleReader,
	models.RoleUpload,
	models.RoleWriter,
	models.RoleMaintainer,
	models.RoleOwner,
}

// roles are the roles of users in product 1.
type roles map[int64][]models.Role

func (r roles) RolesOf(_ context.Context, user, product int64) ([]models.Role, error) {
	if product != 1 {
		return nil, nil
	}
	return r[user], nil
}

func (r roles) RolesIn(_ context.Context, user int64, products []int64) (map[int64][]models.Role, error) {
	all := map[int64][]models.Role{}
	for _, p := range products {
		if p == 1 && len(r[user]) > 0 {
			all[p] = r[user]
		}
	}
	return all, nil
}

func (r roles) GroupRolesOf(ctx context.Context, user, group int64) ([]models.Role, error) {
	return r.RolesOf(ctx, user, group)
}

func (r roles) GroupRolesIn(ctx context.Context, user int64, groups []int64) (map[int64][]models.Role, error) {
	return r.RolesIn(ctx, user, groups)
}

func TestRequire(t *testing.T) {
	const reader, owner, upload, stranger, admin, both = 1, 2, 3, 4, 5, 6
	who := roles{
		reader: {models.RoleReader},
		owner:  {models.RoleOwner},
		upload: {models.RoleUpload},
		both:   {models.RoleReader, models.RoleUpload},
	}
	user := func(id int64) authz.Actor { return authz.UserActor(models.User{ID: id, Administrator: id == admin}) }
	narrowed := func(id int64, role models.Role) authz.Actor {
		a := user(id)
		a.Role = role
		return a
	}
	const forbidden = fault.Forbidden
	token := authz.Actor{ProductID: 1, Role: models.RoleWriter}
	for name, test := range map[string]struct {
		actor   authz.Actor
		may     authz.Permission
		product int64
		want    fault.Kind
		ok      bool
	}{
		"a reader views":                   {user(reader), authz.View, 1, 0, true},
		"a reader does not import":         {user(reader), authz.Import, 1, forbidden, false},
		"an upload role does not view":     {user(upload), authz.View, 1, forbidden, false},
		"two roles: the first views":       {user(both), authz.View, 1, 0, true},
		"two roles: the second imports":    {user(both), authz.Import, 1, 0, true},
		"two roles make no third":          {user(both), authz.Assess, 1, forbidden, false},
		"a stranger learns nothing":        {user(stranger), authz.View, 1, fault.NotFound, false},
		"nobody learns nothing":            {authz.Actor{}, authz.View, 1, fault.NotFound, false},
		"an owner does all":                {user(owner), authz.Own, 1, 0, true},
		"not elsewhere":                    {user(owner), authz.View, 2, fault.NotFound, false},
		"an administrator does all":        {user(admin), authz.Own, 1, 0, true},
		"a token narrows its user":         {narrowed(owner, models.RoleUpload), authz.Edit, 1, forbidden, false},
		"a token leaves what it names":     {narrowed(owner, models.RoleUpload), authz.Import, 1, 0, true},
		"a token adds no right":            {narrowed(reader, models.RoleOwner), authz.Import, 1, forbidden, false},
		"a token narrows an administrator": {narrowed(admin, models.RoleReader), authz.Edit, 1, forbidden, false},
		"a product's token works there":    {token, authz.Import, 1, 0, true},
		"a product's token has its role":   {token, authz.Edit, 1, forbidden, false},
		"a product's token sees no other":  {token, authz.View, 2, fault.NotFound, false},
	} {
		err := authz.Require(t.Context(), who, test.actor, test.may, test.product)
		if (err == nil) != test.ok || err != nil && !fault.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
		among, err := authz.Among(t.Context(), who, test.actor, test.may, []int64{1, 2})
		if err != nil || among[test.product] != test.ok {
			t.Errorf("%s, among several: %v, %v", name, among, err)
		}
		if test.actor.ProductID != 0 {
			continue // a product's token has no role in a group
		}
		got, err := authz.MayGroup(t.Context(), who, test.actor, test.may, test.product)
		if err != nil || got != test.ok {
			t.Errorf("%s, in a group: %v, %v", name, got, err)
		}
	}
	if user(admin).Administrator() != true || narrowed(admin, models.RoleOwner).Administrator() {
		t.Error("a narrowed token is no administrator, the user is")
	}
}

func TestRoleWithin(t *testing.T) {
	for _, test := range []struct {
		role, other models.Role
		want        bool
	}{
		{"", "", true},
		{models.RoleOwner, "", true},
		{"", models.RoleOwner, false},
		{models.RoleReader, models.RoleWriter, true},
		{models.RoleWriter, models.RoleReader, false},
		{models.RoleUpload, models.RoleReader, false},
		{models.RoleReader, models.RoleUpload, false},
		{models.RoleUpload, models.RoleWriter, true},
		{models.RoleOwner, models.RoleOwner, true},
		{models.RoleOwner, models.RoleMaintainer, false},
	} {
		if got := authz.Within(test.role, test.other); got != test.want {
			t.Errorf("%q within %q: %v", test.role, test.other, got)
		}
	}
}
