package apptest_test

import (
	"net/http"
	"strings"
	"testing"

	"gatecrier/app/apptest"
)

// A product without reports shows its first steps, and each role what it can do of them.
func TestProductStart(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		k := newCompany(t, p)
		const (
			addTarget, createToken, uploadReport = ">Add target</a>", ">Create token</a>", ">Upload report</a>"
			whoEdits                             = "Maintainers and owners of the product can add targets."
			whoOwns                              = "Owners of the product can create tokens."
			whoUploads                           = "Writers, maintainers and owners of the product can send reports."
			command                              = "gatecrier push --url"
		)
		k.owner.wantText("/products/1", addTarget, createToken, uploadReport, command)
		k.owner.wantNoText("/products/1", whoEdits, whoOwns, whoUploads, "gc-ledger", "(done)")
		k.maintainer.wantText("/products/1", addTarget, whoOwns, uploadReport, command)
		k.maintainer.wantNoText("/products/1", createToken, whoEdits, whoUploads)
		k.reader.wantText("/products/1", whoEdits, whoOwns, whoUploads)
		k.reader.wantNoText("/products/1", addTarget, createToken, uploadReport, command)

		// Done steps are ticked, for all roles. A token that cannot send reports does not count.
		done := func(want int) {
			t.Helper()
			for _, who := range []pageUser{k.owner, k.reader} {
				_, text := who.get("/products/1")
				if n := strings.Count(text, "(done)"); n != want {
					t.Errorf("%d steps are done, want %d", n, want)
				}
			}
		}
		token := func(role string) {
			t.Helper()
			k.admin.Must(http.StatusCreated, "POST", k.product+"/tokens", object{
				"name": role, "role": role,
			})
		}
		k.admin.Must(http.StatusCreated, "POST", k.product+"/targets", object{
			"module": "webhook", "name": "Receiver", "config": object{"url": k.receiver.URL},
		})
		done(1)
		token("reader")
		done(1)
		token("upload")
		done(2)

		// A report of another branch leaves the steps; one of the default branch ends them.
		k.admin.Must(http.StatusCreated, "POST", k.product+"/reports?branch=feature", largeReport(1, sameSeverity("Low")))
		k.owner.wantText("/products/1", "Reports of other branches have arrived", "Send the first report")
		k.owner.wantText("/products/1?tab=targets", "Waiting for the first report", "View first steps")
		k.counts(t, 1)
		k.owner.wantText("/products/1", "gc-ledger", "(threshold 0)")
		k.owner.wantNoText("/products/1", "Send the first report")

		// The other tabs have one line of the gate.
		for _, tab := range []string{
			"branches", "history", "deliveries", "exceptions", "targets", "members", "tokens", "settings",
		} {
			k.owner.wantText("/products/1?tab="+tab, "(threshold 0)", "View gate")
			k.owner.wantNoText("/products/1?tab="+tab, "gc-ledger", `id="sources"`)
		}
	})
}
