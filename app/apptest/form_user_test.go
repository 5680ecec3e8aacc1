package apptest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"gatecrier/app/apptest"
	"gatecrier/app/draft"
)

// A form that one user has opened is refused when another user sends it: two users share a browser.
func TestForms_RefuseAnotherUser(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	newProduct(t, c, "Shop", "")
	eve := c.Must(http.StatusCreated, "POST", "/users", object{"name": "eve", "email": "eve@example.org"}).ID("id")
	tab := signedInAs(t, p, "admin")
	send := func(opened int64) (int, string) {
		return tab.post("/products/1/settings", draft.FieldUser, fmt.Sprint(opened), "description", "typed")
	}
	status, text := send(eve)
	if status != http.StatusConflict || !strings.Contains(text, "Another user opened this form") {
		t.Errorf("another user's form: %d", status)
	}
	if got := c.Must(http.StatusOK, "GET", "/products/1", nil).Get("description"); got != "" {
		t.Errorf("the description is %q", got)
	}
	if status, _ := send(1); status == http.StatusConflict {
		t.Error("the user's own form is refused")
	}
}
