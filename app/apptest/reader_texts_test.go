package apptest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
)

// An administrator sees each product that a user has access to, with the source of the role; a manager sees the
// roles of their authorization group.
func TestAccessPages_NameSourcesOfRoles(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	k := newCompany(t, p)
	admin := signedInAs(t, p, "admin")
	reader := k.admin.Must(http.StatusOK, "GET", "/users?q=reader", nil).ID("items.0.id")
	admin.mustPost("/authorization-groups/1/members", "user", "stranger", "manager", "on")
	admin.mustPost("/groups/1/authorization-groups", "authorization_group", k.team, "role", "writer")
	admin.wantText(fmt.Sprint("/admin/users/", reader), "Shop", "through <bdi>Payments</bdi>")
	stranger := k.admin.Must(http.StatusOK, "GET", "/users?q=stranger", nil).ID("items.0.id")
	admin.wantText(fmt.Sprint("/admin/users/", stranger), "through <bdi>Team → Payments</bdi>", "writer")
	admin.wantText("/admin/users", "Direct roles")
	k.stranger.wantText("/authorization-groups/1", "Each member gets them.", "Payments", "writer")
	k.owner.mustPost("/products", "name", "Idle")
	k.counts(t, 1)
	k.owner.wantText("/", "1 gate is failing", "Not evaluated: Idle.")
	k.admin.Must(http.StatusCreated, "POST", "/products/1/tokens", object{"name": "ci", "role": "upload"})
	k.owner.wantText("/products/1/delete", "1 branch", "1 token: pipelines", "2 members with their roles")
	k.owner.wantText("/groups/1/delete", "2 members with their roles", "1 role of an authorization group")
	p.User("guest")
	signedInAs(t, p, "guest").wantText("/", "Waiting for access to a product?", "Your user name is guest.")
}

// A wrong beginning of a silence has one error, and none beside an end that follows from it.
func TestSilenceForm_OneErrorForBeginInThePast(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	newProduct(t, p.Client("admin"), "Shop", "")
	page := signedInAs(t, p, "admin")
	past := p.Clock.Now().Add(-48 * time.Hour).UTC().Format("2006-01-02T15:04")
	status, text := page.post("/silences", "of", "product", "product", "Shop", "reason", "Maintenance", "starts", past,
		"for", "2h", "zone", "UTC")
	if status != http.StatusUnprocessableEntity || !strings.Contains(text, "Must not be in the past") ||
		strings.Contains(text, "Must be in the future") {
		t.Errorf("%d: %s", status, fieldErrors(text))
	}
}
