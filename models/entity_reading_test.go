package models_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gatecrier/models"
)

// tiding is a notification as a test has inserted it.
type tiding struct {
	id, product int64
	nth         int // its product is
	kind, name  string
	severity    int // 6 = none
	at          time.Time
}

// press is a world with many products and notifications, which the test knows all of.
type press struct {
	w        world
	products []int64
	group    int64 // of every tenth product
	news     []tiding
}

const pressProducts = 450

// newPress inserts notifications of products in turn. Every hundredth one contains a needle.
func newPress(t *testing.T, w world, news int) *press {
	t.Helper()
	owner := w.user("owner")
	p := &press{w: w, group: w.group("tenth", owner)}
	w.write(func(tx *models.Tx) error {
		for i := range pressProducts {
			product := models.Product{Name: fmt.Sprintf("product %d", i), GateMode: models.GateStandard}
			if i%10 == 0 {
				product.GroupID = &p.group
			}
			if err := tx.CreateProduct(&product, "main", owner); err != nil {
				return err
			}
			p.products = append(p.products, product.ID)
		}
		return nil
	})
	for first := 1; first <= news; first += 500 {
		w.write(func(tx *models.Tx) error {
			var events, rows []string
			for i := first; i < first+500; i++ {
				n := tiding{
					id:       int64(i),
					nth:      i % pressProducts,
					product:  p.products[i%pressProducts],
					kind:     []string{"gate.changed", "waiver.expiring", "product.stale"}[i%3],
					name:     "News",
					severity: i % 7,
					at:       noon.Add(time.Duration(i) * time.Second),
				}
				if i%100 == 0 {
					n.name = "A needle"
				}
				severity := fmt.Sprint(n.severity)
				if n.severity == 6 {
					severity = "NULL"
				}
				events = append(
					events, fmt.Sprintf("(%d, 'e%d', '%s', 1, %d, '', %d, '{}')", n.id, n.id, n.kind, n.product, n.at.UnixMicro()),
				)
				rows = append(
					rows,
					fmt.Sprintf(
						"(%d, %d, '%s', 'bad', '%s', 'for a reason', %d, %s)",
						n.id,
						n.product,
						n.kind,
						n.name,
						n.at.UnixMicro(),
						severity,
					),
				)
				p.news = append(p.news, n)
			}
			if _, err := tx.Exec(
				"INSERT INTO events (id, uuid, type, version, product_id, actor, at, payload) VALUES " + strings.Join(events, ", "),
			); err != nil {
				return err
			}
			_, err := tx.Exec(
				"INSERT INTO notifications (event_id, product_id, type, tone, name, message, at, severity) VALUES " + strings.Join(
					rows, ", ",
				),
			)
			return err
		})
	}
	return p
}

// reader makes a user who has seen the first products of the list from the beginning.
func (p *press) reader(name string, products int) models.Viewer {
	p.w.t.Helper()
	id := p.w.user(name)
	p.w.write(func(tx *models.Tx) error {
		for _, product := range p.products[:products] {
			if err := tx.SaveMember(models.Member{UserID: id, ProductID: product, Role: models.RoleReader}); err != nil {
				return err
			}
		}
		_, err := tx.Exec(fmt.Sprintf("UPDATE members SET joined_event = 0 WHERE user_id = %d", id))
		return err
	})
	return models.Viewer{UserID: id}
}

// want are the ids that a filter means, newest first, of those that are visible.
func (p *press) want(see func(tiding) bool, f models.InboxFilter, unread func(tiding) bool) []int64 {
	var ids []int64
	for _, n := range slices.Backward(p.news) {
		switch {
		case !see(n),
			f.Unread && !unread(n),
			f.Type != "" && n.kind != f.Type,
			f.Text != "" && !strings.Contains(strings.ToLower(n.name), f.Text),
			f.ProductID != 0 && n.product != f.ProductID,
			f.GroupID != 0 && n.nth%10 != 0,
			f.Severity != nil && n.severity > int(*f.Severity),
			!f.Since.IsZero() && n.at.Before(f.Since),
			!f.Until.IsZero() && n.at.After(f.Until),
			f.Before != 0 && n.id >= f.Before,
			n.id <= f.After:
		default:
			ids = append(ids, n.id)
		}
	}
	return ids
}

// For viewers of one product, some, many and all, each filter finds what it should, page after
// page, and nothing else.
func TestInboxOfMany(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		p := newPress(t, w, 9000)
		high := models.High
		filters := map[string]models.InboxFilter{
			"all":               {},
			"unread":            {Unread: true},
			"deep":              {Before: 4_400},
			"new":               {After: 8900},
			"type":              {Type: "product.stale"},
			"text":              {Text: "needle"},
			"product":           {ProductID: p.products[0]},
			"group":             {GroupID: p.group},
			"unread of a group": {GroupID: p.group, Unread: true},
			"severity":          {Severity: &high},
			"since":             {Since: noon.Add(8_800 * time.Second)},
			"a time":            {Since: noon.Add(4_000 * time.Second), Until: noon.Add(4_500 * time.Second)},
			"all together": {
				Severity: &high,
				Text:     "needle",
				GroupID:  p.group,
				Since:    noon.Add(1000 * time.Second),
				Unread:   true,
				Type:     "gate.changed",
			},
			"nothing": {Text: "no such thing"},
		}
		for name, products := range map[string]int{"one": 1, "some": 100, "many": 440, "root": 0} {
			who := p.reader(name, products)
			who.Administrator = name == "root"
			upTo := int64(8_000)
			w.markAll(who.UserID, upTo)
			w.mark(who, false, 1350, 900) // of the first product: 450 apart
			w.mark(who, true, 8_850)
			unread := func(n tiding) bool { return n.id == 1350 || n.id == 900 || n.id > upTo && n.id != 8_850 }
			see := func(n tiding) bool {
				return who.Administrator || n.nth < products
			}
			for what, f := range filters {
				want := p.want(see, f, unread)
				f.Limit = max(10, len(want)/3)
				var got []int64
				for {
					ids, further, err := w.s.InboxIDs(t.Context(), who, f)
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, ids...)
					if f.Before = further; further == 0 && len(ids) == f.Limit {
						f.Before = ids[len(ids)-1]
					}
					if f.Before == 0 {
						break
					}
				}
				if !slices.Equal(got, want) {
					t.Errorf(
						"%s, %s: %d ids, want %d: %v, want %v",
						name,
						what,
						len(got),
						len(want),
						got[:min(5, len(got))],
						want[:min(5, len(want))],
					)
				}
			}
			want := len(p.want(see, models.InboxFilter{Unread: true}, unread))
			if n, err := w.s.CountUnread(t.Context(), who, 100_000); err != nil || n != want {
				t.Errorf("%s: %d unread, want %d, %v", name, n, want, err)
			}
			if n, err := w.s.CountUnread(t.Context(), who, 7); err != nil || n != min(7, want) {
				t.Errorf("%s: %d unread, want 7, %v", name, n, err)
			}
		}
	})
}

// A long search stops, and returns where to continue.
func TestLongSearchStops(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		newPress(t, w, 60_000)
		root := models.Viewer{UserID: w.user("root"), Administrator: true}
		page, err := w.s.FindInboxPage(t.Context(), root, models.InboxFilter{Text: "no such thing", Limit: 50})
		if err != nil || len(page.Rows) != 0 || page.Further != 39_501 {
			t.Errorf("%d rows, further from %d, %v", len(page.Rows), page.Further, err)
		}
		if n, whole, err := w.s.CountInbox(
			t.Context(), root, models.InboxFilter{Text: "needle"}, 10_000,
		); err != nil || n != 205 ||
			whole {
			t.Errorf("counted %d, the whole: %v, %v", n, whole, err)
		}
		if n, whole, err := w.s.CountInbox(
			t.Context(), root, models.InboxFilter{Text: "needle", Before: 20_000}, 10_000,
		); err != nil || n != 199 ||
			!whole {
			t.Errorf("counted %d, the whole: %v, %v", n, whole, err)
		}
		if list, err := w.s.Inbox(t.Context(), root, models.InboxFilter{Text: "needle", Limit: 1000}); err != nil ||
			len(list) != 600 {
			t.Errorf("%d rows however long it takes, want 600, %v", len(list), err)
		}
	})
}

// An archived notification leaves its user's inbox but can be found; another user's inbox stays
// as it was.
func TestArchive(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		ann, bob := models.Viewer{UserID: w.user("ann")}, models.Viewer{UserID: w.user("bob")}
		product := w.product("ours", ann.UserID)
		w.member(bob.UserID, product, models.RoleReader)
		news := w.tell(product, 4)
		expect := func(who models.Viewer, f models.InboxFilter, want ...int64) {
			t.Helper()
			f.Limit = 10
			if list, err := w.s.Inbox(t.Context(), who, f); err != nil || !slices.Equal(eventsOf(list), want) {
				t.Errorf("%v, want %v, %v", eventsOf(list), want, err)
			}
		}
		unread := func(want int) {
			t.Helper()
			if n, err := w.s.CountUnread(t.Context(), ann, 10); err != nil || n != want {
				t.Errorf("%d unread, want %d, %v", n, want, err)
			}
		}
		if n := w.markAs(ann, models.MarkArchived, news[1], news[2], 1<<40); n != 2 {
			t.Errorf("archived %d, want 2", n)
		}
		expect(ann, models.InboxFilter{}, news[3], news[0])
		expect(ann, models.InboxFilter{Archived: true}, news[2], news[1])
		expect(ann, models.InboxFilter{Archived: true, Text: "news 1"}, news[1])
		expect(ann, models.InboxFilter{Archived: true, ProductID: product, Before: news[2]}, news[1])
		expect(bob, models.InboxFilter{Archived: true})
		if n, err := w.s.Notification(t.Context(), ann, news[1]); err != nil || !n.Archived || !n.Viewed {
			t.Errorf("%+v, %v", n, err)
		}
		unread(2)
		w.markAll(ann.UserID, news[3])
		expect(ann, models.InboxFilter{Archived: true}, news[2], news[1])
		w.markAs(ann, models.MarkUnarchived, news[1])
		expect(ann, models.InboxFilter{}, news[3], news[1], news[0])
		unread(0)
		w.markAs(ann, models.MarkUnviewed, news[2]) // comes back
		expect(ann, models.InboxFilter{}, news[3], news[2], news[1], news[0])
		expect(ann, models.InboxFilter{Unread: true}, news[2])
		unread(1)
		w.leave(ann.UserID, product)
		w.markAs(bob, models.MarkArchived, news[0])
		expect(ann, models.InboxFilter{Archived: true})
		if n := w.markAs(ann, models.MarkUnarchived, news[0]); n != 0 {
			t.Errorf("marked %d of a product that the user has left", n)
		}
		if list, err := w.s.ReadStates(
			t.Context(), bob, []int64{news[0], news[3], 1 << 40},
		); err != nil || !slices.Equal(eventsOf(list), []int64{news[3], news[0]}) || !list[1].Archived ||
			list[0].Viewed {
			t.Errorf("%+v, %v", list, err)
		}
	})
}

// A silenced notification is read from the beginning, and can be marked as unread.
func TestSilencedNotificationIsRead(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		ann := models.Viewer{UserID: w.user("ann")}
		product := w.product("ours", ann.UserID)
		news := w.tell(product, 2)
		w.write(func(tx *models.Tx) error {
			if _, err := tx.Exec(`
				INSERT INTO silences (id, reason, author, created_at, starts_at, ends_at)
				VALUES (7, 'maintenance', 'ann', 1, 1, 2)`); err != nil {
				return err
			}
			_, err := tx.Exec(fmt.Sprintf("UPDATE notifications SET silence_id = 7 WHERE event_id = %d", news[1]))
			return err
		})
		for _, admin := range []bool{false, true} {
			who := models.Viewer{UserID: ann.UserID, Administrator: admin}
			list, err := w.s.Inbox(t.Context(), who, models.InboxFilter{Limit: 5})
			if err != nil || len(list) != 2 || !list[0].Viewed || list[0].SilenceID != 7 || list[1].Viewed {
				t.Errorf("%+v, %v", list, err)
			}
			if n, err := w.s.CountUnread(t.Context(), who, 5); err != nil || n != 1 {
				t.Errorf("%d unread, %v", n, err)
			}
		}
		w.mark(ann, false, news[1])
		if n, err := w.s.CountUnread(t.Context(), ann, 5); err != nil || n != 2 {
			t.Errorf("%d unread, %v", n, err)
		}
	})
}
