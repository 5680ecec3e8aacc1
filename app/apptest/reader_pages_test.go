package apptest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
)

// A reader sees what pages are for and who can change them, and no way to what they cannot do.
func TestReaderPages_SayWhoCan(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	k := newCompany(t, p)
	k.owner.mustPost("/products/1/members", "user", "stranger", "role", "reader")

	k.stranger.wantText("/products/1?tab=members", "The group", "Payments", "Only members of the group can see them",
		"Maintainers and owners can add and change members.")
	k.reader.wantText("/products/1?tab=members", "Through the group", "owner", "add up")
	k.maintainer.wantNoText("/products/1?tab=members", "Maintainers and owners can")
	for tab, want := range map[string]string{
		"observations": "can assess observations",
		"branches":     "can protect and delete branches",
		"deliveries":   "can resend them",
		"exceptions":   "can resolve and merge them",
		"targets":      "can add and change targets",
	} {
		k.reader.wantText("/products/1?tab="+tab, want)
		k.owner.wantNoText("/products/1?tab="+tab, want)
	}
	k.reader.wantNoText("/products/1?tab=exceptions", "Search, resolve and merge")
	k.reader.wantText("/products/1?tab=tokens", "You cannot view the tokens here", "Owners of the product can")
	k.reader.wantText("/products/1?tab=settings", "You cannot view the settings here")
	k.reader.wantText("/groups/1?tab=settings", "You cannot view the settings here")
	k.maintainer.wantNoText("/products/1?tab=settings", "You cannot view")

	k.reader.wantText("/silences/new?product=1", "You cannot silence Shop", "Here these can", "<bdi>maintainer</bdi>",
		"<bdi>owner</bdi>")
	k.reader.wantNoText("/silences/new?product=1", "Create silence</span>", "<form class=\"card\"")
	k.reader.wantText("/silences/new", "You cannot create silences")
	k.reader.wantText("/silences", "of a product or a group can create silences")
	k.maintainer.wantText("/silences/new?product=1", "Create silence")

	status, text := k.reader.get("/products/1/delete")
	for _, want := range []string{"it needs the role owner", "Members with such a role", "<bdi>owner</bdi>"} {
		if status != http.StatusForbidden || !strings.Contains(text, want) {
			t.Errorf("the error page, %d, does not show %q", status, want)
		}
	}
	k.reader.wantNoText("/search?q=create+silence", "/silences/new")
	k.maintainer.wantText("/search?q=create+silence", "/silences/new")
	k.reader.wantText("/search?q=create", "/groups/new")

	signedInAs(t, p, "admin").wantText("/", "Server healthy")
	k.reader.wantNoText("/", "ealthy")

	k.reader.wantText("/profile", "reader at most")
	k.reader.wantNoText("/profile", "upload at most", "writer at most", "owner at most")
	k.maintainer.wantText("/profile", "writer at most", "maintainer at most")
	k.maintainer.wantNoText("/profile", "owner at most")
}

// Only administrators create products and groups here: other users see no button for it.
func TestReaderPages_WithoutCreation(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	k := newCompany(t, p)
	k.admin.Must(http.StatusOK, "PATCH", "/settings/users", object{"may_create_products": false})
	k.reader.wantNoText("/groups", "/groups/new")
	k.stranger.wantText("/groups", "You are not a member of any product group")
	k.reader.wantNoText("/search?q=create", "/groups/new", "/products/new")
	k.reader.wantText("/products", "Administrators can create products")
}

// A reader sees why a message was silenced, as on its notification.
func TestReaderPages_SilencedReason(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	k := newCompany(t, p)
	k.owner.mustPost("/products/1/settings", "name", "Shop", "default_branch", "main", "gate_mode", "standard",
		"slack_webhook", k.receiver.URL+"/slack")
	k.admin.Must(http.StatusCreated, "POST", "/silences", object{
		"product_id": 1, "reason": "Moving the racks", "ends_at": p.Clock.Now().Add(time.Hour),
	})
	k.counts(t, 1)
	apptest.Eventually(t, "the reason is shown", func() bool {
		_, text := k.reader.get("/products/1?tab=deliveries")
		return strings.Contains(text, "Moving the racks</bdi>")
	})
	k.reader.wantNoText("/products/1?tab=deliveries", "only users who can edit the target")
}
