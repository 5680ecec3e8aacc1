package models_test

import (
	"slices"
	"testing"

	"gatecrier/models"
)

// inbox returns the ids of what a member sees, newest first, and of the unread ones.
func (w world) inbox(who models.Viewer) (seen, unread []int64) {
	w.t.Helper()
	list, err := w.s.Inbox(w.t.Context(), who, models.InboxFilter{Limit: 1000})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, n := range list {
		seen = append(seen, n.EventID)
		if !n.Viewed {
			unread = append(unread, n.EventID)
		}
		one, err := w.s.Notification(w.t.Context(), who, n.EventID)
		if err != nil || one != n {
			w.t.Errorf("alone %+v, in the list %+v, %v", one, n, err)
		}
	}
	n, err := w.s.CountUnread(w.t.Context(), who, 1000)
	if err != nil || n != len(unread) {
		w.t.Errorf("the badge says %d, %d are unread, %v", n, len(unread), err)
	}
	return seen, unread
}

// wantInbox checks which ids are in the inbox, oldest first, and how many of the newest of them
// are unread.
func (w world) wantInbox(what string, who models.Viewer, want []int64, newest int) {
	w.t.Helper()
	seen, unread := w.inbox(who)
	want = slices.Clone(want)
	slices.Reverse(want)
	if !slices.Equal(seen, want) || !slices.Equal(unread, want[:newest]) {
		w.t.Errorf("%s: sees %v, unread %v; want %v, the first %d unread", what, seen, unread, want, newest)
	}
}

// Membership is evaluated at reading time.
func TestMembershipIsEvaluatedOnRead(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		product, bob := w.product("ours", w.user("ann")), w.user("bob")
		who := models.Viewer{UserID: bob}
		news := w.tell(product, 3)
		w.wantInbox("before joining", who, nil, 0)

		w.member(bob, product, models.RoleReader)
		w.wantInbox("a new member", who, news, 0)
		news = append(news, w.tell(product, 2)...)
		w.wantInbox("what came since", who, news, 2)

		w.member(bob, product, models.RoleOwner)
		w.wantInbox("another role", who, news, 2)
		w.member(bob, product, models.RoleUpload)
		w.wantInbox("a role that may not view", who, nil, 0)
		w.member(bob, product, models.RoleWriter)
		w.wantInbox("back in one that may", who, news, 2)

		w.leave(bob, product)
		w.wantInbox("after leaving", who, nil, 0)
		if n := w.mark(who, true, news...); n != 0 {
			t.Errorf("a former member marked %d", n)
		}
		news = append(news, w.tell(product, 1)...)
		w.member(bob, product, models.RoleReader)
		w.wantInbox("a member again", who, news, 0)
	})
}

// An event from before a user joined counts as read although its notification is written later.
func TestEventBeforeJoiningCountsAsRead(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		product, bob := w.product("ours", w.user("ann")), w.user("bob")
		before := w.event(product)
		w.member(bob, product, models.RoleReader)
		after := w.event(product)
		w.write(func(tx *models.Tx) error {
			for _, e := range []models.Event{before, after} {
				if err := tx.InsertNotification(
					models.Notification{EventID: e.ID, ProductID: product, Name: "News", At: e.At},
				); err != nil {
					return err
				}
			}
			return nil
		})
		w.wantInbox("the event after joining is new", models.Viewer{UserID: bob}, []int64{before.ID, after.ID}, 1)
	})
}

func TestMembers(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		ann, bob := w.user("ann"), w.user("Bob")
		product := w.product("ours", ann)
		other := w.product("other", bob)
		w.member(bob, product, models.RoleUpload)
		list, err := w.s.Members(t.Context(), all, product)
		if err != nil || len(list) != 2 || list[0].User != "ann" || list[0].Role != models.RoleOwner ||
			list[1].User != "Bob" ||
			list[1].Role != models.RoleUpload {
			t.Errorf("members %+v, %v", list, err)
		}
		roles, err := w.s.RolesIn(t.Context(), bob, []int64{product, other, 1 << 40})
		if err != nil || len(roles) != 2 || !slices.Equal(roles[product], []models.Role{models.RoleUpload}) ||
			!slices.Equal(roles[other], []models.Role{models.RoleOwner}) {
			t.Errorf("roles %v, %v", roles, err)
		}
		w.member(bob, product, models.RoleOwner)
		w.ownedBy(product, ann, true) // Bob
		w.leave(bob, product)
		if role, err := w.s.OwnRole(t.Context(), models.Member{UserID: bob, ProductID: product}); err != nil || role != "" {
			t.Errorf("after leaving: %q, %v", role, err)
		}
		w.ownedBy(product, ann, false)
	})
}
