package apptest_test

import (
	"net/http"
	"testing"

	"gatecrier/app/apptest"
)

// Settings name their units, show sizes in MiB, and show what the environment adds.
func TestSettingsPages_ShowUnitsAndEnvironment(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{BaseURL: "http://gates.example.test"})
	c := p.Client("admin")
	b := apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "admin", apptest.Password)

	b.Open("/admin/settings/reports")
	b.WantText("MiB", "default: 64; 1 to 1,024 MiB", "seconds", "days")
	wantField(t, b, "#f-max_bytes", "64")
	b.CheckPage("settings-units")
	save := func(size string) {
		t.Helper()
		b.Fill("#f-max_bytes", size)
		b.Press("form[action='/admin/settings/reports'] .btn-primary")
	}
	save("0.5")
	b.WantText("1 field needs attention", "(1 to 1,024 MiB)")
	wantField(t, b, "#f-max_bytes", "0.5")
	save("1.5")
	b.WantText("Settings saved")
	if a := c.Must(http.StatusOK, "GET", "/settings/reports", nil); a.Get("max_bytes") != 1.5*(1<<20) {
		t.Errorf("1.5 MiB are saved as %s", a.Text)
	}
	// A size that is no whole number of MiB is kept to the byte.
	c.Must(http.StatusOK, "PATCH", "/settings/reports", object{"max_bytes": 1_500_001})
	b.Open("/admin/settings/reports")
	b.Press("form[action='/admin/settings/reports'] .btn-primary")
	b.WantText("Settings saved")
	if a := c.Must(http.StatusOK, "GET", "/settings/reports", nil); a.Get("max_bytes") != 1_500_001.0 {
		t.Errorf("an unchanged size is saved as %s", a.Text)
	}

	b.Open("/admin/settings/delivery")
	b.WantText("Always allowed by GATECRIER_ALLOW_NETWORKS")
	wantTrue(t, b, "read-only", `(f => f.readOnly && !f.name && f.value === "127.0.0.0/8")`+
		`(document.querySelector("#f-allow_networks-fixed"))`)
	b.CheckPage("settings-environment")
	b.Open("/admin/settings/general")
	b.WantText("GATECRIER_BASE_URL (http://gates.example.test) is the first value only")
	b.CheckPage("settings-environment-url")
}
