package apptest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"gatecrier/app/apptest"
)

// A user who loses the role between the page and its button sends nothing again.
func TestResend_LooksAtRightsAgain(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		receiver, c := apptest.NewReceiver(t), p.Client("admin")
		s, delivery := newRefusedDelivery(t, p, c, receiver)
		member := fmt.Sprintf("%s/members/%d", s.path, p.User("eve").ID)
		c.Must(http.StatusCreated, "POST", s.path+"/members", object{"user": "eve", "role": "owner"})
		eve, token := newPageClient(t, p, "eve"), p.Client("eve")
		if body := eve.must(http.StatusOK, "GET", delivery); !strings.Contains(body, delivery+"/resend") {
			t.Fatal("the page has no button")
		}
		all := fmt.Sprintf("%d", s.id)
		c.Must(http.StatusOK, "PATCH", member, object{"role": "reader"})
		eve.must(http.StatusForbidden, "POST", delivery+"/resend")
		token.Must(http.StatusForbidden, "POST", delivery+"/resend", nil)
		token.Must(http.StatusForbidden, "POST", "/deliveries/resend", object{"product": s.id})
		c.Must(http.StatusNoContent, "DELETE", member, nil)
		eve.must(http.StatusNotFound, "POST", delivery+"/resend")
		token.Must(http.StatusNotFound, "POST", delivery+"/resend", nil)
		submitForm(t, eve.c, p.URL+"/deliveries/resend", encodeForm("product", all), formKind)
		if n := len(receiver.Messages()); n != 3 {
			t.Errorf("%d messages, want the 3 attempts before", n)
		}
		if a := c.Must(http.StatusOK, "GET", delivery, nil); a.Get("state") != "dead" {
			t.Errorf("the delivery: %s", a.Text)
		}
	})
}

// A name with characters that reorder text or cannot be seen reads the same on pages and in emails:
// with their numbers.
func TestHiddenCharacters_AreShownAsNumbers(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	box, c := enableMail(t, p), p.Client("admin")
	s := newProduct(t, c, "Shop", "")
	c.Must(http.StatusOK, "PATCH", s.path, object{"email_to": "ops@example.org"})
	c.Must(http.StatusCreated, "POST", s.path+"/reports",
		grypeReport(grypeMatches("Critical", "CVE-2026-1001\u202egpj", "CVE-2026\u200b-1002")))
	apptest.Eventually(t, "the email arrives", func() bool { return len(box.received()) == 1 })
	mail := box.received()[0].plainText()
	page := newPageClient(t, p, "admin").must(http.StatusOK, "GET", s.path)
	for where, text := range map[string]string{"email": mail, "page": page} {
		for _, want := range []string{`CVE-2026-1001\u202Egpj`, `CVE-2026\u200B-1002`} {
			if !strings.Contains(text, want) {
				t.Errorf("the %s lacks %s:\n%s", where, want, text)
			}
		}
		if strings.ContainsAny(text, "\u202e") {
			t.Errorf("the %s has the character itself", where)
		}
	}
}
