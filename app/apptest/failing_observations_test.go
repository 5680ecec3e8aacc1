package apptest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"gatecrier/app/apptest"
)

// fixableReport returns a Grype report of a finding with a fix and an advisory, and of more without.
func fixableReport(more int) []byte {
	const first = `{"vulnerability":{"id":"CVE-0000","severity":"Critical",` +
		`"dataSource":"https://advisories.example/CVE-0000","fix":{"versions":["1.2.3"]}},` +
		`"artifact":{"name":"lib","version":"1","type":"deb"}}`
	matches := []string{first}
	for i := range more {
		const match = `{"vulnerability":{"id":"CVE-%04d","severity":"Critical","dataSource":"javascript:alert(1)"},` +
			`"artifact":{"name":"lib%d","version":"1","type":"deb"}}`
		matches = append(matches, fmt.Sprintf(match, i+1, i))
	}
	return []byte(`{"descriptor":{"name":"grype"},"matches":[` + strings.Join(matches, ",") + `]}`)
}

// A message says of each failing observation how to fix it and where its advisory is, and has its
// ID: of new ones, of reopened ones, and of a large report that is staged.
func TestFailingObservations_InMessages(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		receiver := apptest.NewReceiver(t)
		c := p.Client("admin")
		small, large := newProduct(t, c, "Small", receiver.URL), newProduct(t, c, "Large", receiver.URL)
		wantItems := func(n int, s productFixture, how string) {
			t.Helper()
			var body struct {
				Data struct {
					Failing struct {
						Items []struct {
							ID              int64 `json:"observation_id"`
							Title, Fix, URL string
							KEV             bool
						}
					}
				}
			}
			if err := json.Unmarshal(receiver.Wait(t, n).Body, &body); err != nil {
				t.Fatal(err)
			}
			items := body.Data.Failing.Items
			if len(items) < 2 || items[0].Fix != "1.2.3" || items[0].URL != "https://advisories.example/CVE-0000" ||
				items[1].Fix != "" || items[1].URL != "" || items[0].KEV {
				t.Fatalf("%s: %+v", how, items)
			}
			for _, item := range items {
				if id := s.observation(t, c, item.Title).ID("id"); item.ID != id {
					t.Errorf("%s: %s is %d, want %d", how, item.Title, item.ID, id)
				}
			}
		}
		small.upload(c, fixableReport(2))
		wantItems(1, small, "new")
		small.upload(c, findingsReport("CVE-9 Low"))
		receiver.Wait(t, 2)
		small.upload(c, fixableReport(2))
		wantItems(3, small, "reopened")
		large.upload(c, fixableReport(1500))
		wantItems(4, large, "staged")

		// The pages of the change link to them.
		admin := signedInAs(t, p, "admin")
		id := small.observation(t, c, "CVE-0000").ID("id")
		admin.wantText(fmt.Sprintf("/products/%d?tab=history", small.id),
			fmt.Sprintf("/products/%d/observations/%d", small.id, id), "→ fixed in <bdi>1.2.3</bdi>")
		a := c.Must(http.StatusOK, "GET", "/notifications?limit=1&type=gate.changed", nil)
		admin.wantText(fmt.Sprintf("/inbox/%d", a.ID("items.0.id")), fmt.Sprintf("/products/%d/observations/", large.id))
	})
}
