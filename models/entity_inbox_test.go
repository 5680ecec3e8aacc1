package models_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"gatecrier/models"
)

func (w world) mark(who models.Viewer, viewed bool, events ...int64) int64 {
	w.t.Helper()
	as := models.MarkUnviewed
	if viewed {
		as = models.MarkViewed
	}
	return w.markAs(who, as, events...)
}

func (w world) markAs(who models.Viewer, as models.MarkAs, events ...int64) int64 {
	w.t.Helper()
	var n int64
	w.write(func(tx *models.Tx) (err error) { n, err = tx.Mark(who, events, models.Marking{As: as}); return err })
	return n
}

func (w world) markAll(user, upTo int64) {
	w.t.Helper()
	w.write(func(tx *models.Tx) error { return tx.MarkAll(user, upTo) })
}

func TestMarks(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		ann, root := models.Viewer{UserID: w.user("ann")}, models.Viewer{UserID: w.user("root"), Administrator: true}
		product := w.product("ours", ann.UserID)
		news := w.tell(product, 5)
		hidden := w.tell(w.product("theirs", w.user("bob")), 1)
		both := append(slices.Clone(news), hidden...)
		unread := func(who models.Viewer, want ...int64) {
			t.Helper()
			if _, got := w.inbox(who); !slices.Equal(got, want) {
				t.Errorf("unread %v, want %v", got, want)
			}
		}
		unread(ann, news[4], news[3], news[2], news[1], news[0])

		if n := w.mark(ann, true, news[1], news[3], hidden[0], 1<<40); n != 2 {
			t.Errorf("marked %d, want 2", n)
		}
		unread(ann, news[4], news[2], news[0])
		if n := w.count("marks"); n != 2 {
			t.Errorf("%d marks: one for what is hidden", n)
		}
		unread(root, reversed(both)...) // marks are per user
		w.mark(ann, false, news[3])
		unread(ann, news[4], news[3], news[2], news[0])

		w.markAll(ann.UserID, news[3])
		unread(ann, news[4])
		w.mark(ann, false, news[0]) // below the watermark
		unread(ann, news[4], news[0])
		w.markAll(ann.UserID, news[1])
		unread(ann, news[4]) // the watermark does not go back
		w.markAll(ann.UserID, 1<<40)
		unread(ann)
		more := w.tell(product, 1)
		unread(ann, more[0]) // nor into the future
		if n := w.mark(root, true, both...); n != 6 {
			t.Errorf("an administrator marked %d, want 6", n)
		}
		unread(root, more[0])
	})
}

func reversed(list []int64) []int64 {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}

func TestBadgeStopsCounting(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		ann := w.user("ann")
		w.tell(w.product("one", ann), 4)
		w.tell(w.product("two", ann), 4)
		for limit, want := range map[int]int{1: 1, 5: 5, 8: 8, 100: 8} {
			for _, admin := range []bool{false, true} {
				n, err := w.s.CountUnread(t.Context(), models.Viewer{UserID: ann, Administrator: admin}, limit)
				if err != nil || n != want {
					t.Errorf("up to %d: %d, want %d, %v", limit, n, want, err)
				}
			}
		}
	})
}

// A filter by time works on an empty inbox.
func TestTimeFilterOfAnEmptyInbox(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		root := models.Viewer{UserID: w.user("root"), Administrator: true}
		for _, f := range []models.InboxFilter{{Since: noon}, {Until: noon}, {Since: noon, Until: noon}} {
			f.Limit = 10
			if list, err := w.s.Inbox(t.Context(), root, f); err != nil || len(list) != 0 {
				t.Errorf("%d rows, %v", len(list), err)
			}
		}
	})
}

// A second notification of one event changes nothing.
func TestInsertNotificationIsIdempotent(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		ann := w.user("ann")
		product := w.product("ours", ann)
		e := w.event(product)
		for _, name := range []string{"first", "second"} {
			w.write(func(tx *models.Tx) error {
				return tx.InsertNotification(models.Notification{EventID: e.ID, ProductID: product, Name: name, At: e.At})
			})
		}
		list, err := w.s.Inbox(t.Context(), models.Viewer{UserID: ann}, models.InboxFilter{Limit: 10})
		if err != nil || len(list) != 1 || list[0].Name != "first" {
			t.Errorf("%+v, %v", list, err)
		}
	})
}

func TestInboxFilters(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		ann := models.Viewer{UserID: w.user("ann")}
		shop, bank := w.product("The Shop", ann.UserID), w.product("Bank_1", ann.UserID)
		add := func(product int64, kind, name, message string) int64 {
			e := w.event(product)
			w.write(func(tx *models.Tx) error {
				return tx.InsertNotification(
					models.Notification{EventID: e.ID, ProductID: product, Type: kind, Name: name, Message: message, At: e.At},
				)
			})
			return e.ID
		}
		a := add(shop, "gate.changed", "Gate failed", "by 3 critical")
		b := add(bank, "gate.changed", "Gate passed", "100% fine")
		c := add(bank, "exception.task", `Exception "KeyError"`, `in c:\jobs`)
		w.mark(ann, true, a)
		for name, test := range map[string]struct {
			f    models.InboxFilter
			want []int64
		}{
			"all":     {models.InboxFilter{}, []int64{c, b, a}},
			"type":    {models.InboxFilter{Type: "gate.changed"}, []int64{b, a}},
			"product": {models.InboxFilter{ProductID: bank}, []int64{c, b}},
			"unread":  {models.InboxFilter{Unread: true}, []int64{c, b}},
			"before":  {models.InboxFilter{Before: c}, []int64{b, a}},
			"all of them": {
				models.InboxFilter{Unread: true, Before: c, Type: "gate.changed", ProductID: bank, Text: "gate"},
				[]int64{b},
			},
			"name, any case":   {models.InboxFilter{Text: "GATE"}, []int64{b, a}},
			"message":          {models.InboxFilter{Text: "critical"}, []int64{a}},
			"product's name":   {models.InboxFilter{Text: "the shop"}, []int64{a}},
			"a percent sign":   {models.InboxFilter{Text: "%"}, []int64{b}},
			"an underscore":    {models.InboxFilter{Text: "_"}, []int64{c, b}},
			"a quote":          {models.InboxFilter{Text: `"key`}, []int64{c}},
			"nothing":          {models.InboxFilter{Text: "no such text"}, nil},
			"not his product":  {models.InboxFilter{ProductID: 1 << 40}, nil},
			"an unknown type":  {models.InboxFilter{Type: "gat"}, nil},
			"before the first": {models.InboxFilter{Before: a}, nil},
		} {
			for _, admin := range []bool{false, true} {
				test.f.Limit = 10
				list, err := w.s.Inbox(t.Context(), models.Viewer{UserID: ann.UserID, Administrator: admin}, test.f)
				if got := eventsOf(list); err != nil || !slices.Equal(got, test.want) {
					t.Errorf("%s: %v, want %v, %v", name, got, test.want, err)
				}
			}
		}
		// What a task was about only administrators read, and find.
		for admin, want := range map[bool]struct {
			message string
			found   []int64
		}{false: {"…", nil}, true: {`in c:\jobs`, []int64{c}}} {
			who := models.Viewer{UserID: ann.UserID, Administrator: admin}
			list, err := w.s.Inbox(t.Context(), who, models.InboxFilter{Text: `\jobs`, Limit: 10})
			if got := eventsOf(list); err != nil || !slices.Equal(got, want.found) {
				t.Errorf("found: %v, %v", got, err)
			}
			if n, err := w.s.Notification(t.Context(), who, c); err != nil || n.Message != want.message {
				t.Errorf("one: %+v, %v", n, err)
			}
			if list, err := w.s.Inbox(
				t.Context(), who, models.InboxFilter{Type: "exception.task", Limit: 10},
			); err != nil || len(list) != 1 ||
				list[0].Message != want.message {
				t.Errorf("listed: %+v, %v", list, err)
			}
		}
	})
}

func eventsOf(list []models.Notification) []int64 {
	var ids []int64
	for _, n := range list {
		ids = append(ids, n.EventID)
	}
	return ids
}

// Pages contain each row of the beginning once, although rows are added between them, and while
// they are read.
func TestInboxPages(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		ann := w.user("ann")
		var products []int64
		for i := range 5 {
			products = append(products, w.product(fmt.Sprint("product ", i), ann))
		}
		var want []int64
		for i := range 60 {
			want = append(want, w.tell(products[i*i%5], 1+i%3)...)
		}
		bobs := w.tell(w.product("not hers", w.user("bob")), 3)
		newest := bobs[len(bobs)-1]
		for _, who := range []models.Viewer{{UserID: ann}, {UserID: ann, Administrator: true}} {
			if who.Administrator {
				want = append(want, bobs...)
			}
			var wg sync.WaitGroup
			stop := make(chan struct{})
			wg.Go(func() { w.keepAdding(products, stop) })
			got := w.pages(who, 7, products[0])
			close(stop)
			wg.Wait()
			old := slices.DeleteFunc(got, func(id int64) bool { return id > newest })
			if !slices.Equal(old, reversed(want)) {
				t.Errorf("administrator %v: read %d rows, want %d: %v", who.Administrator, len(old), len(want), old)
			}
		}
	})
}

// keepAdding adds rows until it is stopped.
func (w world) keepAdding(products []int64, stop chan struct{}) {
	for i := 0; ; i++ {
		select {
		case <-stop:
			return
		default:
		}
		err := w.s.Write(w.t.Context(), func(tx *models.Tx) error {
			_, err := tellIn(tx, products[i%len(products)], 1)
			return err
		})
		if err != nil {
			w.t.Error(err)
			return
		}
	}
}

// pages reads page after page, and adds a row between two.
func (w world) pages(who models.Viewer, limit int, product int64) []int64 {
	w.t.Helper()
	var got []int64
	f := models.InboxFilter{Limit: limit}
	for {
		list, err := w.s.Inbox(w.t.Context(), who, f)
		if err != nil {
			w.t.Fatal(err)
		}
		if len(list) == 0 {
			return got
		}
		if len(list) > limit || f.Before != 0 && list[0].EventID >= f.Before {
			w.t.Fatalf("the page before %d holds %v", f.Before, eventsOf(list))
		}
		got = append(got, eventsOf(list)...)
		f.Before = list[len(list)-1].EventID
		w.tell(product, 1)
	}
}
