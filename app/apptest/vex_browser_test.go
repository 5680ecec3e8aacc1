package apptest_test

import (
	"fmt"
	"net/http"
	"testing"

	"gatecrier/app/apptest"
)

// A user looks at the VEX documents of a product and at what they say, and deletes one.
func TestVEXInTheBrowser(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	s := newProduct(t, c, "Checkout", "")
	c.Must(http.StatusCreated, "POST", s.path+"/reports", findingsReport("CVE-2031-1 High", "CVE-2031-2 Low"))
	const id = "https://security.lakeside.example/vex/checkout-2031-03"
	document := openVEX(t, id, 3, says("CVE-2031-1", "not_affected", "pkg:deb/debian/lib-CVE-2031-1"))

	b := apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "admin", apptest.Password)
	user := signedInAs(t, p, "admin")
	if status, _ := user.uploadReport(s.path+"/upload", "vex.json", document, nil); status != http.StatusOK {
		t.Fatalf("upload: %d", status)
	}
	b.Open(s.path)
	b.Evaluate("document.querySelector('#vex > summary').click()")
	b.WantText("1 VEX document", id, "all branches", "A new version of a document replaces the previous one")
	b.CheckPage("vex")
	b.TabThrough("vex")
	b.Open(s.path + s.observationPath(t, c, "CVE-2031-1"))
	b.WantText("VEX document", "vulnerable_code_not_in_execute_path", id)
	b.CheckPage("vex-observation")
	b.Open(s.path)
	b.Evaluate("document.querySelector('#vex > summary').click()")
	b.Press(fmt.Sprintf("a[href$='/vex/%d/delete']", c.Must(http.StatusOK, "GET", s.path+"/vex", nil).ID("items.0.id")))
	b.WantText("Delete VEX document", "1 observation returns", "becomes active and counts towards the gate")
	b.CheckPage("vex-delete")
	b.Press("form[action$='/delete'] button")
	b.WantText("VEX document deleted")
}
