package apptest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"gatecrier/app/apptest"
)

func TestNonMembers_SeeNothing(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		p.User("owner")
		p.User("stranger")
		p.User("reader")
		receiver := apptest.NewReceiver(t)
		owner, stranger, reader := p.Client("owner"), p.Client("stranger"), p.Client("reader")
		s := newProduct(t, owner, "Shop", receiver.URL+"/secret-path")
		owner.Must(http.StatusCreated, "POST", s.path+"/members", object{"user": "reader", "role": "reader"})
		owner.Must(http.StatusCreated, "POST", s.path+"/reports", apptest.Report(t, "grype-image.json"))
		receiver.Wait(t, 1)
		apptest.Eventually(t, "the delivery settles", func() bool {
			return owner.Do("GET", "/deliveries?state=delivered", nil).Get("items.0.id") != nil
		})
		event := owner.Must(http.StatusOK, "GET", "/notifications", nil).ID("items.0.id")
		delivery := owner.Must(http.StatusOK, "GET", "/deliveries", nil).ID("items.0.id")

		hidden := []struct{ method, path string }{
			{"GET", s.path},
			{"PATCH", s.path},
			{"DELETE", s.path},
			{"GET", s.path + "/gate"},
			{"GET", s.path + "/gate/history"},
			{"GET", s.path + "/observations"},
			{"GET", s.path + "/members"},
			{"POST", s.path + "/members"},
			{"GET", s.path + "/targets"},
			{"POST", s.path + "/targets"},
			{"POST", s.path + "/reports"},
			{"PUT", s.path + "/counts"},
			{"PATCH", fmt.Sprintf("/targets/%d", s.target)},
			{"DELETE", fmt.Sprintf("/targets/%d", s.target)},
			{"POST", fmt.Sprintf("/targets/%d/test", s.target)},
			{"GET", fmt.Sprintf("/notifications/%d", event)},
			{"GET", fmt.Sprintf("/deliveries/%d", delivery)},
			{"POST", "/notifications/viewed"},
		}
		bodies := object{
			"/members": object{"user": "stranger", "role": "owner"},
			"/targets": object{"module": "webhook", "name": "x", "config": map[string]string{"url": receiver.URL}},
			"/counts":  object{"scanner": "x", "counts": criticalCounts(1)},
			"/viewed":  object{"ids": []int64{event}},
			"/reports": apptest.Report(t, "grype-none.json"),
		}
		for _, h := range hidden {
			var body any
			if h.method == "PATCH" {
				body = object{}
			}
			for suffix, b := range bodies {
				if h.method != "GET" && strings.HasSuffix(h.path, suffix) {
					body = b
				}
			}
			if a := stranger.Do(h.method, h.path, body); a.Status != http.StatusNotFound {
				t.Errorf("a stranger's %s %s: %d, want 404\n%s", h.method, h.path, a.Status, a.Text)
			}
		}
		for _, path := range []string{"/products", "/notifications", "/deliveries", "/products?name=Shop"} {
			if a := stranger.Must(http.StatusOK, "GET", path, nil); a.Get("items.0") != nil {
				t.Errorf("a stranger's list %s: %s", path, a.Text)
			}
		}

		// A reader sees the product, but not the addresses of its targets, and cannot change it.
		for _, path := range []string{s.path + "/targets", "/deliveries", fmt.Sprintf("/deliveries/%d", delivery)} {
			a := reader.Must(http.StatusOK, "GET", path, nil)
			if strings.Contains(a.Text, "127.0.0.1") || strings.Contains(a.Text, "secret-path") {
				t.Errorf("a reader learns the address by %s: %s", path, a.Text)
			}
		}
		reader.Must(http.StatusForbidden, "PATCH", s.path, object{"name": "Mine"})
		reader.Must(http.StatusForbidden, "POST", s.path+"/reports", apptest.Report(t, "grype-none.json"))
		reader.Must(http.StatusForbidden, "DELETE", s.path, nil)

		// A new member finds the old notifications read.
		if n := reader.Must(http.StatusOK, "GET", "/notifications/count", nil).ID("unread"); n != 1 {
			t.Errorf("%d unread for a member from before, want 1", n)
		}
		p.User("later")
		owner.Must(http.StatusCreated, "POST", s.path+"/members", object{"user": "later", "role": "writer"})
		later := p.Client("later")
		if a := later.Must(http.StatusOK, "GET", "/notifications", nil); a.Get("items.0.viewed") != true {
			t.Errorf("a later member: %s", a.Text)
		}
	})
}
