package apptest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"gatecrier/app/apptest"
)

// companyFixture is a group with a product and users of each role, all created through pages.
type companyFixture struct {
	p                                   *apptest.Program
	admin                               *apptest.Client
	owner, maintainer, reader, stranger pageUser
	receiver                            *apptest.Receiver
	group, product, users, team         string
}

func newCompany(t *testing.T, p *apptest.Program) companyFixture {
	t.Helper()
	for _, name := range []string{"owner", "maintainer", "reader", "stranger"} {
		p.User(name)
	}
	k := companyFixture{
		p:          p,
		admin:      p.Client("admin"),
		receiver:   apptest.NewReceiver(t),
		group:      "/groups/1",
		product:    "/products/1",
		users:      "/authorization-groups/1",
		team:       "Team",
		owner:      signedInAs(t, p, "owner"),
		maintainer: signedInAs(t, p, "maintainer"),
		reader:     signedInAs(t, p, "reader"),
		stranger:   signedInAs(t, p, "stranger"),
	}
	k.owner.mustPost("/groups", "name", "Payments", "description", "All that moves money")
	k.owner.mustPost("/products", "name", "Shop", "group_id", "1")
	k.owner.mustPost("/groups/1/members", "user", "reader", "role", "reader")
	k.owner.mustPost("/products/1/members", "user", " maintainer ", "role", "maintainer")
	k.admin.Must(http.StatusCreated, "POST", "/authorization-groups", object{"name": k.team})
	return k
}

func (k companyFixture) counts(t *testing.T, critical int) {
	t.Helper()
	k.admin.Must(http.StatusOK, "PUT", k.product+"/counts", object{"scanner": "x", "counts": criticalCounts(critical)})
}

func TestGroupPages_HiddenFromNonMembers(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	k := newCompany(t, p)
	for _, path := range []string{
		"/groups/1", "/groups/1?tab=members", "/groups/1?tab=targets", "/groups/1?tab=settings", "/groups/1/delete",
		"/groups/x", "/products/1?tab=tokens",
		"/products/1/move?group=1", "/products?group=1", "/authorization-groups/1", "/authorization-groups/1/delete",
		"/admin/audit?product=1",
	} {
		if status, text := k.stranger.get(path); status != http.StatusNotFound || strings.Contains(text, "Payments") ||
			strings.Contains(text, "Shop") {
			t.Errorf("%s: %d", path, status)
		}
	}
	for _, path := range []string{
		"/groups/1/settings", "/groups/1/delete", "/groups/1/members", "/groups/1/members/1/delete",
		"/groups/1/authorization-groups", "/groups/1/authorization-groups/1/delete",
		"/groups/1/targets", "/groups/1/targets/1/test", "/groups/1/targets/1/enable", "/groups/1/targets/1/disable",
		"/groups/1/targets/1/delete",
		"/products/1/members", "/products/1/members/1/delete", "/products/1/authorization-groups",
		"/products/1/authorization-groups/1/delete",
		"/products/1/tokens", "/products/1/tokens/1/delete", "/products/1/move",
		"/authorization-groups/1", "/authorization-groups/1/delete", "/authorization-groups/1/members",
		"/authorization-groups/1/members/1/delete",
	} {
		status, _ := k.stranger.post(path, "name", "x", "user", "stranger", "role", "owner", "confirm", "Payments",
			"products", "delete", "authorization_group", "Team")
		if status != http.StatusNotFound {
			t.Errorf("POST %s: %d", path, status)
		}
	}
	for _, path := range []string{"/admin/audit", "/admin/settings/general"} {
		if status, _ := k.stranger.get(path); status != http.StatusForbidden {
			t.Errorf("%s: %d", path, status)
		}
	}
	k.stranger.wantNoText("/groups", "Payments")
	k.stranger.wantNoText("/authorization-groups", k.team)
	k.stranger.wantFieldError("This group does not exist", "/products", "name", "Mine", "group_id", "1")
}

// Each user can do what their role allows, and sees no other buttons.
func TestGroupPages_ByRole(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	k := newCompany(t, p)
	k.owner.mustPost("/products/1/settings", "name", "Shop", "default_branch", "main", "gate_mode", "standard",
		"slack_webhook", k.receiver.URL+"/slack", "email_to", "eve@example.org")
	k.maintainer.wantText("/products/1?tab=settings", "eve@example.org", "Last changed by <bdi>owner</bdi>")
	k.maintainer.mustPost("/products/1/settings", "name", "Shop", "default_branch", "main", "gate_mode", "own",
		"threshold_critical", "3", "email_to", "eve@example.org")
	k.maintainer.wantNoText("/products/1?tab=members", `value="owner"`, "Remove owner")
	k.maintainer.wantText("/products/1?tab=members", "Add member")
	if status, _ := k.maintainer.get("/admin/audit?product=1"); status != http.StatusForbidden {
		t.Errorf("a maintainer reads the audit: %d", status)
	}
	k.owner.wantText("/admin/audit?product=1", "owner", "maintainer", "thresholds critical", "Slack")
	k.owner.wantNoText("/admin/audit?product=1&kind=target", "threshold")

	k.reader.wantText("/products/1?tab=members", "maintainer", "Through the group", "Payments")
	k.reader.wantText("/groups/1?tab=members", "owner", "reader")
	for _, path := range []string{
		"/products/1?tab=members", "/products/1?tab=settings", "/products/1?tab=targets", "/products/1?tab=tokens",
		"/groups/1", "/groups/1?tab=members", "/groups/1?tab=settings",
	} {
		k.reader.wantNoText(path, `method="post" action="/products`, `method="post" action="/groups`, "eve@example.org",
			"/delete", "New product", "/admin/audit")
	}
	for _, path := range []string{
		"/products/1/members", "/products/1/tokens", "/products/1/move", "/groups/1/settings", "/groups/1/members",
		"/groups/1/targets", "/groups/1/delete",
	} {
		status, _ := k.reader.post(path, "user", "reader", "role", "owner", "name", "x", "expires", "30", "products", "keep",
			"confirm", "Payments", "group", "0")
		if status != http.StatusForbidden {
			t.Errorf("a reader, POST %s: %d", path, status)
		}
	}

	admin := signedInAs(t, p, "admin")
	admin.mustPost("/admin/settings/general", "site_name", "Northern Quay", "version", "0")
	admin.wantText("/admin/settings/general", "Last changed by")
	admin.wantText("/admin/audit?kind=settings", "<dt>Name of the installation</dt>", "Northern Quay")
	admin.wantText("/admin/audit?actor=maint", "threshold")
	admin.wantNoText("/admin/audit?actor=maint", "<dt>Name of the installation</dt>")
	admin.wantNoText("/admin/audit?until=2001-01-01", "<dt>Name of the installation</dt>")
	admin.wantText("/admin/audit?since=2001-01-01&q=gener", "<dt>Name of the installation</dt>")
	admin.wantText("/admin/audit?since=x", "Enter a date as YYYY-MM-DD")
}

func TestMemberPages(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	k := newCompany(t, p)
	k.owner.wantFieldError("This user does not exist", "/products/1/members", "user", "nobody", "role", "reader")
	k.owner.wantFieldError("Choose reader", "/groups/1/members", "user", "reader", "role", "king")
	k.owner.wantFieldError("This authorization group does not exist", "/groups/1/authorization-groups",
		"authorization_group", "nobody", "role", "reader")
	k.owner.wantFieldError("Choose a role", "/groups/1/authorization-groups", "authorization_group", k.team)
	k.owner.mustPost("/groups/1/members", "user", "owner", "role", "reader")
	k.owner.wantText("/groups/1?tab=members", "This is the last owner")
	k.maintainer.mustPost("/products/1/members", "user", "reader", "role", "owner")
	k.maintainer.wantText("/products/1?tab=members", "Only owners can manage owners")
	k.maintainer.mustPost("/products/1/members", "user", "stranger", "role", "writer")
	k.stranger.wantText("/products/1?tab=members", "stranger")

	k.owner.mustPost("/groups/1/authorization-groups", "authorization_group", k.team, "role", "writer")
	k.owner.wantText("/products/1?tab=members", k.team, "(authorization group) writer")
	k.owner.mustPost("/groups/1/authorization-groups/1/delete")
	k.owner.wantNoText("/products/1?tab=members", "(authorization group)")

	// Users who remove themselves are redirected to a page that they can see.
	id := k.admin.Must(http.StatusOK, "GET", "/products/1/members", nil).ID("items.2.user_id")
	status, to := submitForm(t, k.stranger.http, p.URL+fmt.Sprintf("/products/1/members/%d/delete", id), encodeForm(),
		formKind)
	if status != http.StatusForbidden {
		t.Errorf("a writer removes themselves: %d to %q", status, to)
	}
	k.maintainer.mustPost(fmt.Sprintf("/products/1/members/%d/delete", id))
	if status, _ := k.stranger.get("/products/1"); status != http.StatusNotFound {
		t.Errorf("a former member sees the product: %d", status)
	}
	own := k.admin.Must(http.StatusOK, "GET", "/products/1/members", nil).ID("items.0.user_id")
	_, to = submitForm(t, k.maintainer.http, p.URL+fmt.Sprintf("/products/1/members/%d/delete", own), encodeForm(),
		formKind)
	if to != "/products" {
		t.Errorf("who has left is led to %q", to)
	}
}

// A member added by a manager sees the product at once, and loses it at once when removed.
func TestGroupManager_AddsAndRemovesMembers(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	k := newCompany(t, p)
	admin := signedInAs(t, p, "admin")
	admin.wantFieldError("There is an authorization group of that name", "/authorization-groups", "name", "team")
	admin.wantFieldError("This user does not exist", k.users+"/members", "user", "nobody")
	admin.mustPost(k.users+"/members", "user", "maintainer", "manager", "on")
	admin.mustPost("/groups/1/authorization-groups", "authorization_group", k.team, "role", "reader")
	admin.wantText(k.users, "Payments", "/groups/1?tab=members", "Remove as manager")

	k.maintainer.wantText("/", `href="/authorization-groups"`)
	k.maintainer.wantText("/authorization-groups", k.team, "you manage this group")
	k.maintainer.mustPost(k.users+"/members", "user", "stranger")
	k.stranger.wantText("/products/1", "Shop")
	k.stranger.wantText("/groups/1", "Shop")
	k.stranger.wantText(k.users, "maintainer")
	k.stranger.wantNoText(k.users, "Add member", "Payments", "Rename")
	if status, _ := k.stranger.post(k.users+"/members", "user", "reader"); status != http.StatusForbidden {
		t.Errorf("who manages nothing adds a member: %d", status)
	}
	for _, path := range []string{k.users, k.users + "/delete"} {
		if status, _ := k.maintainer.post(path, "name", "Mine", "confirm", k.team); status != http.StatusForbidden {
			t.Errorf("a manager, POST %s: %d", path, status)
		}
	}
	id := k.admin.Must(http.StatusOK, "GET", k.users, nil).ID("members.1.user_id")
	k.maintainer.mustPost(fmt.Sprintf("%s/members/%d/delete", k.users, id))
	for _, path := range []string{"/products/1", "/groups/1", k.users} {
		if status, _ := k.stranger.get(path); status != http.StatusNotFound {
			t.Errorf("a former member, %s: %d", path, status)
		}
	}

	// Two administrators at the same time: the second gets a conflict.
	admin.mustPost(k.users, "name", "Crew", "version", "1")
	if status, text := admin.post(k.users, "name", "Gang", "version", "1"); status != http.StatusConflict ||
		!strings.Contains(text, "Another user changed") {
		t.Errorf("the second gets no conflict: %d", status)
	}
	admin.wantText(k.users+"/delete", "the membership of 1 user", "the role reader in Payments")
	admin.wantFieldError("Type the group", k.users+"/delete", "confirm", "Gang")
	admin.mustPost(k.users+"/delete", "confirm", "Crew")
	if status, _ := admin.get(k.users); status != http.StatusNotFound {
		t.Errorf("it is still there: %d", status)
	}
}

func TestGroupPages_DeleteGroup(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	k := newCompany(t, p)
	k.owner.mustPost("/groups", "name", "Second")
	k.owner.mustPost("/products", "name", "Kept", "group_id", "2")
	k.owner.wantText("/groups/1/delete", "Its 1 product", "Delete products")
	k.owner.wantFieldError("Choose what happens to the products", "/groups/1/delete", "confirm", "Payments")
	k.owner.wantFieldError("Type the group", "/groups/1/delete", "products", "delete", "confirm", "payments")
	k.owner.wantText("/groups/1", "Shop")
	k.owner.wantFieldError("The group now has 1 product", "/groups/1/delete", "products", "delete", "confirm", "Payments",
		"count", "0")
	k.owner.mustPost("/groups/1/delete", "products", "delete", "confirm", "Payments", "count", "1")
	k.owner.mustPost("/groups/2/delete", "products", "keep", "confirm", "Second")
	k.owner.wantText("/groups", "No product groups yet")
	k.owner.wantNoText("/products", "Shop")
	k.owner.wantText("/products", "Kept")
	k.owner.wantNoText("/products", "in <bdi>Second")
	if n := itemCount(k.admin.Must(http.StatusOK, "GET", "/products", nil)); n != 1 {
		t.Errorf("%d products are left, want 1", n)
	}
}

// Moving a product to a stricter group shows the consequences first. It changes the gate, and
// notifies the group's target once.
func TestMoveToStricterGroup_NotifiesOnce(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		k := newCompany(t, p)
		k.owner.mustPost("/products/1/settings", "name", "Shop", "default_branch", "main", "gate_mode", "own",
			"threshold_critical", "5")
		k.counts(t, 2)
		k.owner.mustPost("/groups", "name", "Strict")
		k.owner.mustPost("/groups/2/settings", "name", "Strict", "gate_mode", "own", "threshold_critical", "1", "version",
			"1")
		status, text := k.owner.post("/groups/2/targets", "module", "webhook", "name", "Bot", "url", k.receiver.URL)
		if status != http.StatusOK || !strings.Contains(text, "whsec_") {
			t.Errorf("a target of a group: %d", status)
		}
		k.owner.wantText("/groups/2?tab=targets", "is not used by any product")
		k.owner.wantText("/groups/2?tab=settings", "Last changed by <bdi>owner</bdi>")
		k.owner.wantText("/products/1/move?group=2", "the gate uses the thresholds of “Strict”: critical 1, high 0",
			"targets of “Strict”")
		k.owner.wantText("/products/1", "Passed")
		k.owner.mustPost("/products/1/move", "group", "2")
		k.owner.wantText("/products/1?tab=settings", "Failed", "2 critical",
			"The group overrides this setting: group thresholds: critical 1")
		k.owner.wantText("/products/1?tab=targets", "Bot", "From the group")
		k.owner.wantText("/groups/2?tab=targets", "is used by 1 product")
		m := k.receiver.Wait(t, 1)
		target := k.admin.Must(http.StatusOK, "GET", "/groups/2/targets", nil).ID("items.0.id")
		k.owner.mustPost(fmt.Sprintf("/groups/2/targets/%d/test", target))
		apptest.Eventually(t, "both have arrived", func() bool { return len(k.receiver.Messages()) == 2 })
		k.owner.wantText("/groups/2", "1 failing gate")
		k.owner.wantText("/products?group=2", "Shop", "1 product")
		k.owner.wantText("/products", `href="/products?group=2"`)
		k.maintainer.wantText("/products", "Strict")
		k.maintainer.wantNoText("/products", "group=2")
		if !strings.Contains(string(m.Body), "a move of the product to another group") {
			t.Errorf("the message does not say why: %s", m.Body)
		}
		k.owner.mustPost("/products/1/move", "group", "2") // again: nothing
		k.counts(t, 2)
		apptest.Eventually(t, "the delivery settles", func() bool {
			return itemCount(k.admin.Must(http.StatusOK, "GET", "/deliveries?state=delivered", nil)) == 2
		})
		if n := itemCount(k.admin.Must(http.StatusOK, "GET", "/products/1/gate/history", nil)); n != 2 {
			t.Errorf("%d changes of the gate, want 2: passed, then failed", n)
		}
		if n := len(k.receiver.Messages()); n != 2 {
			t.Errorf("%d messages, want the change and the test", n)
		}

		// Only users who can edit the group can remove the product.
		k.maintainer.wantNoText("/products/1?tab=settings", "/products/1/move")
		if status, _ := k.maintainer.post("/products/1/move", "group", "0"); status != http.StatusForbidden {
			t.Errorf("a product's maintainer takes it out: %d", status)
		}
		// The maintainer's targets tab shows the group's target without its address.
		k.maintainer.wantText("/products/1?tab=targets", "Bot")
		k.maintainer.wantNoText("/products/1?tab=targets", "127.0.0.1", "/groups/2")

		// The second of two conflicting changes is refused.
		status, text = k.owner.post("/groups/2/settings", "name", "Late", "gate_mode", "own", "version", "1")
		if status != http.StatusConflict || !strings.Contains(text, "Another user changed this group") {
			t.Errorf("the second gets no conflict: %d", status)
		}
		k.owner.wantFieldError("Enter a number from 0 to 999999", "/groups/2/settings", "name", "Strict", "gate_mode", "own",
			"threshold_high", "1000000")
	})
}
