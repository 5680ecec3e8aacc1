package authz_test

import (
	"errors"
	"strings"
	"testing"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

func TestForbidden_NamesTheRoles(t *testing.T) {
	users := roles{7: {models.RoleReader}}
	err := authz.Require(t.Context(), users, authz.UserActor(models.User{ID: 7}), authz.Assess, 1)
	var denied authz.Denied
	if !fault.Is(err, fault.Forbidden) || !errors.As(err, &denied) {
		t.Fatalf("error is %v", err)
	}
	if denied.Permission != authz.Assess || denied.ProductID != 1 || denied.GroupID != 0 {
		t.Errorf("denied: %+v", denied)
	}
	if want := "it needs the role writer, maintainer or owner"; !strings.Contains(err.Error(), want) {
		t.Errorf("%q does not say %q", err.Error(), want)
	}
	if got := authz.RoleWords(authz.Own, "or"); got != "owner" {
		t.Errorf("roles that own: %q", got)
	}
	group := authz.Forbidden(authz.Denied{Permission: authz.Edit, GroupID: 3}).Error()
	want := "Your role in this group does not allow that: it needs the role maintainer or owner"
	if !strings.HasPrefix(group, want) {
		t.Errorf("%q", group)
	}
}
