package apptest_test

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"gatecrier/app/apptest"
)

// person is somebody who is signed in, without a screen.
type person struct {
	t    *testing.T
	url  string
	http *http.Client
}

func signedInAs(t *testing.T, p *apptest.Program, name string) person {
	t.Helper()
	c := visitor(t)
	if status, to := submit(
		t, c, p.URL+"/login", form("name", name, "password", apptest.Password), formKind,
	); status != http.StatusSeeOther ||
		to != "/" {
		t.Fatalf("signed in: %d to %q", status, to)
	}
	return person{t, p.URL, c}
}

// read opens a page.
func (v person) read(path string) (status int, text string) {
	v.t.Helper()
	req, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, v.url+path, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	return v.send(req)
}

// post sends a form, and returns the page that answers it.
func (v person) post(path string, pairs ...string) (status int, text string) {
	v.t.Helper()
	req, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, v.url+path, form(pairs...))
	if err != nil {
		v.t.Fatal(err)
	}
	req.Header.Set("Content-Type", formKind)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return v.send(req)
}

func (v person) send(req *http.Request) (status int, text string) {
	v.t.Helper()
	res, err := v.http.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		v.t.Error(err)
	}
	return res.StatusCode, string(body)
}

// sees fails the test unless a page has each of the texts.
func (v person) sees(path string, texts ...string) {
	v.t.Helper()
	status, page := v.read(path)
	if status != http.StatusOK {
		v.t.Errorf("%s: %d", path, status)
	}
	for _, text := range texts {
		if !strings.Contains(page, text) {
			v.t.Errorf("%s does not show %q", path, text)
		}
	}
}

// misses fails the test if a page has any of the texts.
func (v person) misses(path string, texts ...string) {
	v.t.Helper()
	status, page := v.read(path)
	if status != http.StatusOK {
		v.t.Errorf("%s: %d", path, status)
	}
	for _, text := range texts {
		if strings.Contains(page, text) {
			v.t.Errorf("%s shows %q", path, text)
		}
	}
}

// does sends a form that is carried out.
func (v person) does(path string, pairs ...string) {
	v.t.Helper()
	if status, text := v.post(path, pairs...); status != http.StatusSeeOther {
		v.t.Errorf("POST %s: %d\n%s", path, status, wrongIn(text))
	}
}

var wrongs = regexp.MustCompile(`(?s)class="gc-err".*?<span>(.*?)</span>`)

// wrongIn is what a page says is wrong with its fields.
func wrongIn(page string) string {
	var all []string
	for _, m := range wrongs.FindAllStringSubmatch(page, -1) {
		all = append(all, m[1])
	}
	return strings.Join(all, "; ")
}

// refused sends a form that is not carried out, with the reason beside a field.
func (v person) refused(reason, path string, pairs ...string) {
	v.t.Helper()
	if status, text := v.post(
		path,
		pairs...); status != http.StatusUnprocessableEntity ||
		!strings.Contains(wrongIn(text), reason) {
		v.t.Errorf("POST %s: %d, %q, want %q", path, status, wrongIn(text), reason)
	}
}

// company is a group with a product, and people in it, all by pages.
type company struct {
	p                                   *apptest.Program
	admin                               *apptest.Client
	owner, maintainer, reader, stranger person
	receiver                            *apptest.Receiver
	group, product, users, team         string
}

func newCompany(t *testing.T, p *apptest.Program) company {
	t.Helper()
	for _, name := range []string{"owner", "maintainer", "reader", "stranger"} {
		p.User(name)
	}
	k := company{
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
	k.owner.does("/groups", "name", "Payments", "description", "All that moves money")
	k.owner.does("/products", "name", "Shop", "group_id", "1")
	k.owner.does("/groups/1/members", "user", "reader", "role", "reader")
	k.owner.does("/products/1/members", "user", " maintainer ", "role", "maintainer")
	k.admin.Must(http.StatusCreated, "POST", "/authorization-groups", map[string]any{"name": k.team})
	return k
}

func (k company) counts(t *testing.T, critical int) {
	t.Helper()
	k.admin.Must(http.StatusOK, "PUT", k.product+"/counts", map[string]any{"scanner": "x", "counts": counts(critical)})
}

func TestStrangersFindNoPageOfAGroup(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	k := newCompany(t, p)
	for _, path := range []string{
		"/groups/1", "/groups/1?tab=members", "/groups/1?tab=targets", "/groups/1?tab=settings", "/groups/1/delete", "/groups/x", "/products/1?tab=tokens",
		"/products/1/move?group=1", "/products?group=1", "/authorization-groups/1", "/authorization-groups/1/delete", "/admin/audit?product=1",
	} {
		if status, text := k.stranger.read(path); status != http.StatusNotFound || strings.Contains(text, "Payments") ||
			strings.Contains(text, "Shop") {
			t.Errorf("%s: %d", path, status)
		}
	}
	for _, path := range []string{
		"/groups/1/settings", "/groups/1/delete", "/groups/1/members", "/groups/1/members/1/delete", "/groups/1/authorization-groups", "/groups/1/authorization-groups/1/delete",
		"/groups/1/targets", "/groups/1/targets/1/test", "/groups/1/targets/1/enable", "/groups/1/targets/1/disable", "/groups/1/targets/1/delete",
		"/products/1/members", "/products/1/members/1/delete", "/products/1/authorization-groups", "/products/1/authorization-groups/1/delete",
		"/products/1/tokens", "/products/1/tokens/1/delete", "/products/1/move",
		"/authorization-groups/1", "/authorization-groups/1/delete", "/authorization-groups/1/members", "/authorization-groups/1/members/1/delete",
	} {
		if status, _ := k.stranger.post(
			path,
			"name",
			"x",
			"user",
			"stranger",
			"role",
			"owner",
			"confirm",
			"Payments",
			"products",
			"delete",
			"authorization_group",
			"Team",
		); status != http.StatusNotFound {
			t.Errorf("POST %s: %d", path, status)
		}
	}
	for _, path := range []string{"/admin/audit", "/admin/settings/general"} {
		if status, _ := k.stranger.read(path); status != http.StatusForbidden {
			t.Errorf("%s: %d", path, status)
		}
	}
	k.stranger.misses("/groups", "Payments")
	k.stranger.misses("/authorization-groups", k.team)
	k.stranger.refused("There is no such group", "/products", "name", "Mine", "group_id", "1")
}

// Each does what his role allows, and sees the buttons of no more.
func TestEachRoleAtItsPages(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	k := newCompany(t, p)
	k.owner.does(
		"/products/1/settings",
		"name",
		"Shop",
		"default_branch",
		"main",
		"gate_mode",
		"standard",
		"slack_webhook",
		k.receiver.URL+"/slack",
		"email_to",
		"eve@example.org",
	)
	k.maintainer.sees("/products/1?tab=settings", "eve@example.org", "Last changed by <bdi>owner</bdi>")
	k.maintainer.does(
		"/products/1/settings",
		"name",
		"Shop",
		"default_branch",
		"main",
		"gate_mode",
		"own",
		"threshold_critical",
		"3",
		"email_to",
		"eve@example.org",
	)
	k.maintainer.misses("/products/1?tab=members", `value="owner"`, "Remove owner")
	k.maintainer.sees("/products/1?tab=members", "Add a member")
	if status, _ := k.maintainer.read("/admin/audit?product=1"); status != http.StatusForbidden {
		t.Errorf("a maintainer reads the audit: %d", status)
	}
	k.owner.sees("/admin/audit?product=1", "owner", "maintainer", "thresholds critical", "Slack")
	k.owner.misses("/admin/audit?product=1&kind=target", "threshold")

	k.reader.sees("/products/1?tab=members", "maintainer", "By the group", "Payments")
	k.reader.sees("/groups/1?tab=members", "owner", "reader")
	for _, path := range []string{"/products/1?tab=members", "/products/1?tab=settings", "/products/1?tab=targets", "/products/1?tab=tokens", "/groups/1", "/groups/1?tab=members", "/groups/1?tab=settings"} {
		k.reader.misses(
			path,
			`method="post" action="/products`,
			`method="post" action="/groups`,
			"eve@example.org",
			"/delete",
			"New product here",
			"/admin/audit",
		)
	}
	for _, path := range []string{"/products/1/members", "/products/1/tokens", "/products/1/move", "/groups/1/settings", "/groups/1/members", "/groups/1/targets", "/groups/1/delete"} {
		if status, _ := k.reader.post(
			path,
			"user",
			"reader",
			"role",
			"owner",
			"name",
			"x",
			"expires",
			"30",
			"products",
			"keep",
			"confirm",
			"Payments",
			"group",
			"0",
		); status != http.StatusForbidden {
			t.Errorf("a reader, POST %s: %d", path, status)
		}
	}

	admin := signedInAs(t, p, "admin")
	admin.does("/admin/settings/general", "site_name", "Northern Quay", "version", "0")
	admin.sees("/admin/settings/general", "Last changed by")
	admin.sees("/admin/audit?kind=settings", "<dt>site name</dt>", "Northern Quay")
	admin.sees("/admin/audit?actor=maint", "threshold")
	admin.misses("/admin/audit?actor=maint", "<dt>site name</dt>")
	admin.misses("/admin/audit?until=2001-01-01", "<dt>site name</dt>")
	admin.sees("/admin/audit?since=2001-01-01&q=gener", "<dt>site name</dt>")
	admin.sees("/admin/audit?since=x", "A day like")
}

func TestMembersByPage(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	k := newCompany(t, p)
	k.owner.refused("There is no user of that name", "/products/1/members", "user", "nobody", "role", "reader")
	k.owner.refused("One of reader", "/groups/1/members", "user", "reader", "role", "king")
	k.owner.refused(
		"There is no authorization group",
		"/groups/1/authorization-groups",
		"authorization_group",
		"nobody",
		"role",
		"reader",
	)
	k.owner.refused("Choose one", "/groups/1/authorization-groups", "authorization_group", k.team)
	k.owner.does("/groups/1/members", "user", "owner", "role", "reader")
	k.owner.sees("/groups/1?tab=members", "This is the last owner")
	k.maintainer.does("/products/1/members", "user", "reader", "role", "owner")
	k.maintainer.sees("/products/1?tab=members", "Only owners manage owners")
	k.maintainer.does("/products/1/members", "user", "stranger", "role", "writer")
	k.stranger.sees("/products/1?tab=members", "stranger")

	k.owner.does("/groups/1/authorization-groups", "authorization_group", k.team, "role", "writer")
	k.owner.sees("/products/1?tab=members", k.team, "(authorization group) writer")
	k.owner.does("/groups/1/authorization-groups/1/delete")
	k.owner.misses("/products/1?tab=members", "(authorization group)")

	// Who takes himself out is led to where he may be.
	id := k.admin.Must(http.StatusOK, "GET", "/products/1/members", nil).ID("items.2.user_id")
	if status, to := submit(
		t, k.stranger.http, p.URL+fmt.Sprintf("/products/1/members/%d/delete", id), form(), formKind,
	); status != http.StatusForbidden {
		t.Errorf("a writer takes himself out: %d to %q", status, to)
	}
	k.maintainer.does(fmt.Sprintf("/products/1/members/%d/delete", id))
	if status, _ := k.stranger.read("/products/1"); status != http.StatusNotFound {
		t.Errorf("a former member sees the product: %d", status)
	}
	own := k.admin.Must(http.StatusOK, "GET", "/products/1/members", nil).ID("items.0.user_id")
	if _, to := submit(
		t, k.maintainer.http, p.URL+fmt.Sprintf("/products/1/members/%d/delete", own), form(), formKind,
	); to != "/products" {
		t.Errorf("who has left is led to %q", to)
	}
}

// A manager's new member sees the product at once, and is out at once.
func TestAManagerAddsAndRemoves(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	k := newCompany(t, p)
	admin := signedInAs(t, p, "admin")
	admin.refused("There is an authorization group of that name", "/authorization-groups", "name", "team")
	admin.refused("There is no user of that name", k.users+"/members", "user", "nobody")
	admin.does(k.users+"/members", "user", "maintainer", "manager", "on")
	admin.does("/groups/1/authorization-groups", "authorization_group", k.team, "role", "reader")
	admin.sees(k.users, "Payments", "/groups/1?tab=members", "Manager no more")

	k.maintainer.sees("/", `href="/authorization-groups"`)
	k.maintainer.sees("/authorization-groups", k.team, "you manage it")
	k.maintainer.does(k.users+"/members", "user", "stranger")
	k.stranger.sees("/products/1", "Shop")
	k.stranger.sees("/groups/1", "Shop")
	k.stranger.sees(k.users, "maintainer")
	k.stranger.misses(k.users, "Add a member", "Payments", "Rename")
	if status, _ := k.stranger.post(k.users+"/members", "user", "reader"); status != http.StatusForbidden {
		t.Errorf("who manages nothing adds a member: %d", status)
	}
	for _, path := range []string{k.users, k.users + "/delete"} {
		if status, _ := k.maintainer.post(path, "name", "Mine", "confirm", k.team); status != http.StatusForbidden {
			t.Errorf("a manager, POST %s: %d", path, status)
		}
	}
	id := k.admin.Must(http.StatusOK, "GET", k.users, nil).ID("members.1.user_id")
	k.maintainer.does(fmt.Sprintf("%s/members/%d/delete", k.users, id))
	for _, path := range []string{"/products/1", "/groups/1", k.users} {
		if status, _ := k.stranger.read(path); status != http.StatusNotFound {
			t.Errorf("a former member, %s: %d", path, status)
		}
	}

	// Two administrators at once: the second is told.
	admin.does(k.users, "name", "Crew", "version", "1")
	if status, text := admin.post(k.users, "name", "Gang", "version", "1"); status != http.StatusConflict ||
		!strings.Contains(text, "Somebody else has changed") {
		t.Errorf("the second is not told: %d", status)
	}
	admin.sees(k.users+"/delete", "1 member is", "the role reader in Payments")
	admin.refused("Type the group", k.users+"/delete", "confirm", "Gang")
	admin.does(k.users+"/delete", "confirm", "Crew")
	if status, _ := admin.read(k.users); status != http.StatusNotFound {
		t.Errorf("it is still there: %d", status)
	}
}

func TestAGroupIsDeletedBothWays(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	k := newCompany(t, p)
	k.owner.does("/groups", "name", "Second")
	k.owner.does("/products", "name", "Kept", "group_id", "2")
	k.owner.sees("/groups/1/delete", "Its 1 product", "Delete them too")
	k.owner.refused("Say what becomes of them", "/groups/1/delete", "confirm", "Payments")
	k.owner.refused("Type the group", "/groups/1/delete", "products", "delete", "confirm", "payments")
	k.owner.sees("/groups/1", "Shop")
	k.owner.refused("It has 1 product now", "/groups/1/delete", "products", "delete", "confirm", "Payments", "count", "0")
	k.owner.does("/groups/1/delete", "products", "delete", "confirm", "Payments", "count", "1")
	k.owner.does("/groups/2/delete", "products", "keep", "confirm", "Second")
	k.owner.sees("/groups", "There is no group that you can see")
	k.owner.misses("/products", "Shop")
	k.owner.sees("/products", "Kept")
	k.owner.misses("/products", "in <bdi>Second")
	if n := rows(k.admin.Must(http.StatusOK, "GET", "/products", nil)); n != 1 {
		t.Errorf("%d products are left, want 1", n)
	}
}

// A move to a stricter group is asked for with what it means; it flips the gate,
// and the group's target is told, once.
func TestAMoveToAStricterGroupIsToldOnce(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, p *apptest.Program) {
		k := newCompany(t, p)
		k.owner.does(
			"/products/1/settings", "name", "Shop", "default_branch", "main", "gate_mode", "own", "threshold_critical", "5",
		)
		k.counts(t, 2)
		k.owner.does("/groups", "name", "Strict")
		k.owner.does("/groups/2/settings", "name", "Strict", "gate_mode", "own", "threshold_critical", "1", "version", "1")
		if status, text := k.owner.post(
			"/groups/2/targets", "module", "webhook", "name", "Bot", "url", k.receiver.URL,
		); status != http.StatusOK ||
			!strings.Contains(text, "whsec_") {
			t.Errorf("a target of a group: %d", status)
		}
		k.owner.sees("/groups/2?tab=targets", "tells of no product now")
		k.owner.sees("/groups/2?tab=settings", "Last changed by <bdi>owner</bdi>")
		k.owner.sees(
			"/products/1/move?group=2",
			"the limits of “Strict” decide its gate: critical 1, high 0",
			"the targets of “Strict”",
		)
		k.owner.sees("/products/1", "Passed")
		k.owner.does("/products/1/move", "group", "2")
		k.owner.sees(
			"/products/1?tab=settings", "Failed", "2 critical", "Now the group decides: limits of the group: critical 1",
		)
		k.owner.sees("/products/1?tab=targets", "Bot", "By the group")
		k.owner.sees("/groups/2?tab=targets", "tells of 1 product")
		m := k.receiver.Wait(t, 1)
		k.owner.does(
			fmt.Sprintf(
				"/groups/2/targets/%d/test", k.admin.Must(http.StatusOK, "GET", "/groups/2/targets", nil).ID("items.0.id"),
			),
		)
		apptest.Eventually(t, "both have arrived", func() bool { return len(k.receiver.Messages()) == 2 })
		k.owner.sees("/groups/2", "1 gate fails")
		k.owner.sees("/products?group=2", "Shop", "1 product")
		k.owner.sees("/products", `href="/products?group=2"`)
		k.maintainer.sees("/products", "Strict")
		k.maintainer.misses("/products", "group=2")
		if !strings.Contains(string(m.Body), "a move of the product to another group") {
			t.Errorf("the message does not say why: %s", m.Body)
		}
		k.owner.does("/products/1/move", "group", "2") // again: nothing
		k.counts(t, 2)
		apptest.Eventually(t, "the delivery settles", func() bool {
			return rows(k.admin.Must(http.StatusOK, "GET", "/deliveries?state=delivered", nil)) == 2
		})
		if n := rows(k.admin.Must(http.StatusOK, "GET", "/products/1/gate/history", nil)); n != 2 {
			t.Errorf("%d changes of the gate, want 2: passed, then failed", n)
		}
		if n := len(k.receiver.Messages()); n != 2 {
			t.Errorf("%d messages, want the change and the test", n)
		}

		// Only who may edit the group takes the product out.
		k.maintainer.misses("/products/1?tab=settings", "/products/1/move")
		if status, _ := k.maintainer.post("/products/1/move", "group", "0"); status != http.StatusForbidden {
			t.Errorf("a product's maintainer takes it out: %d", status)
		}
		// His targets tab has the group's target without where it leads.
		k.maintainer.sees("/products/1?tab=targets", "Bot")
		k.maintainer.misses("/products/1?tab=targets", "127.0.0.1", "/groups/2")

		// The second of two who save is told.
		if status, text := k.owner.post(
			"/groups/2/settings", "name", "Late", "gate_mode", "own", "version", "1",
		); status != http.StatusConflict ||
			!strings.Contains(text, "Somebody else has changed this group") {
			t.Errorf("the second is not told: %d", status)
		}
		k.owner.refused(
			"From 0 to 999999", "/groups/2/settings", "name", "Strict", "gate_mode", "own", "threshold_high", "1000000",
		)
	})
}

func TestTokensByPage(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	k := newCompany(t, p)
	k.owner.refused("1 to 100 characters", "/products/1/tokens", "name", "", "role", "upload", "expires", "30")
	k.owner.refused("One of reader", "/products/1/tokens", "name", "ci", "role", "owner", "expires", "30")
	k.owner.refused("A number of days", "/products/1/tokens", "name", "ci", "role", "upload", "expires", "soon")
	k.owner.refused("A time to come", "/products/1/tokens", "name", "ci", "role", "upload", "expires", "-3")
	status, page := k.owner.post("/products/1/tokens", "name", "ci", "role", "upload", "expires", "30")
	made := regexp.MustCompile(`aria-label="the token">([^<]+)</code>`).FindStringSubmatch(page)
	if status != http.StatusOK || made == nil || !strings.Contains(page, "gatecrier push --url") {
		t.Fatalf("a token: %d", status)
	}
	ci := apptest.NewClient(t, p.URL, made[1])
	ci.Must(http.StatusOK, "PUT", k.product+"/counts", map[string]any{"scanner": "x", "counts": counts(1)})
	k.owner.misses("/products/1?tab=tokens", made[1])
	k.owner.sees("/products/1?tab=tokens", "ends in", "upload", made[1][len(made[1])-4:])
	id := k.admin.Must(http.StatusOK, "GET", k.product+"/tokens", nil).ID("items.0.id")
	k.owner.does(fmt.Sprintf("/products/1/tokens/%d/delete", id))
	ci.Must(http.StatusUnauthorized, "PUT", k.product+"/counts", map[string]any{"scanner": "x", "counts": counts(0)})
	k.maintainer.misses("/products/1?tab=tokens", "New token", "?tab=tokens")
}
