package models_test

import (
	"fmt"
	"testing"

	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// A large installation.
const (
	manyProducts = 10_000
	manyNews     = 1_000_000
	someNews     = 100_000
	oldProducts  = 100 // the last ones, without notifications after the first tenth
	inGroups     = 20  // groups of products, of the same size
)

// large is a database with many products in groups, many notifications of each product's gate,
// and one user who is in nothing yet.
type large struct {
	w        world
	eve      int64
	products []int64
	groups   []int64
	users    int64 // a group of users, with a role in the second group of products
}

func newLarge(b *testing.B, dialect models.Dialect, news int64) large {
	b.Helper()
	clock := modelstest.NewClock(noon)
	open := modelstest.SQLiteAt
	if dialect == models.Postgres {
		open = modelstest.PostgresAt
	}
	l := large{w: world{b, open(b, clock.Now), clock}}
	owner := l.w.user("owner")
	l.eve = l.w.user("eve")
	for i := range inGroups {
		l.groups = append(l.groups, l.w.group(fmt.Sprintf("group %d", i), owner))
	}
	for first := 0; first < manyProducts; first += 500 {
		l.w.write(func(tx *models.Tx) error {
			for i := first; i < first+500; i++ {
				p := models.Product{
					Name:     fmt.Sprintf("product %d", i),
					GateMode: models.GateStandard,
					GroupID:  &l.groups[i%inGroups],
				}
				if err := tx.CreateProduct(&p, "main", owner); err != nil {
					return err
				}
				l.products = append(l.products, p.ID)
			}
			return nil
		})
	}
	l.users = l.w.usersIn("users", models.Owner{GroupID: l.groups[1]}, models.RoleReader, l.eve)
	l.fill(b, news)
	return l
}

// fill inserts the notifications, by statements that insert many rows each.
func (l large) fill(b *testing.B, news int64) {
	b.Helper()
	const each = someNews
	for first := int64(1); first <= news; first += each {
		rows := fmt.Sprintf(
			"WITH RECURSIVE n (i) AS (SELECT CAST(%d AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < %d) ",
			first, first+each-1,
		)
		product := fmt.Sprintf(
			"%d + CASE WHEN i %% 1000 = 0 THEN 0 WHEN i < %d THEN (i * 7919) %% %d ELSE (i * 7919) %% %d END",
			l.products[0], news/10, manyProducts, manyProducts-oldProducts,
		)
		l.w.write(func(tx *models.Tx) error {
			for _, statement := range []string{
				`INSERT INTO events (id, uuid, type, version, product_id, actor, at, payload) ` + rows + `
				SELECT i, 'e' || i, 'gate.changed', 1, ` + product + `, 'ci', i, '{}'
				FROM n`,
				`INSERT INTO notifications (event_id, product_id, type, tone, name, message, at) ` + rows + `
				SELECT i, ` + product + `, 'gate.changed', 'bad', 'Security gate failed',
					'1 critical (threshold 0)', i
				FROM n`,
			} {
				if _, err := tx.Exec(statement); err != nil {
					return err
				}
			}
			return nil
		})
	}
	l.analyze()
}

// analyze makes PostgreSQL analyze its tables, as it does by itself after a while, and reads
// each row once: the first read after a commit writes the row's status down.
func (l large) analyze() {
	if l.w.s.Dialect() != models.Postgres {
		return
	}
	l.w.write(func(tx *models.Tx) error { _, err := tx.Exec("ANALYZE"); return err })
	l.w.count("notifications WHERE length(message) > 1")
	l.w.count("events WHERE length(payload) > 1")
}

// BenchmarkMembership changes memberships among 10,000 products and a million notifications: 500
// products are added or removed with a group.
func BenchmarkMembership(b *testing.B) {
	for _, dialect := range []models.Dialect{models.SQLite, models.Postgres} {
		b.Run(dialect.String(), func(b *testing.B) {
			l := newLarge(b, dialect, manyNews)
			reader := models.Viewer{UserID: l.eve}
			changes := map[string]func(tx *models.Tx, in bool) error{
				"own": func(tx *models.Tx, in bool) error {
					return l.set(tx, models.Member{UserID: l.eve, ProductID: l.products[5], Role: models.RoleReader}, in)
				},
				"group": func(tx *models.Tx, in bool) error {
					return l.set(tx, models.Member{UserID: l.eve, GroupID: l.groups[0], Role: models.RoleReader}, in)
				},
				"authorization group": func(tx *models.Tx, in bool) error {
					if in {
						return tx.SaveAuthorizationMember(models.AuthorizationMember{UserID: l.eve, GroupID: l.users})
					}
					_, err := tx.DeleteAuthorizationMember(l.eve, l.users)
					return err
				},
			}
			for _, name := range []string{"own", "group", "authorization group"} {
				b.Run(name, func(b *testing.B) {
					for i := range b.N {
						l.w.write(func(tx *models.Tx) error { return changes[name](tx, i%2 == 0) })
					}
				})
			}
			l.w.write(func(tx *models.Tx) error { return changes["group"](tx, true) })
			b.Run("inbox of 500 by a group", func(b *testing.B) {
				for range b.N {
					if list, err := l.w.s.Inbox(b.Context(), reader, models.InboxFilter{Limit: 50}); err != nil || len(list) != 50 {
						b.Fatalf("%d rows, %v", len(list), err)
					}
				}
			})
			b.Run("badge", func(b *testing.B) {
				for range b.N {
					if _, err := l.w.s.CountUnread(b.Context(), reader, 1000); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run("right to one product", func(b *testing.B) {
				for range b.N {
					if roles, err := l.w.s.RolesOf(b.Context(), l.eve, l.products[inGroups]); err != nil || len(roles) == 0 {
						b.Fatalf("%v, %v", roles, err)
					}
				}
			})
			b.Run("products' page", func(b *testing.B) {
				for range b.N {
					list, err := l.w.s.Products(b.Context(), models.MemberScope(l.eve), models.ProductFilter{Limit: 50})
					if err != nil || len(list) != 50 {
						b.Fatalf("%d rows, %v", len(list), err)
					}
				}
			})
		})
	}
}

func (l large) set(tx *models.Tx, m models.Member, in bool) error {
	if in {
		return tx.SaveMember(m)
	}
	_, err := tx.DeleteMember(m)
	return err
}
