package apptest_test

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

// atomFeed is what a feed reader reads from a feed.
type atomFeed struct {
	ID      string `xml:"id"`
	Updated string `xml:"updated"`
	Links   []struct {
		Rel  string `xml:"rel,attr"`
		Href string `xml:"href,attr"`
	} `xml:"link"`
	Entries []struct {
		ID       string `xml:"id"`
		Title    string `xml:"title"`
		Author   string `xml:"author>name"`
		Content  string `xml:"content"`
		Category struct {
			Term string `xml:"term,attr"`
		} `xml:"category"`
		Link struct {
			Href string `xml:"href,attr"`
		} `xml:"link"`
	} `xml:"entry"`
}

func (f atomFeed) titles() []string {
	var list []string
	for _, e := range f.Entries {
		list = append(list, e.Title)
	}
	return list
}

func readFeed(t *testing.T, url string) atomFeed {
	t.Helper()
	res, text := fetchBadge(t, "GET", url, "")
	if res.Status != http.StatusOK {
		t.Fatalf("the feed: %d %s", res.Status, text)
	}
	var f atomFeed
	if err := xml.Unmarshal([]byte(text), &f); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return f
}

func newFeed(c *apptest.Client) string {
	url, _ := c.Must(http.StatusCreated, "POST", "/feed", nil).Get("url").(string)
	return url
}

// A feed shows what its user can see, at a secret address.
func TestFeed_ShowsVisibleNotifications(t *testing.T) {
	t.Parallel()
	eachDatabase(t, checkFeed)
}

func checkFeed(t *testing.T, p *apptest.Program) {
	t.Helper()
	admin := p.Client("admin")
	p.User("ann")
	ann := p.Client("ann")
	shop, other := newProduct(t, admin, "Shop <1>", ""), newProduct(t, admin, "Other", "")
	admin.Must(http.StatusCreated, "POST", shop.path+"/members", object{"user": "ann", "role": "reader"})
	if a := ann.Must(http.StatusOK, "GET", "/feed", nil); a.Get("made") != false {
		t.Errorf("off by default: %s", a.Text)
	}
	url := newFeed(ann)
	token := strings.TrimSuffix(strings.TrimPrefix(url, p.URL+"/feed/"), ".atom")
	if len(token) != 52 {
		t.Fatalf("the address: %s", url)
	}
	empty := readFeed(t, url)
	setCritical(admin, shop, 1)
	setCritical(admin, other, 1)
	apptest.Eventually(t, "both are announced", func() bool {
		return itemCount(admin.Do("GET", "/notifications", nil)) == 2
	})
	f := readFeed(t, url)
	if len(empty.Entries) != 0 || f.ID != empty.ID || len(f.Entries) != 1 {
		t.Fatalf("%+v, before %+v", f, empty)
	}
	e, id := f.Entries[0], itemIDs(ann.Must(http.StatusOK, "GET", "/notifications", nil))[0]
	if !strings.HasPrefix(e.Title, "Shop <1>: Security gate failed (1 critical") ||
		e.Link.Href != fmt.Sprintf("%s/inbox/%d", p.URL, id) || e.Category.Term != "gate.changed" ||
		!strings.HasPrefix(e.ID, "urn:uuid:") || e.Author == "" || !strings.Contains(e.Content, "critical") ||
		f.Links[0].Rel != "self" || f.Links[0].Href != url {
		t.Errorf("%+v", f)
	}

	// Conditional and HEAD requests, without cookies.
	res, _ := fetchBadge(t, "GET", url, "")
	tag := res.Header.Get("ETag")
	if tag == "" || res.Cookies != 0 || res.Header.Get("Cache-Control") != "private, no-cache" ||
		res.Header.Get("Referrer-Policy") != "no-referrer" ||
		res.Header.Get("Content-Type") != "application/atom+xml; charset=utf-8" {
		t.Errorf("%+v", res)
	}
	if res, text := fetchBadge(t, "GET", url, tag); res.Status != http.StatusNotModified || text != "" {
		t.Errorf("known: %d %s", res.Status, text)
	}
	if res, text := fetchBadge(t, "HEAD", url, ""); res.Status != http.StatusOK || text != "" {
		t.Errorf("HEAD: %d %s", res.Status, text)
	}
	ann.Must(http.StatusOK, "POST", "/notifications/viewed", object{"ids": []int64{id}})
	if again := readFeed(t, url); len(again.Entries) != 1 {
		t.Errorf("what was viewed is gone: %+v", again)
	}
	ann.Must(http.StatusOK, "POST", "/notifications/archived", object{"ids": []int64{id}})
	if again := readFeed(t, url); len(again.Entries) != 0 {
		t.Errorf("what was archived is listed: %+v", again)
	}

	// Unknown addresses are not found, and a new address replaces the old one.
	gone := func(what, url string) {
		t.Helper()
		res, text := fetchBadge(t, "GET", url, "")
		if res.Status != http.StatusNotFound || text != "There is no such feed\n" {
			t.Errorf("%s: %d %s", what, res.Status, text)
		}
	}
	gone("another token", p.URL+"/feed/"+strings.Repeat("A", 52)+".atom")
	gone("without its suffix", strings.TrimSuffix(url, ".atom"))
	second := newFeed(ann)
	gone("the old address", url)
	readFeed(t, second)
	admin.Must(http.StatusOK, "PATCH", fmt.Sprintf("/users/%d", userID(admin, "ann")), object{"active": false})
	gone("who is not active", second)
	admin.Must(http.StatusOK, "PATCH", fmt.Sprintf("/users/%d", userID(admin, "ann")), object{"active": true})
	gone("that of a user who was not active", second)
	ann = p.Client("ann") // the deactivation revoked the token
	third := newFeed(ann)
	readFeed(t, third)
	ann.Must(http.StatusNoContent, "DELETE", "/feed", nil)
	gone("a removed one", third)

	// Tokens with limited rights cannot create a feed.
	for _, limited := range []object{
		{"name": "small", "role": "reader"},
		{"name": "short", "expires_at": p.Store.Now().Add(time.Hour)},
	} {
		token, _ := ann.Must(http.StatusCreated, "POST", "/tokens", limited).Get("token").(string)
		apptest.NewClient(t, p.URL, token).Must(http.StatusForbidden, "POST", "/feed", nil)
	}

	// Only the user who created the address knows it.
	audit := admin.Must(http.StatusOK, "GET", "/audit?kind=feed", nil)
	if itemCount(audit) != 5 || audit.Get("items.2.actor") != "admin" || audit.Get("items.2.action") != "delete" ||
		strings.Contains(audit.Text, token) {
		t.Errorf("%s", audit.Text)
	}
	if strings.Contains(p.Logged(), token) {
		t.Error("the token is in the log")
	}
}

func userID(admin *apptest.Client, name string) int64 {
	a := admin.Do("GET", "/users?q="+name, nil)
	return a.ID("items.0.id")
}

// When a member is added or removed, the inbox, feed, stream and badge change at once, and a new
// member finds the old notifications read.
func TestMembership_AppliesToInboxAndFeed(t *testing.T) {
	t.Parallel()
	eachDatabase(t, checkMembership)
}

func checkMembership(t *testing.T, p *apptest.Program) {
	t.Helper()
	admin := p.Client("admin")
	p.User("ann")
	ann, page := p.Client("ann"), signInAs(t, p, "ann", apptest.Password)
	stays, changes := newProduct(t, admin, "Stays", ""), newProduct(t, admin, "Changes", "")
	group := admin.Must(http.StatusCreated, "POST", "/groups", object{"name": "Payments"}).ID("id")
	critical, n := map[int64]int{}, 0
	notify := func(s productFixture) {
		t.Helper()
		critical[s.id] = 1 - critical[s.id]
		setCritical(admin, s, critical[s.id])
		n++
		apptest.Eventually(t, "it is announced", func() bool {
			return itemCount(admin.Do("GET", "/notifications?limit=100", nil)) == n
		})
	}
	member := func(path string, in bool) {
		t.Helper()
		if in {
			admin.Must(http.StatusCreated, "POST", path+"/members", object{"user": "ann", "role": "reader"})
		} else {
			admin.Must(http.StatusNoContent, "DELETE", fmt.Sprintf("%s/members/%d", path, userID(admin, "ann")), nil)
		}
	}
	feed := newFeed(ann)
	notify(changes)
	member(stays.path, true)
	said, stop := streamLines(t, page, p.URL+"/inbox/live")
	defer stop()
	waitLine(t, said, `{"unread":0,"newest":0}`)
	// shows checks what ann sees: notifications of each product, and the number of unread ones.
	shows := func(what string, ofStays, ofChanges, unread int) {
		t.Helper()
		a := ann.Must(http.StatusOK, "GET", "/notifications", nil)
		got := func(name string) (n int) {
			for i := range itemCount(a) {
				if a.Get(fmt.Sprintf("items.%d.product.name", i)) == name {
					n++
				}
			}
			return n
		}
		if got("Stays") != ofStays || got("Changes") != ofChanges {
			t.Errorf("%s: %s", what, a.Text)
		}
		if n := int(ann.Must(http.StatusOK, "GET", "/notifications/count", nil).ID("unread")); n != unread {
			t.Errorf("%s: %d unread, want %d", what, n, unread)
		}
		_, text := getNoRedirect(t, page, p.URL+"/inbox")
		words := fmt.Sprintf("%d unread", unread)
		if unread == 0 {
			words = "No unread notifications"
		}
		if !strings.Contains(text, words) || strings.Contains(text, ">Changes<") != (ofChanges > 0) {
			t.Errorf("%s: the page does not say %s, or shows another's", what, words)
		}
		_, badge := getNoRedirect(t, page, p.URL+"/inbox/badge")
		if strings.Contains(badge, fmt.Sprintf("<b>%d <", unread)) != (unread > 0) {
			t.Errorf("%s: the badge says %s", what, badge)
		}
		titles := readFeed(t, feed).titles()
		of := func(name string) int {
			return len(slices.DeleteFunc(slices.Clone(titles), func(t string) bool { return !strings.HasPrefix(t, name+": ") }))
		}
		if of("Stays") != ofStays || of("Changes") != ofChanges {
			t.Errorf("%s: the feed has %q", what, titles)
		}
	}
	// waitStream notifies ann, and checks what the stream says then.
	waitStream := func(unread int) {
		t.Helper()
		notify(stays)
		waitLine(t, said, fmt.Sprintf(`{"unread":%d,"newest":%d}`, unread, newestNotification(t, p)))
	}
	shows("before", 0, 0, 0)
	member(changes.path, true)
	shows("a new member", 0, 1, 0) // what is old is viewed
	waitStream(1)
	notify(changes)
	waitLine(t, said, fmt.Sprintf(`{"unread":2,"newest":%d}`, newestNotification(t, p)))
	shows("a member", 1, 2, 2)
	member(changes.path, false)
	shows("a member no more", 1, 0, 1)
	waitStream(2)
	member(changes.path, true)
	shows("a member again", 2, 2, 2)
	waitStream(3)

	// The same through a group that the product joins.
	member(changes.path, false)
	member(fmt.Sprintf("/groups/%d", group), true)
	shows("in the group alone", 3, 0, 3)
	admin.Must(http.StatusOK, "PATCH", changes.path, object{"group_id": group})
	shows("the product has come into the group", 3, 2, 3)
	notify(changes)
	shows("and notifies", 3, 3, 4)
	admin.Must(http.StatusOK, "PATCH", changes.path, object{"group_id": nil})
	shows("and has left", 3, 0, 3)
}

// A member's feed masks what only administrators can see.
func TestFeed_MasksAdministratorDetails(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	admin := p.Client("admin")
	p.User("ann")
	shop := newProduct(t, admin, "Shop", "")
	admin.Must(http.StatusCreated, "POST", shop.path+"/members", object{"user": "ann", "role": "owner"})
	err := p.Store.Write(t.Context(), func(tx *models.Tx) error {
		e := models.Event{
			UUID:      "a task",
			Type:      "exception.task",
			Version:   1,
			ProductID: shop.id,
			At:        tx.Now(),
			Payload:   []byte("{}"),
		}
		if err := tx.InsertEvent(&e); err != nil {
			return err
		}
		return tx.InsertNotification(models.Notification{
			EventID:   e.ID,
			ProductID: shop.id,
			Type:      e.Type,
			Name:      "Exception",
			Message:   "a secret",
			Tone:      "plain",
			At:        e.At,
			Targets:   -1,
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if f := readFeed(t, newFeed(p.Client("ann"))); len(f.Entries) != 1 || f.Entries[0].Content != "…" {
		t.Errorf("%+v", f)
	}
	if f := readFeed(t, newFeed(admin)); len(f.Entries) != 1 || f.Entries[0].Content != "a secret" {
		t.Errorf("%+v", f)
	}
}
