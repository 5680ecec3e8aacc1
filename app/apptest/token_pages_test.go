package apptest_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"gatecrier/app/apptest"
)

func TestTokenPages(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	k := newCompany(t, p)
	k.owner.wantFieldError("1 to 100 characters", "/products/1/tokens", "name", "", "role", "upload", "expires", "30")
	k.owner.wantFieldError("Choose reader", "/products/1/tokens", "name", "ci", "role", "owner", "expires", "30")
	k.owner.wantFieldError("Choose an expiry", "/products/1/tokens", "name", "ci", "role", "upload", "expires", "soon")
	k.owner.wantFieldError("Must be in the future", "/products/1/tokens", "name", "ci", "role", "upload", "expires", "-3")
	k.owner.wantFieldError("Enter your current password", "/products/1/tokens", "name", "ci", "role", "upload",
		"expires", "30")
	k.owner.wantFieldError("The current password is wrong", "/products/1/tokens", "name", "ci", "role", "upload",
		"expires", "30", "password", "guessed")
	status, page := k.owner.post("/products/1/tokens", "name", "ci", "role", "upload", "expires", "30",
		"password", apptest.Password)
	made := regexp.MustCompile(`aria-label="the token"[^>]*>([^<]+)</code>`).FindStringSubmatch(page)
	if status != http.StatusOK || made == nil || !strings.Contains(page, "gatecrier push --url") {
		t.Fatalf("a token: %d", status)
	}
	ci := apptest.NewClient(t, p.URL, made[1])
	ci.Must(http.StatusOK, "PUT", k.product+"/counts", object{"scanner": "x", "counts": criticalCounts(1)})
	k.owner.wantNoText("/products/1?tab=tokens", made[1])
	k.owner.wantText("/products/1?tab=tokens", "ends in", "upload", made[1][len(made[1])-4:])
	id := k.admin.Must(http.StatusOK, "GET", k.product+"/tokens", nil).ID("items.0.id")
	k.owner.mustPost(fmt.Sprintf("/products/1/tokens/%d/delete", id))
	ci.Must(http.StatusUnauthorized, "PUT", k.product+"/counts", object{"scanner": "x", "counts": criticalCounts(0)})
	k.maintainer.wantNoText("/products/1?tab=tokens", "New token", "?tab=tokens")
}
