package models_test

import (
	"slices"
	"testing"
	"time"

	"gatecrier/models"
)

func (w world) snooze(who models.Viewer, until time.Time, events ...int64) {
	w.t.Helper()
	w.write(func(tx *models.Tx) error {
		_, err := tx.Mark(who, events, models.Marking{As: models.MarkSnoozed, Until: until})
		return err
	})
}

// A snoozed notification is in no list but that of snoozed ones. When the time has come, it is
// unread, and on top of the first page until it is marked.
func TestSnooze(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		ann, root := models.Viewer{UserID: w.user("ann")}, models.Viewer{UserID: w.user("root"), Administrator: true}
		product := w.product("ours", ann.UserID)
		news := w.tell(product, 6)
		for _, who := range []models.Viewer{ann, root} {
			list := func(what string, f models.InboxFilter, want ...int64) {
				t.Helper()
				page, err := w.s.FindInboxOnTop(t.Context(), who, f)
				if got := eventsOf(page.Rows); err != nil || !slices.Equal(got, want) {
					t.Errorf("administrator %v: %s: %v, want %v, %v", who.Administrator, what, got, want, err)
				}
			}
			unread := func(want int) {
				t.Helper()
				if n, err := w.s.CountUnread(t.Context(), who, 100); err != nil || n != want {
					t.Errorf("administrator %v: %d unread, want %d, %v", who.Administrator, n, want, err)
				}
			}
			all, unreadOnly := models.InboxFilter{Limit: 20}, models.InboxFilter{Limit: 20, Unread: true}
			snoozed := models.InboxFilter{Limit: 20, Snoozed: true}
			now := w.s.Now()
			w.markAs(who, models.MarkViewed, news...)
			w.snooze(who, now.Add(time.Hour), news[0])
			w.snooze(who, now.Add(2*time.Hour), news[2], news[5])
			list("snoozed rows are left out", all, news[4], news[3], news[1])
			list("a search", models.InboxFilter{Limit: 20, Text: "ours"}, news[4], news[3], news[1])
			list("one page", models.InboxFilter{Limit: 20, Before: news[3]}, news[1])
			list("unread", unreadOnly)
			list("snoozed", snoozed, news[5], news[2], news[0])
			unread(0)

			w.markAll(who.UserID, news[5]) // does not end a snooze
			w.clock.Advance(time.Hour)
			unread(1)
			list("one is back", all, news[0], news[4], news[3], news[1])
			list("it is unread", unreadOnly, news[0])
			list("two are snoozed", snoozed, news[5], news[2])
			w.clock.Advance(time.Hour)
			unread(3)
			list("the last one is first", all, news[5], news[2], news[0], news[4], news[3], news[1])
			list("a small page", models.InboxFilter{Limit: 4}, news[5], news[4], news[3], news[2])
			list("its next page", models.InboxFilter{Limit: 4, Before: news[2]}, news[1], news[0])
			list("a search", models.InboxFilter{Limit: 20, Text: "ours"}, news[5], news[2], news[0], news[4], news[3], news[1])
			list("another product", models.InboxFilter{Limit: 20, ProductID: 1 << 40})

			// Each mark ends it.
			w.markAs(who, models.MarkUnsnoozed, news[5])
			list("unsnoozed: unread at its place", all, news[2], news[0], news[5], news[4], news[3], news[1])
			unread(3)
			w.markAs(who, models.MarkViewed, news[2])
			w.markAs(who, models.MarkArchived, news[0])
			list("marked", all, news[5], news[4], news[3], news[2], news[1])
			w.snooze(who, now.Add(3*time.Hour), news[0], news[1])
			list("an archived one is snoozed", snoozed, news[1], news[0])
			w.markAs(who, models.MarkUnsnoozed, news[0], news[1])
			list("all are back", all, reversed(news)...)
			unread(3)
			w.clock.Advance(2 * time.Hour)
			list("nothing is snoozed", all, reversed(news)...)
		}

		// The time of the end finds the users.
		now := w.s.Now()
		w.snooze(ann, now.Add(time.Minute), news[1], news[2])
		for _, test := range []struct {
			after, upTo time.Duration
			want        []int64
		}{
			{0, time.Minute - 1, nil},
			{0, time.Minute, []int64{ann.UserID}},
			{time.Minute, time.Hour, nil},
		} {
			users, err := w.s.SnoozesEnded(t.Context(), now.Add(test.after), now.Add(test.upTo))
			if err != nil || !slices.Equal(users, test.want) {
				t.Errorf("from %v to %v: %v, want %v, %v", test.after, test.upTo, users, test.want, err)
			}
		}
	})
}
