package apptest_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

// inboxMarks returns "id viewed archived" of all notifications that a user can see.
func inboxMarks(c *apptest.Client) []string {
	var list []string
	for _, query := range []string{"", "&archived=true"} {
		a := c.Must(http.StatusOK, "GET", "/notifications?limit=100"+query, nil)
		for i := range itemCount(a) {
			item := fmt.Sprintf("items.%d.", i)
			list = append(list, fmt.Sprintf("%d %v %v", a.ID(item+"id"), a.Get(item+"viewed"), a.Get(item+"archived")))
		}
	}
	slices.Sort(list)
	return list
}

// Undo restores what a step has changed, in both databases: for marks of some notifications, of
// all matches of a filter, and of all. It keeps what the user has changed since.
func TestInboxUndo_RestoresTheStep(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		one, two := newProduct(t, c, "one", ""), newProduct(t, c, "two", "")
		id := newSixNotifications(t, p, one.id, two.id)
		c.Must(http.StatusOK, "POST", "/notifications/viewed", object{"ids": []int64{id[1]}})
		c.Must(http.StatusOK, "POST", "/notifications/archived", object{"ids": []int64{id[2]}})
		c.Must(http.StatusOK, "POST", "/notifications/unviewed", object{"ids": []int64{id[3]}})
		before := inboxMarks(c)
		newest := id[6]
		for _, step := range []struct {
			as   string
			body object
		}{
			{"viewed", object{"ids": []int64{id[1], id[3], id[4]}}},
			{"unviewed", object{"ids": []int64{id[1], id[2], id[3]}}},
			{"archived", object{"ids": []int64{id[1], id[2], id[4]}}},
			{"unarchived", object{"ids": []int64{id[1], id[2]}}},
			{"archived", object{"filter": object{"type": "exception"}, "up_to": newest}},
			{"viewed", object{"up_to": newest}},
		} {
			undo := c.Must(http.StatusOK, "POST", "/notifications/"+step.as, step.body).ID("undo")
			if slices.Equal(inboxMarks(c), before) {
				t.Errorf("%s %v changes nothing", step.as, step.body)
			}
			c.Must(http.StatusOK, "POST", "/notifications/undo", object{"id": undo})
			if got := inboxMarks(c); !slices.Equal(got, before) {
				t.Errorf("%s %v and undo\n got %v\nwant %v", step.as, step.body, got, before)
			}
			again := c.Must(http.StatusConflict, "POST", "/notifications/undo", object{"id": undo})
			if again.Get("detail") != "This step is already undone" {
				t.Errorf("the second undo says %s", again.Text)
			}
		}

		// What the user changes after the step stays.
		undo := c.Must(http.StatusOK, "POST", "/notifications/archived", object{"ids": []int64{id[4], id[5]}}).ID("undo")
		c.Must(http.StatusOK, "POST", "/notifications/unviewed", object{"ids": []int64{id[5]}})
		c.Must(http.StatusOK, "POST", "/notifications/viewed", object{"ids": []int64{id[6]}})
		want := slices.Clone(before)
		want[slices.Index(want, fmt.Sprintf("%d false false", id[6]))] = fmt.Sprintf("%d true false", id[6])
		c.Must(http.StatusOK, "POST", "/notifications/undo", object{"id": undo})
		if got := inboxMarks(c); !slices.Equal(got, want) {
			t.Errorf("changed since\n got %v\nwant %v", got, want)
		}

		// Of two steps that marked all as read, the newer one is undone first.
		first := c.Must(http.StatusOK, "POST", "/notifications/viewed", object{"up_to": id[4]}).ID("undo")
		second := c.Must(http.StatusOK, "POST", "/notifications/viewed", object{"up_to": newest}).ID("undo")
		c.Must(http.StatusConflict, "POST", "/notifications/undo", object{"id": first})
		c.Must(http.StatusOK, "POST", "/notifications/undo", object{"id": second})
		c.Must(http.StatusOK, "POST", "/notifications/undo", object{"id": first})
		if got := inboxMarks(c); !slices.Equal(got, want) {
			t.Errorf("two steps\n got %v\nwant %v", got, want)
		}

		// A step is its user's own, and expires.
		undo = c.Must(http.StatusOK, "POST", "/notifications/archived", object{"ids": []int64{id[4]}}).ID("undo")
		p.User("ann")
		p.Client("ann").Must(http.StatusNotFound, "POST", "/notifications/undo", object{"id": undo})
		p.Clock.Advance(time.Hour)
		expired := c.Must(http.StatusConflict, "POST", "/notifications/undo", object{"id": undo})
		if expired.Get("detail") != "This step can no longer be undone: the time to undo it has expired" {
			t.Errorf("an expired undo says %s", expired.Text)
		}
	})
}

// A step of thousands of notifications is undone as a whole, and its record is deleted later.
func TestInboxUndo_OfThousands(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c, last := p.Client("admin"), int64(0)
		for part := range 3 {
			err := p.Store.Write(t.Context(), func(tx *models.Tx) error {
				for n := range 400 {
					e := models.Event{
						UUID: fmt.Sprint("many ", part, n), Type: "exception.request", Version: 1, At: tx.Now(),
						Payload: []byte("{}"),
					}
					if err := tx.InsertEvent(&e); err != nil {
						return err
					}
					last = e.ID
					row := models.Notification{EventID: e.ID, Type: e.Type, Name: "x", Tone: "plain", At: e.At}
					if err := tx.InsertNotification(row); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		count := func() int64 {
			return c.Must(http.StatusOK, "GET", "/notifications/count?type=exception", nil).ID("found")
		}
		body := object{"filter": object{"type": "exception"}, "up_to": last}
		step := c.Must(http.StatusOK, "POST", "/notifications/archived", body)
		if step.ID("count") != 1200 || count() != 0 {
			t.Errorf("the step: %s, and %d are left", step.Text, count())
		}
		c.Must(http.StatusOK, "POST", "/notifications/undo", object{"id": step.ID("undo")})
		if n := count(); n != 1200 {
			t.Errorf("%d are back, want 1200", n)
		}

		step = c.Must(http.StatusOK, "POST", "/notifications/archived", body)
		for _, c := range []struct {
			after  time.Duration
			status int
		}{{time.Hour, http.StatusConflict}, {30 * 24 * time.Hour, http.StatusNotFound}} {
			p.Clock.Advance(c.after)
			if err := p.Store.Write(t.Context(), func(tx *models.Tx) error {
				_, err := tx.DeleteExpiredUndos(2000)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			p.Client("admin").Must(c.status, "POST", "/notifications/undo", object{"id": step.ID("undo")})
		}
	})
}

// The message of a step has a button that undoes it: without scripts, as a toast, and by a key.
func TestInboxUndo_InTheBrowser(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	admin := p.Client("admin")
	one, two := newProduct(t, admin, "one", ""), newProduct(t, admin, "two", "")
	newSixNotifications(t, p, one.id, two.id)

	page := newPageClient(t, p, "admin")
	ids := itemIDs(admin.Must(http.StatusOK, "GET", "/notifications", nil))
	page.must(http.StatusSeeOther, "POST", "/inbox/archived", "id", fmt.Sprint(ids[0], ",", ids[1]), "next", "/inbox")
	text := page.must(http.StatusOK, "GET", "/inbox")
	if !strings.Contains(text, "2 notifications archived") || !strings.Contains(text, `action="/inbox/undo"`) {
		t.Error("the page after the step has no button to undo it")
	}

	b := apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "admin", apptest.Password)
	b.Open("/inbox")
	b.WantText("4 unread")
	b.Evaluate(`[...document.querySelectorAll("input[name=id]")].slice(0, 3).forEach((box) => box.click())`)
	b.Press("button[formaction='/inbox/archived']")
	b.WaitFor("a toast",
		`document.querySelector(".gc-toast[role=status]")?.textContent.includes("3 notifications archived")`)
	b.WaitFor("one row is left", `document.querySelectorAll("[data-row]").length === 1`)
	b.CheckPage("inbox-undo")
	b.Evaluate(`document.querySelector(".gc-toast button[type=submit]").focus()`)
	b.Enter()
	b.WantText("Undone: 3 notifications archived", "4 unread")
	b.WaitFor("all rows are back", `document.querySelectorAll("[data-row]").length === 4`)

	b.Type("j")
	b.Type("e")
	b.WaitFor("a toast after a key",
		`document.querySelector(".gc-toast")?.textContent.includes("1 notification archived")`)
	b.Type("z")
	b.WaitFor("the key undoes it",
		`document.querySelector("main .gc-note")?.textContent.includes("Undone: 1 notification")`)
	b.WantText("4 unread")
}
