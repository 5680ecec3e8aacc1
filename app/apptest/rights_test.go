package apptest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
)

// need is who may use a route. The table below has one for each that there is.
type need string

const (
	anyone      need = "anyone"
	signedIn    need = "whoever is signed in"
	bearer      need = "a user, by his unnarrowed token"
	adminOnly   need = "administrators"
	viewProduct need = "view the product"
	imports     need = "import into the product"
	assesses    need = "assess the product's observations"
	editProduct need = "edit the product"
	ownProduct  need = "own the product"
	viewGroup   need = "view the group"
	editGroup   need = "edit the group"
	ownGroup    need = "own the group"
	inUsers     need = "be in the authorization group"
	manageUsers need = "manage the authorization group"
	administers need = "administer, where others learn nothing"
	mine        need = "what an administrator has asked for"
	readInbox   need = "read the product's inbox"
	moveProduct need = "own the product and edit its group"
	nobody      need = "there is no such thing"
	uploadPage  need = "view the product and import into it"
)

// Those who ask: roles in the product, in its group, and by groups of users.
const (
	anonymous     = "anonymous"
	stranger      = "stranger"
	administrator = "admin"
	tokenUpload   = "token-upload"
	tokenReader   = "token-reader"
	tokenEditor   = "token-maintainer"
)

var (
	direct  = []string{"reader", "upload", "writer", "maintainer", "owner"}
	byGroup = []string{"group-reader", "group-upload", "group-writer", "group-maintainer", "group-owner"}
	byUsers = []string{"users-reader", "users-maintainer", "users-group-owner", "users-manager"}
	people  = slices.Concat([]string{anonymous, stranger}, direct, byGroup, byUsers, []string{administrator})
	tokens  = []string{tokenUpload, tokenReader, tokenEditor}
)

// allowed are those who may what a need says; administrators may all but what
// is another's own.
var allowed = map[need][]string{
	viewProduct: {
		"reader", "writer", "maintainer", "owner", "group-reader", "group-writer", "group-maintainer",
		"group-owner", "users-reader", "users-maintainer", "users-group-owner", tokenReader, tokenEditor,
	},
	imports: {
		"upload", "writer", "maintainer", "owner", "group-upload", "group-writer", "group-maintainer", "group-owner",
		"users-maintainer", "users-group-owner", tokenUpload, tokenEditor,
	},
	assesses: {
		"writer", "maintainer", "owner", "group-writer", "group-maintainer", "group-owner", "users-maintainer",
		"users-group-owner", tokenEditor,
	},
	editProduct: {
		"maintainer", "owner", "group-maintainer", "group-owner", "users-maintainer", "users-group-owner",
		tokenEditor,
	},
	ownProduct:  {"owner", "group-owner", "users-group-owner"},
	viewGroup:   {"group-reader", "group-writer", "group-maintainer", "group-owner", "users-group-owner"},
	editGroup:   {"group-maintainer", "group-owner", "users-group-owner"},
	ownGroup:    {"group-owner", "users-group-owner"},
	inUsers:     {"users-reader", "users-manager"},
	manageUsers: {"users-manager"},
}

func (n need) allows(who string) bool {
	switch n {
	case anyone:
		return true
	case signedIn:
		return who != anonymous
	case nobody:
		return false
	case bearer:
		return who != anonymous && !slices.Contains(tokens, who)
	case adminOnly, mine, administers:
		return who == administrator
	case moveProduct:
		return ownProduct.allows(who) && editGroup.allows(who)
	case uploadPage:
		return viewProduct.allows(who) && imports.allows(who)
	case readInbox: // it has marks, which tokens of products have not
		return viewProduct.allows(who) && !slices.Contains(tokens, who)
	case viewProduct, imports, assesses, editProduct, ownProduct, viewGroup, editGroup, ownGroup, inUsers, manageUsers:
	}
	return who == administrator || slices.Contains(allowed[n], who)
}

// hides reports whether who may not learn that the thing is there.
func (n need) hides(who string) bool {
	switch n {
	case mine, readInbox:
		return !slices.Contains(tokens, who)
	case administers:
		return true
	case viewProduct, imports, assesses, editProduct, ownProduct, uploadPage, moveProduct:
		return who == stranger || who == "users-manager"
	case viewGroup, editGroup, ownGroup:
		return who == stranger || slices.Contains(direct, who) || who == "users-manager" || who == "users-reader" ||
			who == "users-maintainer"
	case inUsers, manageUsers:
		return who != "users-reader" && who != "users-manager" && who != administrator && !slices.Contains(tokens, who)
	case anyone, signedIn, bearer, adminOnly, nobody:
	}
	return false
}

// world is one product with all that hangs on it, and everybody.
type rightsFixture struct {
	t        *testing.T
	p        *apptest.Program
	admin    *apptest.Client
	ids      map[string]int64
	api      map[string]*apptest.Client
	pages    map[string]*http.Client
	secrets  []string // what leads to targets
	receiver *apptest.Receiver
	n        int
}

func newRightsFixture(t *testing.T) *rightsFixture {
	t.Helper()
	p := apptest.Start(t, apptest.Options{})
	w := &rightsFixture{
		t:        t,
		p:        p,
		admin:    p.Client(administrator),
		ids:      map[string]int64{},
		api:      map[string]*apptest.Client{},
		pages:    map[string]*http.Client{},
		receiver: apptest.NewReceiver(t),
	}
	for _, name := range people {
		if name != anonymous && name != administrator {
			p.User(name)
		}
		w.signIn(name)
	}
	w.p.User("extra")
	w.users()
	w.prepare()
	return w
}

// signIn signs somebody in, by page and by token.
func (w *rightsFixture) signIn(name string) {
	w.t.Helper()
	w.pages[name] = newHTTPClient(w.t)
	if name == anonymous {
		w.api[name] = apptest.NewClient(w.t, w.p.URL, "")
		return
	}
	status, _ := submitForm(w.t, w.pages[name], w.p.URL+"/login", encodeForm("name", name, "password", apptest.Password),
		formKind)
	if status != http.StatusSeeOther {
		w.t.Fatalf("%s does not get in: %d", name, status)
	}
	w.api[name] = w.p.Client(name)
}

// users makes the groups of users.
func (w *rightsFixture) users() {
	w.t.Helper()
	for name, members := range map[string][]string{
		"readers": {"users-reader"}, "maintainers": {"users-maintainer"}, "owners": {"users-group-owner"},
	} {
		id := w.admin.Must(http.StatusCreated, "POST", "/authorization-groups", object{"name": name}).ID("id")
		w.ids[name] = id
		for _, m := range members {
			w.admin.Must(http.StatusNoContent, "POST", fmt.Sprintf("/authorization-groups/%d/members", id), object{"user": m})
		}
	}
	w.ids["empty"] = w.admin.Must(http.StatusCreated, "POST", "/authorization-groups", object{"name": "empty"}).
		ID("id")
}

// prepare makes another product in another group, with all that a route may name.
func (w *rightsFixture) prepare() {
	w.t.Helper()
	w.n++
	c := w.admin
	group := c.Must(http.StatusCreated, "POST", "/groups", object{"name": fmt.Sprintf("Group %d", w.n)}).ID("id")
	mail := fmt.Sprintf("hidden-%d@example.org", w.n)
	product := c.Must(http.StatusCreated, "POST", "/products",
		object{"name": fmt.Sprintf("Product %d", w.n), "group_id": group, "email_to": mail}).
		ID("id")
	at := fmt.Sprintf("/products/%d", product)
	w.secrets = []string{mail, "h…@example.org", w.receiver.URL + "/hidden"}
	for _, role := range direct {
		c.Must(http.StatusCreated, "POST", at+"/members", object{"user": role, "role": role})
		c.Must(http.StatusCreated, "POST", fmt.Sprintf("/groups/%d/members", group),
			object{"user": "group-" + role, "role": role})
	}
	c.Must(http.StatusNoContent, "POST", at+"/authorization-groups",
		object{"authorization_group": "maintainers", "role": "maintainer"})
	c.Must(http.StatusNoContent, "POST", fmt.Sprintf("/groups/%d/authorization-groups", group),
		object{"authorization_group": "owners", "role": "owner"})
	c.Must(http.StatusNoContent, "POST", at+"/authorization-groups",
		object{"authorization_group": "readers", "role": "reader"})
	for _, of := range []string{at, fmt.Sprintf("/groups/%d", group)} {
		c.Must(http.StatusNoContent, "POST", of+"/authorization-groups",
			object{"authorization_group": "empty", "role": "reader"})
		w.ids["user"] = c.Must(http.StatusCreated, "POST", of+"/members", object{"user": "extra", "role": "reader"}).
			ID("user_id")
	}
	w.ids["spare"] = c.Must(http.StatusCreated, "POST", "/authorization-groups",
		object{"name": fmt.Sprintf("Spare %d", w.n)}).
		ID("id")
	for _, user := range []string{"users-reader", "extra"} {
		c.Must(http.StatusNoContent, "POST", fmt.Sprintf("/authorization-groups/%d/members", w.ids["spare"]),
			object{"user": user})
	}
	c.Must(http.StatusNoContent, "POST", fmt.Sprintf("/authorization-groups/%d/members", w.ids["spare"]),
		object{"user": "users-manager", "manager": true})
	hook := c.Must(http.StatusCreated, "POST", at+"/targets",
		object{"module": "webhook", "name": "hook", "config": map[string]string{"url": w.receiver.URL + "/hidden"}}).
		ID("id")
	w.ids["product"], w.ids["group"], w.ids["target"] = product, group, hook
	w.ids["grouptarget"] = c.Must(http.StatusCreated, "POST", fmt.Sprintf("/groups/%d/targets", group),
		object{"module": "slack", "name": "chat", "config": map[string]string{"url": w.receiver.URL + "/hidden"}}).
		ID("id")
	for name, role := range map[string]string{tokenUpload: "upload", tokenReader: "reader", tokenEditor: "maintainer"} {
		a := c.Must(http.StatusCreated, "POST", at+"/tokens", object{"name": name, "role": role})
		text, _ := a.Get("token").(string)
		w.api[name] = apptest.NewClient(w.t, w.p.URL, text)
		w.ids["token"] = a.ID("id")
	}
	c.Must(http.StatusCreated, "POST", at+"/ingest-key", nil)
	c.Must(http.StatusOK, "PUT", at+"/counts", object{"scanner": "x", "counts": criticalCounts(w.n % 2)})
	c.Must(http.StatusOK, "PUT", at+"/counts", object{"branch": "dev", "scanner": "x", "counts": criticalCounts(1)})
	w.ids["branch"] = c.Must(http.StatusOK, "GET", at+"/branches?q=dev", nil).ID("items.0.id")
	badge, _ := c.Must(http.StatusCreated, "POST", at+"/badge", nil).Get("url").(string)
	w.secrets = append(w.secrets, strings.TrimPrefix(badge, w.p.URL))
	apptest.Eventually(w.t, "its first change is told", func() bool {
		w.p.Clock.Advance(time.Second)
		a := c.Do("GET", fmt.Sprintf("/deliveries?connection=%d&state=delivered", hook), nil)
		w.ids["delivery"], w.ids["event"] = a.ID("items.0.id"), a.ID("items.0.event_id")
		return w.ids["delivery"] != 0
	})
	w.ids["observation"] = c.Must(http.StatusCreated, "POST", at+"/observations",
		object{"title": "By hand", "severity": "low"}).
		ID("id")
	w.ids["finding"] = w.ids["observation"]
	for _, name := range []string{"exception", "like"} {
		w.ids[name] = c.Must(http.StatusAccepted, "POST", "/exceptions",
			object{"class": name, "message": "m", "product": product}).
			ID("group")
	}
	if old := w.ids["usertoken"]; old != 0 { // one may not have any number of them
		c.Do("DELETE", fmt.Sprintf("/tokens/%d", old), nil)
	}
	w.ids["usertoken"] = c.Must(http.StatusCreated, "POST", "/tokens", object{"name": "another"}).ID("id")
	soon := w.p.Store.Now().Add(30 * 24 * time.Hour) // until then they hold nothing back
	if old := w.ids["allsilence"]; old != 0 {
		c.Do("DELETE", fmt.Sprintf("/silences/%d", old), nil)
	}
	for name, of := range map[string]object{
		"silence": {"product_id": product}, "groupsilence": {"group_id": group}, "allsilence": {},
	} {
		of["reason"], of["starts_at"], of["ends_at"] = name, soon, soon.Add(time.Hour)
		w.ids[name] = c.Must(http.StatusCreated, "POST", "/silences", of).ID("id")
	}
	w.ids["resend"] = c.Must(http.StatusAccepted, "POST", "/deliveries/resend", object{"ids": []int64{w.ids["delivery"]}}).
		ID("resend.id")
}

// ask makes a request as somebody, and returns its status and text.
func (w *rightsFixture) ask(who string, r route) (int, string) {
	w.t.Helper()
	path, values := strings.ReplaceAll(r.path, "{section}", "gate"), r.form
	body := r.body
	if fields, ok := body.(map[string]any); ok { // with a product's id, or a group's
		filled := object{}
		for name, value := range fields {
			if ref, ok := value.(idOf); ok {
				value = w.ids[string(ref)]
			} else if refs, ok := value.([]idOf); ok {
				value = []int64{w.ids[string(refs[0])]}
			}
			filled[name] = value
		}
		body = filled
	}
	for name, id := range w.ids {
		path, values = strings.ReplaceAll(path, "{"+name+"}", fmt.Sprint(id)), strings.ReplaceAll(values, "{"+name+"}",
			fmt.Sprint(id))
	}
	if strings.HasPrefix(path, "/api/v1") {
		a := w.api[who].Do(r.method, strings.TrimPrefix(path, "/api/v1"), body)
		return a.Status, a.Text
	}
	req, err := http.NewRequestWithContext(w.t.Context(), r.method, w.p.URL+path, strings.NewReader(values))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Content-Type", formKind)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	res, err := w.pages[who].Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() {
		if err := res.Body.Close(); err != nil {
			w.t.Error(err)
		}
	}()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	if strings.HasPrefix(res.Header.Get("Location"), "/login") {
		return http.StatusUnauthorized, ""
	}
	return res.StatusCode, string(text)
}

// idOf stands in a body for an id of the world.
type idOf string

// route is a line of the table.
type route struct {
	method, path string
	need         need
	body         any    // of the interface
	form         string // of a page
	once         bool   // it takes away what others need
}

// name is the route as the program calls it.
func (r route) name() string {
	path, _, _ := strings.Cut(r.path, "?")
	for _, part := range [][2]string{
		{"/members/{user}", "/members/:user_id"},
		{"/tokens/{token}", "/tokens/:token_id"},
		{"/jobs/forget_resends", "/jobs/:name"},
		{"/products/{product}/tokens/{token}/delete", "/products/:id/tokens/:token/delete"},
		{"/ingest-key/rotate", "/ingest-key/:action"},
		{"/ingest-key/delete", "/ingest-key/:action"},
		{"{user}/deactivate", ":id/:action"},
		{"/admin/users/{user}/password", "/admin/users/:id/:action"},
		{"/badge/renew", "/badge/:action"},
		{"/profile/feed/rotate", "/profile/feed/:action"},
	} {
		path = strings.ReplaceAll(path, part[0], part[1])
	}
	return r.method + " " + path
}

// isRefusal reports whether a status says that somebody may not.
func isRefusal(status int) bool {
	return status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusNotFound
}

func TestRouteByRole(t *testing.T) {
	t.Parallel()
	w := newRightsFixture(t)
	for _, r := range rightsTable {
		who := people
		if strings.HasPrefix(r.path, "/api/v1") {
			who = slices.Concat(people, tokens)
		}
		for _, name := range who {
			w.try(name, r)
		}
	}
}

func (w *rightsFixture) try(who string, r route) {
	w.t.Helper()
	may := r.need.allows(who)
	if may && r.once {
		defer w.prepare()
	}
	status, text := w.ask(who, r)
	what := r.method + " " + r.path + " as " + who
	switch {
	case who == anonymous && !may && status != http.StatusUnauthorized:
		w.t.Errorf("%s: %d, want a way to sign in", what, status)
	case may && isRefusal(status):
		w.t.Errorf("%s: %d, though he may: %.200s", what, status, text)
	case !may && !isRefusal(status):
		w.t.Errorf("%s: %d, though he may not: %.200s", what, status, text)
	case !may && who != anonymous && r.need.hides(who) && status != http.StatusNotFound:
		w.t.Errorf("%s: %d tells that it is there", what, status)
	case status >= http.StatusInternalServerError:
		w.t.Errorf("%s: %d %.300s", what, status, text)
	}
	if editProduct.allows(who) {
		return
	}
	for _, secret := range w.secrets {
		if strings.Contains(text, secret) || strings.Contains(text, jsonText(secret)) {
			w.t.Errorf("%s: %q is in the answer", what, secret)
		}
	}
}

func jsonText(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		return s
	}
	return strings.Trim(string(text), `"`)
}

// Nobody adds a route without saying who may use it.
func TestRights_EveryRouteIsInTable(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	told := map[string]bool{}
	for _, r := range rightsTable {
		told[withoutParamNames(r.name())] = true
	}
	for _, route := range openRoutes {
		told[route] = true
	}
	there := map[string]bool{}
	for _, route := range p.Routes() {
		there[withoutParamNames(route)] = true
	}
	for _, route := range slices.Sorted(maps.Keys(there)) {
		if !told[route] {
			t.Errorf("%s is not in the table of rights", route)
		}
	}
	for _, route := range slices.Sorted(maps.Keys(told)) {
		if !there[route] {
			t.Errorf("%s is in the table of rights, and not there", route)
		}
	}
}

// withoutParamNames leaves the names of a path's parts out.
func withoutParamNames(route string) string {
	parts := strings.Split(route, "/")
	for i, p := range parts {
		if strings.HasPrefix(p, ":") || strings.HasPrefix(p, "{") {
			parts[i] = ":"
		}
	}
	return strings.Join(parts, "/")
}

// openRoutes are for everybody, and about nobody.
var openRoutes = []string{
	"POST /logout",
	"GET /healthz",
	"GET /readyz",
	"GET /static/*path",
	"HEAD /static/*path",
	"GET /badge/:",
	"HEAD /badge/:",
	"GET /feed/:",
	"HEAD /feed/:",
	"GET /login",
	"POST /login",
	"GET /login/forgot",
	"POST /login/forgot",
	"GET /login/reset",
	"POST /login/reset",
	"GET /login/mail",
	"POST /login/mail", // links of mails are secrets

	"GET /inbox/live", // a stream: it has a test of its own

	"POST /api/:/envelope",
	"POST /api/:/envelope/",
	"OPTIONS /api/:/envelope",
	"OPTIONS /api/:/envelope/", // for ingest keys

	"GET /api/v1/openapi.json",
	"GET /api/v1/openapi.yaml",
	"GET /api/v1/openapi-3.0.json",
	"GET /api/v1/openapi-3.0.yaml",
}
