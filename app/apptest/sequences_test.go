package apptest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

// The second report of each pair is the next of the same scan, or one of another scan. Nothing counts
// twice, and nothing of another scan is resolved.
func TestNextReport(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		first, second string
		want          string // new, updated, resolved; high after the second
		warning       string
		source        string
	}{
		"the runs in another order": {
			"seq-order-1.sarif", "seq-order-2.sarif", "0 2 0; 2", "", "Larkscan",
		},
		"the first tool found nothing": {
			"seq-clean-1.sarif", "seq-clean-2.sarif", "0 1 1; 1", "Larkscan is missing from the file", "Larkscan",
		},
		"another tag of an image": {
			"seq-tag-1.json", "seq-tag-2.json", "0 1 0; 1", "", "shop.example/till (container image)",
		},
		"another image": {"seq-img-1.json", "seq-img-2.json", "0 0 0; 1", "", "shop.example/shop"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachDatabase(t, func(t *testing.T, p *apptest.Program) {
				c := p.Client("admin")
				s := newProduct(t, c, "Shop", "")
				first := c.Must(http.StatusCreated, "POST", s.path+"/reports", apptest.Report(t, "intake/"+test.first))
				titles := itemLines(c.Must(http.StatusOK, "GET", s.path+"/observations", nil), "title")
				a := c.Must(http.StatusCreated, "POST", s.path+"/reports", apptest.Report(t, "intake/"+test.second))
				got := fmt.Sprintf("%d %d %d; %d", a.ID("observations.new"), a.ID("observations.updated"),
					a.ID("observations.resolved"), a.ID("counts.high")+a.ID("counts.critical"))
				if got != test.want {
					t.Errorf("%s, want %s; first %s, then %s", got, test.want, first.Text, a.Text)
				}
				if test.warning == "" && a.Get("warnings") != nil || !strings.Contains(a.Text, test.warning) {
					t.Errorf("warnings: %s", a.Text)
				}
				if source := fmt.Sprint(a.Get("scanner"), " ", a.Get("source")); !strings.Contains(source, test.source) {
					t.Errorf("source %s, want %s (%v)", source, test.source, titles)
				}
			})
		})
	}
}

// A waiver stays when the runs of a file come in another order.
func TestNextReport_KeepsWaiver(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", "")
	c.Must(http.StatusCreated, "POST", s.path+"/reports", apptest.Report(t, "intake/seq-order-1.sarif"))
	waived := fmt.Sprint(c.Must(http.StatusOK, "GET", s.path+"/observations", nil).Get("items.0.title"))
	acceptRisk(t, p, s, waived)
	a := c.Must(http.StatusCreated, "POST", s.path+"/reports", apptest.Report(t, "intake/seq-order-2.sarif"))
	if a.ID("counts.high") != 1 {
		t.Errorf("after the second report: %s", a.Text)
	}
	list, err := p.Store.Observations(t.Context(), apptest.AllProducts(),
		models.ObservationFilter{ProductID: s.id, Text: waived, All: true, Limit: 10})
	if err != nil || len(list) != 1 || list[0].Status != models.StatusRiskAccepted {
		t.Errorf("%s: %+v, %v", waived, list, err)
	}
}

// Reports of a matrix of images come without a source: the third shows it, and is refused.
func TestMatrix_IsRefusedUntilItsSourcesAreNamed(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		one, two := trivyImage("shop.example/till:alpine", "CVE-1"), trivyImage("shop.example/till:debian", "CVE-2")
		c.Must(http.StatusCreated, "POST", s.path+"/reports", one)
		c.Must(http.StatusCreated, "POST", s.path+"/reports", two)
		before := stateOf(c, s)
		a := c.Must(http.StatusUnprocessableEntity, "POST", s.path+"/reports", one)
		if !strings.Contains(a.Text, "alpine returned after debian within a day, so several images share this source: name "+
			"one (--source)") || a.Get("errors.0.name") != "source" {
			t.Errorf("the third: %s", a.Text)
		}
		if after := stateOf(c, s); after != before {
			t.Errorf("the third has changed something: %s\nbefore: %s", after, before)
		}
		c.Must(http.StatusCreated, "POST", s.path+"/reports?source=alpine", one)
		c.Must(http.StatusCreated, "POST", s.path+"/reports?source=debian", two)
		c.Must(http.StatusCreated, "POST", s.path+"/reports?source=alpine", one)
	})
}

// A Trivy report of another kind of scan is refused, one of the same kind is not.
func TestOtherKindOfScan_IsRefused(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", "")
	c.Must(http.StatusCreated, "POST", s.path+"/reports?source=x", trivyImage("a", "CVE-1"))
	config := object{
		"SchemaVersion": 2, "ArtifactName": "b", "ArtifactType": "filesystem", "Results": []object{{
			"Target": "main.tf", "Class": "config", "Misconfigurations": []object{
				{"ID": "AVD-1", "Status": "FAIL", "Severity": "LOW", "Title": "t"},
			},
		}},
	}
	a := c.Must(http.StatusUnprocessableEntity, "POST", s.path+"/reports?source=x", config)
	if !strings.Contains(a.Text, "another kind of scan: name a source for it (--source)") {
		t.Errorf("the second: %s", a.Text)
	}
	c.Must(http.StatusCreated, "POST", s.path+"/reports?source=config", config)
	c.Must(http.StatusCreated, "POST", s.path+"/reports?source=x", trivyImage("a"))
}
