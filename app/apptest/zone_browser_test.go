package apptest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
)

// Without a zone in the profile, all forms and filters take times in the zone of the browser, and
// name it.
func TestFormsTakeTimesInTheZoneOfTheBrowser(t *testing.T) {
	t.Parallel()
	for _, zone := range []struct{ name, label, noon string }{
		{"Europe/Berlin", "Europe/Berlin, UTC+2", "2027-07-01T10:00:00Z"},
		{"Asia/Kolkata", "UTC+5:30", "2027-07-01T06:30:00Z"},
	} {
		t.Run(zone.name, func(t *testing.T) {
			t.Parallel()
			start := time.Date(2027, 6, 30, 21, 12, 0, 0, time.UTC)
			p := apptest.Start(t, apptest.Options{StartTime: start})
			c := p.Client("admin")
			s := newProduct(t, c, "Shop", "")
			c.Must(http.StatusCreated, "POST", s.path+"/reports", largeReport(1, sameSeverity("Low")))
			noon, err := time.Parse(time.RFC3339, zone.noon)
			if err != nil {
				t.Fatal(err)
			}
			b := apptest.NewBrowser(t, p.URL)
			b.SetZone(zone.name)
			signInBrowser(b, "admin", apptest.Password)

			b.Open("/silences/new?product=1")
			b.WantText(zone.label)
			b.Fill("#silence-starts", "2027-07-01T11:00")
			b.Evaluate(`document.querySelector("[name=for]").value = "";
			document.querySelector("[name=until]").value = "2027-07-01T12:00"`)
			b.Fill("#silence-reason", "maintenance")
			b.Press(`button[type="submit"].btn-primary`)
			b.WantText("Silence created")
			wantListed(t, c, "/silences", `"starts_at":"`+noon.Add(-time.Hour).Format(time.RFC3339), `"ends_at":"`+zone.noon)
			wantField(t, b, `[name="until"]`, "2027-07-01T12:00")

			const observation = "/products/1/observations/1"
			b.Open(observation)
			b.Evaluate(`document.querySelector("#assess-status").value = "risk_accepted"`)
			b.WantText(zone.label)
			b.Fill("#assess-until", "2027-07-01")
			b.Fill("#assess-comment", "behind the firewall")
			b.Press("form.gc-assess button[type=submit]")
			o, _, err := p.Store.Observation(t.Context(), apptest.AllProducts(), 1)
			if want := noon.Add(12*time.Hour - time.Second); err != nil || !o.Assessed.Until.Equal(want) {
				t.Errorf("accepted until %v, want %v: %v", o.Assessed.Until, want, err)
			}

			b.Open("/profile")
			b.WantText(zone.label)
			b.Fill("#token-name", "build")
			b.Fill("#token-expires", "2027-07-01")
			b.Fill("#token-password", apptest.Password)
			b.Press("form[action='/profile/tokens'] button[type=submit]")
			wantListed(t, c, "/tokens", `"expires_at":"`+noon.Add(12*time.Hour).Format(time.RFC3339))

			group := reportException(t, p, declinedPayment(1)).Group
			b.Open(fmt.Sprintf("/exceptions/%d", group))
			b.WantText(zone.label)
			b.Evaluate(`document.querySelector("form[action$='/mute'] [name=for]").value = ""`)
			b.Fill("form[action$='/mute'] [name=until]", "2027-07-01T12:00")
			b.Press("form[action$='/mute'] button")
			wantListed(t, c, "/exceptions", `"muted_until":"`+zone.noon)

			filterInZone(t, b, start, zone.name)
		})
	}
}

// wantListed fails the test unless a list of the API has each text.
func wantListed(t *testing.T, c *apptest.Client, path string, texts ...string) {
	t.Helper()
	list := c.ForTest(t).Must(http.StatusOK, "GET", path, nil).Text
	for _, text := range texts {
		if !strings.Contains(list, text) {
			t.Errorf("%s has no %s: %s", path, text, list)
		}
	}
}

// filterInZone sees that filters take the times that pages show.
func filterInZone(t *testing.T, b *apptest.Browser, start time.Time, name string) {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	local := start.In(zone)
	const field = "2006-01-02T15:04"

	b.Open("/deliveries")
	b.Fill(`[name="since"]`, local.Add(-5*time.Minute).Format(field))
	b.Press(".gc-times button")
	wantField(t, b, `[name="since"]`, local.Add(-5*time.Minute).Format(field))
	if at, err := url.Parse(b.Path()); err != nil || at.Query().Get("zone") == "" {
		t.Errorf("%s does not name the zone of its times: %v", b.Path(), err)
	}

	// The change is on its day, whatever day UTC has.
	for _, list := range []string{"/admin/audit?kind=product", "/inbox?x="} {
		path := fmt.Sprintf("%s&since=%[2]s&until=%[2]s", list, local.Format(time.DateOnly))
		b.Open(path + "&zone=" + url.QueryEscape(name))
		b.WantText("Shop")
		b.Open(path)
		b.WantText("Shop")
	}

	b.Open("/products/1/compare?from_at=" + local.Add(-time.Hour).Format(field))
	wantField(t, b, `[name="from_at"]`, local.Add(-time.Hour).Format(field))
}

// wantField fails the test unless a field has a value.
func wantField(t *testing.T, b *apptest.Browser, selector, want string) {
	t.Helper()
	if got := b.Value(selector); got != want {
		t.Errorf("%s of %s is %q, want %q", selector, b.Path(), got, want)
	}
}

// A link with times means the same moment to a reader in another zone, whose fields show it in
// their own zone. A time that does not exist is refused, and of two the first one is taken.
func TestLinksWithTimesMeanTheSameInAnotherZone(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{StartTime: time.Date(2027, 10, 31, 12, 0, 0, 0, time.UTC)})
	newProduct(t, p.Client("admin"), "Shop", "")
	admin := signedInAs(t, p, "admin")
	const berlin = "&zone=Europe%2FBerlin"
	const path = "/products/1/compare?from_at="
	admin.wantText(path+"2027-10-20T12:00"+berlin, `value="2027-10-20T10:00"`, "Time zone: UTC")
	admin.wantText("/deliveries?since=2027-10-20T12:00"+berlin, `value="2027-10-20T10:00"`)
	admin.wantText("/deliveries?since=2027-10-31T02:30"+berlin, `value="2027-10-31T00:30"`,
		"02:30 on 31 October 2027 occurs twice in Europe/Berlin: the first one (UTC+2) is used.")
	admin.wantText("/deliveries?since=2027-03-28T02:30"+berlin,
		"02:30 on 28 March 2027 does not exist in Europe/Berlin: clocks go from 02:00 to 03:00.")
	admin.wantText("/inbox?since=2027-10-31&until=2027-10-31"+berlin, "Europe/Berlin, UTC+2", `value="2027-10-31"`)
	admin.wantText("/admin/audit?since=2027-10-31"+berlin, "Europe/Berlin, UTC+2", "Shop")
	admin.wantText("/admin/audit?until=2027-10-31&zone=nowhere", "Time zone: UTC", "Shop")
	admin.wantFieldError("02:30 on 26 March 2028 does not exist in Europe/Berlin", "/silences",
		"of", "product", "product", "Shop", "reason", "x", "until", "2028-03-26T02:30", "zone", "Europe/Berlin")
	_, text := admin.post("/silences", "of", "product", "product", "Shop", "reason", "x", "for", "1h",
		"starts", "2028-10-29T02:30", "zone", "Europe/Berlin")
	if strings.Contains(text, "does not exist") {
		t.Error("a repeated time is refused")
	}
	wantListed(t, p.Client("admin"), "/silences", `"starts_at":"2028-10-29T00:30:00Z`)
}
