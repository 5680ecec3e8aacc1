package apptest_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"gatecrier/app/apptest"
)

// need names who can use a route.
type need string

const (
	anyone      need = "anyone"
	signedIn    need = "a signed-in user"
	bearer      need = "a user, by a token without limits"
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
	mine        need = "the administrator's own token or resend"
	readInbox   need = "read the product's inbox"
	moveProduct need = "own the product and edit its group"
	nobody      need = "there is no such thing"
	uploadPage  need = "view the product and import into it"
)

// The actors outside the roles of users: tokens are those of the product, limited to a role.
const (
	anonymous       = "anonymous"
	stranger        = "stranger"
	administrator   = "admin"
	tokenUpload     = "token-upload"
	tokenReader     = "token-reader"
	tokenMaintainer = "token-maintainer"
)

// The users by how they get their role: in the product, in its group, by an authorization group.
var (
	direct   = []string{"reader", "upload", "writer", "maintainer", "owner"}
	byGroup  = []string{"group-reader", "group-upload", "group-writer", "group-maintainer", "group-owner"}
	byUsers  = []string{"users-reader", "users-maintainer", "users-group-owner", "users-manager"}
	everyone = slices.Concat([]string{anonymous, stranger}, direct, byGroup, byUsers, []string{administrator})
	tokens   = []string{tokenUpload, tokenReader, tokenMaintainer}
)

// allowed lists the users that have each need. Administrators have all, except for other users' own
// objects.
var allowed = map[need][]string{
	viewProduct: {
		"reader", "writer", "maintainer", "owner", "group-reader", "group-writer", "group-maintainer",
		"group-owner", "users-reader", "users-maintainer", "users-group-owner", tokenReader, tokenMaintainer,
	},
	imports: {
		"upload", "writer", "maintainer", "owner", "group-upload", "group-writer", "group-maintainer", "group-owner",
		"users-maintainer", "users-group-owner", tokenUpload, tokenMaintainer,
	},
	assesses: {
		"writer", "maintainer", "owner", "group-writer", "group-maintainer", "group-owner", "users-maintainer",
		"users-group-owner", tokenMaintainer,
	},
	editProduct: {
		"maintainer", "owner", "group-maintainer", "group-owner", "users-maintainer", "users-group-owner",
		tokenMaintainer,
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
	case readInbox: // it needs read marks, which product tokens do not have
		return viewProduct.allows(who) && !slices.Contains(tokens, who)
	case viewProduct, imports, assesses, editProduct, ownProduct, viewGroup, editGroup, ownGroup, inUsers, manageUsers:
	}
	return who == administrator || slices.Contains(allowed[n], who)
}

// hides reports whether the route must hide the existence of the object from a user.
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

// route is a line of the table.
type route struct {
	method, path string
	need         need
	body         any    // of the interface
	form         string // of a page
	once         bool   // it removes what other routes need
}

// name returns the program's name of the route.
func (r route) name() string {
	path, _, _ := strings.Cut(r.path, "?")
	for _, part := range [][2]string{
		{"/members/{user}", "/members/:user_id"},
		{"/tokens/{token}", "/tokens/:token_id"},
		{"/jobs/forget_resends", "/jobs/:name"},
		{"/products/{product}/tokens/{token}/delete", "/products/:id/tokens/:token/delete"},
		{"/ingest-key/rotate", "/ingest-key/:action"},
		{"/ingest-key/show", "/ingest-key/:action"},
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

// isRefusal reports whether a status refuses the user.
func isRefusal(status int) bool {
	return status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusNotFound
}

func TestRouteByRole(t *testing.T) {
	t.Parallel()
	isAPI := func(r route) bool { return strings.HasPrefix(r.path, "/api/v1") }
	for name, part := range map[string]struct {
		api   bool
		users []string
	}{
		"pages": {false, everyone},
		"API":   {true, slices.Concat(everyone, tokens)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newRightsFixture(t)
			for _, r := range rightsTable {
				if isAPI(r) != part.api {
					continue
				}
				for _, user := range part.users {
					w.checkRight(user, r)
				}
			}
		})
	}
}

func jsonText(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		return s
	}
	return strings.Trim(string(text), `"`)
}

// Every new route must state its rights in the table.
func TestRights_EveryRouteIsInTable(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	known := map[string]bool{}
	for _, r := range rightsTable {
		known[withoutParamNames(r.name())] = true
	}
	for _, route := range openRoutes {
		known[route] = true
	}
	there := map[string]bool{}
	for _, route := range p.Routes() {
		there[withoutParamNames(route)] = true
	}
	for _, route := range slices.Sorted(maps.Keys(there)) {
		if !known[route] {
			t.Errorf("%s is not in the table of rights", route)
		}
	}
	for _, route := range slices.Sorted(maps.Keys(known)) {
		if !there[route] {
			t.Errorf("%s is in the table of rights, and not there", route)
		}
	}
}

// withoutParamNames removes the parameter names from a route.
func withoutParamNames(route string) string {
	parts := strings.Split(route, "/")
	for i, p := range parts {
		if strings.HasPrefix(p, ":") || strings.HasPrefix(p, "{") {
			parts[i] = ":"
		}
	}
	return strings.Join(parts, "/")
}

// openRoutes are open to everyone, and about no object.
var openRoutes = []string{
	"POST /logout",
	"GET /healthz",
	"GET /readyz",
	"GET /static/*path",
	"GET /badge/:",
	"GET /feed/:",
	"GET /login",
	"POST /login",
	"GET /login/forgot",
	"POST /login/forgot",
	"GET /login/reset",
	"POST /login/reset",
	"GET /login/mail",
	"POST /login/mail",
	"GET /login/undo",
	"POST /login/undo", // links of mails are secrets

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
