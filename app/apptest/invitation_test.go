package apptest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"gatecrier/app/apptest"
)

// The page of an invited user says what was sent and until when it is valid. The page of the link
// speaks of a new account, not of sessions.
func TestInvitation_OnPages(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	box := enableMail(t, p)
	c := p.Client("admin")
	a := c.Must(http.StatusCreated, "POST", "/users", object{"name": "eve", "email": "eve@example.org", "link": true})
	path := fmt.Sprintf("/admin/users/%d", a.ID("id"))
	admin := signedInAs(t, p, "admin")
	admin.wantText(path, "Invitation", "sent to <bdi>eve@example.org</bdi>, valid until", "Send again")

	address, _ := box.waitLink(t, 1)
	visitor := pageUser{t, p.URL, newHTTPClient(t)}
	link := strings.TrimPrefix(address, p.URL)
	visitor.wantText(link, "Set the password of your new account", `name="first"`)
	visitor.wantNoText(link, "sessions end")
	status, text := visitor.post("/login/reset", "link", linkSecret(t, address), "first", "true",
		"new", apptest.Password, "repeat", apptest.Password)
	if status != http.StatusOK || !strings.Contains(text, "Password set") || strings.Contains(text, "signed out") {
		t.Errorf("the password is set: %d, %s", status, text)
	}
	admin.wantText(path, "none is valid")
	signedInAs(t, p, "eve")
	admin.wantNoText(path, "Invitation", "Password link")
	c.Must(http.StatusOK, "POST", fmt.Sprintf("/users/%d/password", a.ID("id")), object{"link": true})
	admin.wantText(path, "Password link")
}
