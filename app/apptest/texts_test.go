package apptest_test

import (
	"net/http"
	"strings"
	"testing"

	"gatecrier/app/apptest"
)

// Filters offer each choice once, and only those that narrow a list.
func TestObservationFilter_OffersEachChoiceOnce(t *testing.T) {
	t.Parallel()
	admin := signedInAs(t, apptest.Start(t, apptest.Options{}), "admin")
	_, text := admin.get("/observations")
	if n := strings.Count(text, `<option value="resolved">`); n != 1 {
		t.Errorf("%d times resolved", n)
	}
	admin.wantText("/observations", "low or worse", ">Inactive")
	admin.wantNoText("/observations", "none or worse", "unknown or worse", "Not active")
	admin.wantText("/observations?min_severity=none", "none or worse")
}

// Settings say what a number or a choice means.
func TestSettings_ExplainValues(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	admin := signedInAs(t, p, "admin")
	admin.wantText("/admin/settings/gate", "default: 99999, no threshold", "Now: no threshold.",
		"more active observations of this severity")
	admin.wantNoText("/admin/settings/gate", "active none observations")
	admin.wantText("/admin/settings/mail", "<span>Required: nothing is sent to a server that does not offer it.",
		"<span>The connection is encrypted from its start.")
	admin.wantText("/admin/settings/exceptions", "sender address of the section Email")
	p.Client("admin").Must(http.StatusOK, "PATCH", "/settings/gate", object{"kev_as_critical": true})
	admin.wantText("/admin/audit", "Count known exploited observations as critical", ">no<", ">yes<")
}

// The upload page names the formats, and where its pipeline gets a token.
func TestUploadPage_NamesFormatsAndTokens(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	k := newCompany(t, p)
	k.owner.wantText("/products/1/upload", "CycloneDX (JSON, XML), SARIF", "/products/1?tab=tokens")
	k.maintainer.wantText("/products/1/upload", "Owners of the product can create one.")
	k.maintainer.wantNoText("/products/1/upload", "tab=tokens")
	signedInAs(t, p, "admin").wantNoText("/admin/health", "Messages wait.")
}
