package apptest_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

// If several reports arrive at the same time, the answer to the one that fails the gate says so,
// because a pipeline decides by the answer.
func TestConcurrentReports_AnswerIncludesOwnReport(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		bad, clean := apptest.Report(t, "grype-image.json"), apptest.Report(t, "grype-none.json")
		for round := range 12 {
			s := newProduct(t, c, fmt.Sprint("Shop ", round), "")
			c.Must(http.StatusCreated, "POST", s.path+"/reports", clean)
			var wg sync.WaitGroup
			for range 10 {
				wg.Go(func() {
					a := c.Do("POST", s.path+"/reports", bad)
					if a.Status != http.StatusCreated || a.Get("gate.after") != "failed" || a.ID("counts.critical") != 1 {
						t.Errorf("round %d: %d %s", round, a.Status, a.Text)
					}
				})
			}
			wg.Wait()
		}
	})
}

func TestLastOwner_TwoOwnersCannotBothLeave(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		other := p.User("other").ID
		for round := range 10 {
			s := newProduct(t, c, fmt.Sprint("Shop ", round), "")
			c.Must(http.StatusCreated, "POST", s.path+"/members", object{"user": "other", "role": "owner"})
			members := c.Must(http.StatusOK, "GET", s.path+"/members", nil)
			var wg sync.WaitGroup
			for i := range 2 {
				wg.Go(func() {
					c.Do("DELETE", fmt.Sprintf("%s/members/%d", s.path, members.ID(fmt.Sprintf("items.%d.user_id", i))), nil)
				})
			}
			wg.Wait()
			if a := c.Must(http.StatusOK, "GET", s.path+"/members", nil); a.Get("items.0.role") != "owner" {
				t.Errorf("no owner is left, %d is gone too: %s", other, a.Text)
			}
		}
	})
}

// Deleting a product during imports deletes all its data, and later imports get the status 404.
func TestDeleteProduct_ConcurrentWithImports(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		receiver := apptest.NewReceiver(t)
		c := p.Client("admin")
		for round := range 15 {
			s := newProduct(t, c, fmt.Sprint("Shop ", round), receiver.URL)
			var wg sync.WaitGroup
			for i := range 6 {
				wg.Go(func() {
					a := c.Do("PUT", s.path+"/counts",
						object{"scanner": "s", "branch": fmt.Sprint("b", i/2), "counts": criticalCounts(i)})
					if a.Status != http.StatusOK && a.Status != http.StatusNotFound {
						t.Errorf("counts: %d %s", a.Status, a.Text)
					}
					a = c.Do("PUT", s.path+"/counts", object{"scanner": fmt.Sprint(i), "counts": criticalCounts(1)})
					if a.Status != http.StatusOK && a.Status != http.StatusNotFound {
						t.Errorf("counts: %d %s", a.Status, a.Text)
					}
				})
			}
			wg.Go(func() { c.Must(http.StatusNoContent, "DELETE", s.path, nil) })
			wg.Wait()
			waitRouted(t, p.Store)
		}
		if n, err := p.Store.OrphanEvents(t.Context()); err != nil || n != 0 {
			t.Errorf("%d events of products that are gone, %v", n, err)
		}
	})
}

func TestDisabledTarget_LeavesDeliveryRow(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		receiver := apptest.NewReceiver(t)
		receiver.Answer(500)
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", receiver.URL)
		c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "s", "counts": criticalCounts(1)})
		apptest.Eventually(t, "it waits for another try", func() bool {
			return c.Do("GET", "/deliveries?state=retrying", nil).Get("items.0.id") != nil
		})
		c.Must(http.StatusOK, "PATCH", fmt.Sprintf("/targets/%d", s.target),
			object{"enabled": false, "waiting": "cancel"})
		if a := c.Must(http.StatusOK, "GET", "/deliveries", nil); a.Get("items.0.state") != string(models.DeliveryCancelled) {
			t.Errorf("what waited: %s", a.Text)
		}
		c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "s", "counts": criticalCounts(0)})
		apptest.Eventually(t, "the change leaves a row", func() bool {
			a := c.Do("GET", "/deliveries?state=skipped", nil)
			return a.Get("items.0.reason") == "The target is turned off"
		})
		if n := len(receiver.Messages()); n != 1 {
			t.Errorf("%d messages, want the first alone", n)
		}
	})
}

func TestMarkAsRead_NeverCoversFutureNotifications(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		c.Must(http.StatusOK, "POST", "/notifications/viewed", object{"up_to": int64(1) << 62})
		c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "s", "counts": criticalCounts(1)})
		apptest.Eventually(t, "it is unread", func() bool {
			return c.Do("GET", "/notifications/count", nil).ID("unread") == 1
		})
	})
}
