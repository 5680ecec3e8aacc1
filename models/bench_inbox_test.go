package models_test

import (
	"fmt"
	"testing"

	"gatecrier/models"
)

// readers returns viewers of a large inbox: of one product, of a hundred, of a hundred without
// new notifications, of 5,000 by groups, and of all.
func (l large) readers(b *testing.B) map[string]models.Viewer {
	b.Helper()
	in := func(name string, products []int64, groups []int64) models.Viewer {
		id := l.w.user(name)
		l.w.write(func(tx *models.Tx) error {
			for _, p := range products {
				if err := tx.SaveMember(models.Member{UserID: id, ProductID: p, Role: models.RoleReader}); err != nil {
					return err
				}
			}
			for _, g := range groups {
				if err := tx.SaveMember(models.Member{UserID: id, GroupID: g, Role: models.RoleReader}); err != nil {
					return err
				}
			}
			for _, table := range []string{"members", "group_members"} { // from the beginning
				if _, err := tx.Exec(fmt.Sprintf("UPDATE %s SET joined_event = 0 WHERE user_id = %d", table, id)); err != nil {
					return err
				}
			}
			_, err := tx.Exec("UPDATE products SET grouped_event = 0")
			return err
		})
		return models.Viewer{UserID: id}
	}
	spread := make([]int64, 100)
	for i := range spread {
		spread[i] = l.products[i*97]
	}
	readers := map[string]models.Viewer{
		"of 1":       in("one", l.products[:1], nil),
		"of 100":     in("some", spread, nil),
		"of 100 old": in("old", l.products[manyProducts-oldProducts:], nil),
		"of 5000":    in("many", nil, l.groups[:inGroups/2]),
		"of all":     {UserID: l.w.user("root"), Administrator: true},
	}
	l.analyze()
	return readers
}

// BenchmarkInbox reads and marks a large inbox, and one of a tenth of its size: the cost should
// hardly grow.
func BenchmarkInbox(b *testing.B) {
	for _, dialect := range []models.Dialect{models.SQLite, models.Postgres} {
		for _, news := range []int64{someNews, manyNews} {
			b.Run(fmt.Sprintf("%s/%d", dialect, news), func(b *testing.B) {
				l := newLarge(b, dialect, news)
				readers := l.readers(b)
				for _, who := range []string{"of 1", "of 100", "of 100 old", "of 5000", "of all"} {
					b.Run(who, func(b *testing.B) { l.read(b, readers[who], news) })
				}
			})
		}
	}
}

func (l large) read(b *testing.B, who models.Viewer, news int64) {
	for name, f := range map[string]models.InboxFilter{
		"first": {}, "deep": {Before: news / 2}, "unread": {Unread: true}, "group": {GroupID: l.groups[0]},
	} {
		f.Limit = 50
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := l.w.s.FindInboxPage(b.Context(), who, f); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	badge := func(b *testing.B) {
		for b.Loop() {
			if _, err := l.w.s.CountUnread(b.Context(), who, 1000); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Run("badge", badge)
	b.Run("search", func(b *testing.B) { // looks at rows until it stops
		for b.Loop() {
			f := models.InboxFilter{Text: "no such thing", Limit: 50}
			if _, err := l.w.s.FindInboxPage(b.Context(), who, f); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("mark all", func(b *testing.B) {
		for i := int64(0); b.Loop(); i++ {
			l.w.write(func(tx *models.Tx) error { return tx.MarkAll(who.UserID, news-1000+i) })
		}
	})
	l.w.write(func(tx *models.Tx) error { return tx.MarkAll(who.UserID, news) })
	b.Run("badge of nothing", badge)
}
