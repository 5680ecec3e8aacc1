package apptest_test

import (
	"bufio"
	"context"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

// newSixNotifications creates the six notifications of SecObserve's tests: an exception, the gates
// of two products, a task's exception of each, and one more exception. It returns their ids by
// these numbers, 1 to 6.
func newSixNotifications(t *testing.T, p *apptest.Program, one, two int64) map[int]int64 {
	t.Helper()
	ids := map[int]int64{}
	for n, row := range []models.Notification{
		{Type: "exception.request", Name: "exception", Message: "message exception 1"},
		{Type: "gate.changed", Name: "gate of two", Message: "message gate 2", ProductID: two},
		{Type: "gate.changed", Name: "gate of one", Message: "message gate 3", ProductID: one},
		{Type: "exception.task", Name: "task of two", Message: "message task 4", ProductID: two},
		{Type: "exception.task", Name: "task of one", Message: "message task 5", ProductID: one},
		{Type: "exception.request", Name: "exception again", Message: "message exception 6"},
	} {
		err := p.Store.Write(t.Context(), func(tx *models.Tx) error {
			e := models.Event{
				UUID:      fmt.Sprint("news ", n),
				Type:      row.Type,
				Version:   1,
				ProductID: row.ProductID,
				At:        tx.Now(),
				Payload:   []byte("{}"),
			}
			if err := tx.InsertEvent(&e); err != nil {
				return err
			}
			row.EventID, row.Tone, row.At = e.ID, "plain", e.At
			return tx.InsertNotification(row)
		})
		if err != nil {
			t.Fatal(err)
		}
		ids[n+1] = newestNotification(t, p)
	}
	return ids
}

// The first page shows 50 notifications, and its link leads to the one more.
func TestInboxPage_ShowsFiftyAndLinksToTheNext(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	err := p.Store.Write(t.Context(), func(tx *models.Tx) error {
		for n := range 51 {
			e := models.Event{
				UUID: fmt.Sprint("paged ", n), Type: "exception.request", Version: 1, At: tx.Now(), Payload: []byte("{}"),
			}
			if err := tx.InsertEvent(&e); err != nil {
				return err
			}
			row := models.Notification{Type: e.Type, Name: fmt.Sprint("news ", n), EventID: e.ID, Tone: "plain", At: e.At}
			if err := tx.InsertNotification(row); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	c := newPageClient(t, p, "admin")
	next := regexp.MustCompile(`href="(/inbox\?[^"]*before=[^"]*)"`)
	first := c.must(http.StatusOK, "GET", "/inbox")
	if n := strings.Count(first, " data-row="); n != 50 {
		t.Errorf("%d notifications on the first page, want 50", n)
	}
	link := next.FindStringSubmatch(first)
	if link == nil {
		t.Fatal("the first page has no link to the next")
	}
	second := c.must(http.StatusOK, "GET", html.UnescapeString(link[1]))
	if n := strings.Count(second, " data-row="); n != 1 || next.MatchString(second) {
		t.Errorf("%d notifications on the second page, want the last one and no link", n)
	}
}

func newestNotification(t *testing.T, p *apptest.Program) int64 {
	t.Helper()
	id, err := p.Store.NewestNotification(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// itemIDs returns the ids of a list.
func itemIDs(a apptest.Answer) []int64 {
	var ids []int64
	for i := range itemCount(a) {
		ids = append(ids, a.ID(fmt.Sprintf("items.%d.id", i)))
	}
	return ids
}

// The facts 92 to 101 from SecObserve's own tests of its inbox, with our API paths and statuses.
// Fact 95, a user who marks hidden notifications, is deliberately different.
func TestInbox_SecObserveParity(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		admin := p.Client("admin")
		one, two := newProduct(t, admin, "one", ""), newProduct(t, admin, "two", "")
		users := admin.Must(http.StatusCreated, "POST", "/authorization-groups", object{"name": "users"}).ID("id")
		for _, name := range []string{"owner", "member"} {
			p.User(name)
		}
		admin.Must(http.StatusCreated, "POST", one.path+"/members", object{"user": "owner", "role": "owner"})
		admin.Must(http.StatusNoContent, "POST", fmt.Sprintf("/authorization-groups/%d/members", users),
			object{"user": "member"})
		admin.Must(http.StatusNoContent, "POST", one.path+"/authorization-groups",
			object{"authorization_group": "users", "role": "owner"})
		id := newSixNotifications(t, p, one.id, two.id)

		// 96: administrators see all notifications with their messages.
		a := admin.Must(http.StatusOK, "GET", "/notifications", nil)
		if got := itemIDs(a); !slices.Equal(got, []int64{id[6], id[5], id[4], id[3], id[2], id[1]}) ||
			!strings.Contains(a.Text, "message task 5") {
			t.Errorf("an administrator sees %v: %s", got, a.Text)
		}
		for _, name := range []string{"owner", "member"} { // 97 to 101, by both ways
			c := p.Client(name)
			a := c.Must(http.StatusOK, "GET", "/notifications", nil)
			if got := itemIDs(a); !slices.Equal(got, []int64{id[5], id[3]}) || a.Get("items.0.message") != "…" ||
				a.Get("items.1.message") != "message gate 3" {
				t.Errorf("%s sees %v: %s", name, got, a.Text)
			}
			c.Must(http.StatusNotFound, "GET", fmt.Sprint("/notifications/", id[1]), nil)
			c.Must(http.StatusOK, "GET", fmt.Sprint("/notifications/", id[3]), nil)
			before := p.Client("admin").Must(http.StatusOK, "GET", "/notifications/count", nil).ID("unread")
			for _, as := range []string{"viewed", "unviewed", "archived", "unarchived"} {
				path := "/notifications/" + as
				c.Must(http.StatusUnprocessableEntity, "POST", path, object{})                         // 92
				c.Must(http.StatusNotFound, "POST", path, object{"ids": []int64{1 << 40}})             // 94
				c.Must(http.StatusNotFound, "POST", path, object{"ids": []int64{id[1]}})               // 95
				c.Must(http.StatusNotFound, "POST", path, object{"ids": []int64{id[1], id[3], id[5]}}) // 100
				n := c.Must(http.StatusOK, "GET", "/notifications/count", nil).
					ID("unread")
				if as == "viewed" && n != 2 { // and none was marked
					t.Errorf("%s: %d unread", name, n)
				}
				c.Must(http.StatusOK, "POST", path, object{"ids": []int64{id[3], id[5]}}) // 93
			}
			// A hidden id and a missing one look the same to the user.
			hidden, none := c.Do("GET", fmt.Sprint("/notifications/", id[2]), nil), c.Do("GET", "/notifications/99999", nil)
			if hidden.Get("detail") != none.Get("detail") || hidden.Status != none.Status {
				t.Errorf("hidden: %s\nnot there: %s", hidden.Text, none.Text)
			}
			// Searches and filters do not reveal hidden notifications either.
			for query, want := range map[string][]int64{
				"q=message": {id[3]}, "q=task+5": nil, "q=gate+2": nil, "q=two": nil, "q=task+of": {id[5]},
				"type=exception": {id[5]}, "type=exception.request": nil,
				fmt.Sprint("product=", two.id): nil, fmt.Sprint("product=", one.id): {id[5], id[3]}, "group=1": nil,
				"severity=unknown": nil,
				"unread=true":      nil, "archived=true": nil, "since=2000-01-01T00:00:00Z": {id[5], id[3]},
				"until=2000-01-01T00:00:00Z": nil,
			} {
				if got := itemIDs(c.Must(http.StatusOK, "GET", "/notifications?"+query, nil)); !slices.Equal(got, want) {
					t.Errorf("%s, %s: %v, want %v", name, query, got, want)
				}
			}
			if n := c.Must(http.StatusOK, "GET", "/notifications/count?q=message", nil).ID("found"); n != 1 {
				t.Errorf("%s counts %d", name, n)
			}
			if got := p.Client("admin").Must(http.StatusOK, "GET", "/notifications/count", nil).ID("unread"); got != before {
				t.Errorf("%s has marked what an administrator reads: %d unread, was %d", name, got, before)
			}
		}
		for query, field := range map[string]string{
			"severity=loud": "severity", "since=soon": "since",
			"since=2026-02-02T00:00:00Z&until=2026-02-01T00:00:00Z": "until", "cursor=x": "cursor", "product=-1": "product",
		} {
			a := admin.Must(http.StatusUnprocessableEntity, "GET", "/notifications?"+query, nil)
			if !strings.Contains(a.Text, field) {
				t.Errorf("%s: %s", query, a.Text)
			}
		}
	})
}

// Archiving affects only the user. Deleting affects all users, requires an owner, and is audited.
func TestInbox_ArchiveAndDelete(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		admin := p.Client("admin")
		one, two := newProduct(t, admin, "one", ""), newProduct(t, admin, "two", "")
		for name, role := range map[string]string{"ann": "owner", "bob": "maintainer"} {
			p.User(name)
			admin.Must(http.StatusCreated, "POST", one.path+"/members", object{"user": name, "role": role})
		}
		ann, bob := p.Client("ann"), p.Client("bob")
		id := newSixNotifications(t, p, one.id, two.id)
		bob.Must(http.StatusOK, "POST", "/notifications/archived", object{"ids": []int64{id[3]}})
		if got := itemIDs(bob.Must(http.StatusOK, "GET", "/notifications", nil)); !slices.Equal(got, []int64{id[5]}) {
			t.Errorf("bob sees %v", got)
		}
		a := bob.Must(http.StatusOK, "GET", "/notifications?archived=true", nil)
		if a.ID("items.0.id") != id[3] || a.Get("items.0.archived") != true || a.Get("items.0.viewed") != true {
			t.Errorf("archived: %s", a.Text)
		}
		if got := itemIDs(ann.Must(http.StatusOK, "GET", "/notifications", nil)); len(got) != 2 {
			t.Errorf("ann sees %v", got)
		}
		// All that a filter finds, up to the newest shown notification.
		filter := object{"filter": object{"type": "gate"}, "up_to": id[2]}
		ann.Must(http.StatusOK, "POST", "/notifications/archived", filter)
		filter["up_to"] = id[6]
		ann.Must(http.StatusOK, "POST", "/notifications/archived", filter)
		got := itemIDs(ann.Must(http.StatusOK, "GET", "/notifications?archived=true", nil))
		if !slices.Equal(got, []int64{id[3]}) {
			t.Errorf("ann has archived %v", got)
		}
		ann.Must(http.StatusUnprocessableEntity, "POST", "/notifications/viewed", object{"filter": object{"type": "gate"}})
		ann.Must(http.StatusUnprocessableEntity, "POST", "/notifications/viewed",
			object{"ids": []int64{id[3]}, "filter": object{}, "up_to": id[6]})

		bob.Must(http.StatusForbidden, "DELETE", fmt.Sprint("/notifications/", id[3]), nil)
		ann.Must(http.StatusNotFound, "DELETE", fmt.Sprint("/notifications/", id[2]), nil)
		ann.Must(http.StatusNotFound, "POST", "/notifications/delete", object{"ids": []int64{id[3], id[2]}})
		admin.Must(http.StatusUnprocessableEntity, "POST", "/notifications/delete",
			object{"filter": object{}, "up_to": id[6]})
		if got := itemIDs(admin.Must(http.StatusOK, "GET", "/notifications", nil)); len(got) != 6 {
			t.Fatalf("%v are left", got)
		}
		ann.Must(http.StatusNoContent, "DELETE", fmt.Sprint("/notifications/", id[3]), nil)
		bob.Must(http.StatusNotFound, "GET", fmt.Sprint("/notifications/", id[3]), nil)
		a = ann.Must(http.StatusOK, "GET", fmt.Sprintf("/audit?product=%d&kind=notification", one.id), nil)
		if itemCount(a) != 1 || !strings.Contains(a.Text, "gate of one") || a.Get("items.0.actor") != "ann" {
			t.Errorf("audit: %s", a.Text)
		}
		admin.Must(http.StatusNoContent, "POST", "/notifications/delete",
			object{"filter": object{"type": "exception.request"}, "up_to": id[6]})
		got = itemIDs(admin.Must(http.StatusOK, "GET", "/notifications", nil))
		if !slices.Equal(got, []int64{id[5], id[4], id[2]}) {
			t.Errorf("%v are left", got)
		}
	})
}

// streamLines returns the lines of a stream until it ends.
func streamLines(t *testing.T, c *http.Client, address string) (<-chan string, func()) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := c.Do(req) //nolint:bodyclose // closed when it has ended
	if err != nil {
		t.Fatal(err)
	}
	if kind := answer.Header.Get("Content-Type"); kind != "text/event-stream" {
		t.Fatalf("%d, %s", answer.StatusCode, kind)
	}
	said := make(chan string, 100)
	go func() {
		defer close(said)
		defer answer.Body.Close() //nolint:errcheck // it has ended
		for scan := bufio.NewScanner(answer.Body); scan.Scan(); {
			if text, ok := strings.CutPrefix(scan.Text(), "data: "); ok {
				said <- text
			}
		}
	}()
	return said, stop
}

func waitLine(t *testing.T, said <-chan string, want string) {
	t.Helper()
	select {
	case got, open := <-said:
		if got != want || !open {
			t.Errorf("the stream says %q, want %q", got, want)
		}
	case <-time.After(30 * time.Second):
		t.Fatalf("the stream says nothing, want %q", want)
	}
}

// A stream sends only what its user can see and what the user marks elsewhere. It ends with the
// session and with the program.
func TestInboxStream(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	admin := p.Client("admin")
	one, two := newProduct(t, admin, "one", ""), newProduct(t, admin, "two", "")
	p.User("ann")
	admin.Must(http.StatusCreated, "POST", one.path+"/members", object{"user": "ann", "role": "reader"})
	if status, text := getNoRedirect(t, newHTTPClient(t), p.URL+"/inbox/live"); strings.Contains(text, "data:") {
		t.Errorf("without a session: %d %s", status, text)
	}
	ann, page := p.Client("ann"), signInAs(t, p, "ann", apptest.Password)
	said, stop := streamLines(t, page, p.URL+"/inbox/live")
	defer stop()
	waitLine(t, said, `{"unread":0,"newest":0}`)
	notify := func(s productFixture) int64 {
		t.Helper()
		admin.Must(http.StatusOK, "PUT", s.path+"/counts",
			object{"scanner": fmt.Sprint("x", p.Clock.Now().UnixNano()), "counts": criticalCounts(1)})
		apptest.Eventually(t, "it is in the inbox", func() bool {
			return itemIDs(admin.Do("GET", fmt.Sprint("/notifications?product=", s.id), nil)) != nil
		})
		return itemIDs(admin.Do("GET", fmt.Sprint("/notifications?product=", s.id), nil))[0]
	}
	notify(two) // not visible for eve: the stream next sends eve's own
	id := notify(one)
	waitLine(t, said, fmt.Sprintf(`{"unread":1,"newest":%d}`, id))
	ann.Must(http.StatusOK, "POST", "/notifications/viewed", object{"ids": []int64{id}})
	waitLine(t, said, fmt.Sprintf(`{"unread":0,"newest":%d}`, id))
	admin.Must(http.StatusNoContent, "DELETE", fmt.Sprint("/notifications/", id), nil)
	waitLine(t, said, `{"unread":0,"newest":0}`)

	submitForm(t, page, p.URL+"/logout", nil, formKind)
	admin.Must(http.StatusNoContent, "DELETE", fmt.Sprint("/notifications/", newestNotification(t, p)),
		nil) // so that it looks
	select {
	case text, open := <-said:
		if open {
			t.Errorf("after the end of the session the stream says %s", text)
		}
	case <-time.After(40 * time.Second):
		t.Error("the stream goes on after the end of the session")
	}

	page = signInAs(t, p, "ann", apptest.Password)
	for range 12 {
		said, stop := streamLines(t, page, p.URL+"/inbox/live")
		t.Cleanup(stop)
		waitLine(t, said, `{"unread":0,"newest":0}`)
	}
	if status, _ := getNoRedirect(t, page, p.URL+"/inbox/live"); status != http.StatusTooManyRequests {
		t.Errorf("one stream more: %d", status)
	}
	p.Stop() // does not wait for them
}
