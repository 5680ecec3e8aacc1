package apptest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
)

// A user cannot become owner of a product by moving it to their own group.
func TestGroup_MaintainerDoesNotBecomeOwner(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	p.User("mallory")
	mallory := p.Client("mallory")
	s := newProduct(t, c, "Shop", "")
	c.Must(http.StatusCreated, "POST", s.path+"/members", object{"user": "mallory", "role": "maintainer"})
	group := mallory.Must(http.StatusCreated, "POST", "/groups", object{"name": "Mine"}).ID("id")
	mallory.Must(http.StatusForbidden, "PATCH", s.path, object{"group_id": group, "description": "taken"})
	mallory.Must(http.StatusForbidden, "GET", s.path+"/tokens", nil)
	if a := c.Must(http.StatusOK, "GET", s.path, nil); a.Get("group_id") != nil || a.Get("description") != "" {
		t.Errorf("half of it was done: %s", a.Text)
	}
}

// The last owner is a direct member; owners by an authorization group do not count.
func TestLastOwner_OwnersByGroupDoNotReplaceOne(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	p.User("eve")
	s := newProduct(t, c, "Shop", "")
	users := c.Must(http.StatusCreated, "POST", "/authorization-groups", object{"name": "owners"}).ID("id")
	c.Must(http.StatusNoContent, "POST", fmt.Sprintf("/authorization-groups/%d/members", users),
		object{"user": "eve", "manager": true})
	c.Must(http.StatusNoContent, "POST", s.path+"/authorization-groups",
		object{"authorization_group": "owners", "role": "owner"})
	owner := c.Must(http.StatusOK, "GET", s.path+"/members", nil).ID("items.0.user_id")
	p.Client("eve").Must(http.StatusConflict, "DELETE", fmt.Sprintf("%s/members/%d", s.path, owner), nil)
}

// The reason of a failed delivery can name a host, so only users who can edit the target see it.
func TestDelivery_ReaderSeesNoFailureReason(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	p.User("reader")
	reader, page := p.Client("reader"), signInAs(t, p, "reader", apptest.Password)
	const host = "vault.corp.invalid"
	s := newProduct(t, c, "Shop", "http://"+host+"/hook")
	c.Must(http.StatusCreated, "POST", s.path+"/members", object{"user": "reader", "role": "reader"})
	c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "x", "counts": criticalCounts(1)})
	passTime(t, p, 20*time.Minute) // it is down, and users are notified
	if a := c.Must(http.StatusOK, "GET", "/deliveries/1", nil); !strings.Contains(a.Text, host) {
		t.Errorf("not even the administrator sees the reason: %s", a.Text)
	}
	if itemCount(reader.Must(http.StatusOK, "GET", "/notifications", nil)) != 2 {
		t.Error("the reader is not notified that the target does not work")
	}
	for _, path := range []string{"/deliveries", "/deliveries/1", "/notifications", s.path + "/targets", s.path} {
		if a := reader.Must(http.StatusOK, "GET", path, nil); strings.Contains(a.Text, host) {
			t.Errorf("%s shows the host to a reader: %s", path, a.Text)
		}
	}
	for _, path := range []string{
		"/", "/inbox", "/inbox/1", "/inbox/2", "/deliveries", "/deliveries/1", s.path, s.path + "?tab=targets",
		s.path + "?tab=deliveries",
	} {
		if status, text := getNoRedirect(t, page, p.URL+path); status != http.StatusOK || strings.Contains(text, host) {
			t.Errorf("%s: %d, and shows the host to a reader", path, status)
		}
	}
}

// A token with an end cannot create a token that lives longer, not even for a product.
func TestToken_CannotCreateLongerLivedToken(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", "")
	soon := p.Clock.Now().Add(time.Hour).UTC().Truncate(time.Second)
	a := c.Must(http.StatusCreated, "POST", "/tokens", object{"name": "short", "expires_at": soon})
	text, _ := a.Get("token").(string)
	short := apptest.NewClient(t, p.URL, text)
	short.Must(http.StatusUnprocessableEntity, "POST", s.path+"/tokens", object{"name": "forever", "role": "maintainer"})
	short.Must(http.StatusCreated, "POST", s.path+"/tokens",
		object{"name": "as long", "role": "maintainer", "expires_at": soon})
}

// The owner of a stolen session cannot guess the password with it.
func TestPasswordChange_ThrottlesGuesses(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	admin := signInAdmin(t, p)
	var answers []int
	for i := range 7 {
		const fresh = "another long one 1"
		body := encodeForm("current", fmt.Sprintf("wrong password %d", i), "new", fresh, "repeat", fresh)
		status, _ := submitForm(t, admin, p.URL+"/profile/password", body, formKind)
		answers = append(answers, status)
	}
	if answers[0] != http.StatusUnprocessableEntity || answers[6] != http.StatusTooManyRequests {
		t.Errorf("guesses are answered with %v", answers)
	}
}

// The path of a webhook is a secret in which case matters.
func TestSlackWebhook_PathIsCaseSensitive(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	receiver := apptest.NewReceiver(t)
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", "")
	var hints []any
	for _, end := range []string{"AbCdEfGhIjKl", "ABCDEFGHIJKL"} {
		hints = append(hints,
			c.Must(http.StatusOK, "PATCH", s.path, object{"slack_webhook": receiver.URL + "/services/" + end}).
				Get("slack_webhook"))
	}
	if hints[0] == hints[1] {
		t.Errorf("the second address is not saved: %v", hints)
	}
}
