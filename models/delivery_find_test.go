package models_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"gatecrier/models"
)

// A user's delivery log has exactly the deliveries that they can read one by one, whatever the filter and
// the direction: of few and of many products, to their own connections, and tests of their groups.
func TestDeliveriesOfAUser(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		l := newDeliveryLog(w)
		for name, who := range l.users {
			for _, f := range l.filters() {
				want := l.want(who, f)
				for _, reverse := range []bool{false, true} {
					f.Place = models.Place{Reverse: reverse}
					if reverse {
						slices.Reverse(want)
					}
					l.check(fmt.Sprintf("%s, %+v", name, f), who, f, want)
				}
			}
		}
	})
}

// deliveryLog is a world with many deliveries, which the test knows all of.
type deliveryLog struct {
	world
	users map[string]int64
	all   []models.DeliveryRow
	group int64
	conns []int64
	seen  map[[2]int64]bool
}

const logProducts = 420 // more than few

func newDeliveryLog(w world) *deliveryLog {
	w.t.Helper()
	l := &deliveryLog{world: w, users: map[string]int64{}, seen: map[[2]int64]bool{}}
	owner := w.user("owner")
	l.group = w.group("many", owner)
	for _, name := range []string{"of two", "of many", "of none", "editor"} {
		l.users[name] = w.user(name)
	}
	var products []int64
	w.write(func(tx *models.Tx) error {
		products = nil
		for i := range logProducts {
			p := models.Product{Name: fmt.Sprintf("product %d", i), GateMode: models.GateStandard}
			if i >= 5 {
				p.GroupID = &l.group
			}
			if err := tx.CreateProduct(&p, "main", owner); err != nil {
				return err
			}
			products = append(products, p.ID)
		}
		return nil
	})
	w.member(l.users["of two"], products[0], models.RoleReader)
	w.member(l.users["of two"], products[1], models.RoleReader)
	w.member(l.users["editor"], products[2], models.RoleUpload) // sees nothing of it
	w.write(func(tx *models.Tx) error {
		err := tx.SaveMember(models.Member{UserID: l.users["of many"], GroupID: l.group, Role: models.RoleReader})
		if err != nil {
			return err
		}
		return tx.SaveMember(models.Member{UserID: l.users["editor"], GroupID: l.group, Role: models.RoleOwner})
	})
	mine := l.users["of two"]
	l.conns = []int64{
		w.connectionOf(models.Connection{Module: "webhook", Name: "system", Enabled: true}),
		w.connectionOf(models.Connection{GroupID: &l.group, Module: "webhook", Name: "group", Enabled: true}),
		w.connectionOf(models.Connection{UserID: &mine, Module: "webhook", Name: "mine", Enabled: true}),
	}
	l.fill(products)
	var err error
	l.all, err = w.s.Deliveries(w.t.Context(), all, models.DeliveryFilter{Limit: 10_000})
	if err != nil || len(l.all) != logRows {
		w.t.Fatalf("%d deliveries, %v", len(l.all), err)
	}
	return l
}

const logRows = 1_500

func (l *deliveryLog) fill(products []int64) {
	random := rand.New(rand.NewPCG(1, 2)) // #nosec G404 -- a test that repeats
	for range logRows / 500 {
		l.write(func(tx *models.Tx) error {
			for i := range 500 {
				d := models.Delivery{
					UUID: fmt.Sprintf("%d-%d", len(l.all), random.Int64()), ConnectionID: l.conns[random.IntN(3)],
					Origin: models.OriginEvent, State: models.DeliveryStates()[random.IntN(9)],
					CreatedAt: tx.Now().Add(time.Duration(i) * time.Second),
				}
				if random.IntN(4) > 0 {
					d.ProductID = products[min(random.IntN(logProducts), random.IntN(logProducts), random.IntN(logProducts))]
				}
				if _, err := tx.InsertDelivery(&d); err != nil {
					return err
				}
			}
			return nil
		})
		l.clock.Advance(10 * time.Hour)
	}
}

func (l *deliveryLog) filters() []models.DeliveryFilter {
	list := []models.DeliveryFilter{
		{},
		{Trouble: true},
		{Final: true},
		{ConnectionID: l.conns[0]},
		{ConnectionID: l.conns[1], State: models.DeliveryDead},
		{Since: noon.Add(15 * time.Hour), Until: noon.Add(41 * time.Hour)},
		{Since: noon.Add(25 * time.Hour), Trouble: true},
		{Until: noon},
		{Since: noon.Add(100 * time.Hour)},
		{ProductID: l.all[0].ProductID},
	}
	for _, s := range models.DeliveryStates() {
		list = append(list, models.DeliveryFilter{State: s})
	}
	return list
}

// want returns the ids of the deliveries that a user can read one by one, newest first.
func (l *deliveryLog) want(who int64, f models.DeliveryFilter) []int64 {
	l.t.Helper()
	var ids []int64
	for _, d := range l.all {
		switch {
		case f.State != "" && d.State != f.State,
			f.Trouble && d.State != models.DeliveryDead && d.State != models.DeliveryRetrying,
			f.Final && d.State.Open(),
			f.ConnectionID != 0 && d.ConnectionID != f.ConnectionID,
			f.ProductID != 0 && d.ProductID != f.ProductID,
			!f.Since.IsZero() && d.CreatedAt.Before(f.Since),
			!f.Until.IsZero() && !d.CreatedAt.Before(f.Until):
			continue
		}
		if l.sees(who, d) {
			ids = append(ids, d.ID)
		}
	}
	return ids
}

// sees reports whether a user can read a delivery.
func (l *deliveryLog) sees(who int64, d models.DeliveryRow) bool {
	key := [2]int64{who, d.ID}
	if _, known := l.seen[key]; !known {
		_, err := l.s.Delivery(l.t.Context(), models.MemberScope(who), d.ID)
		l.seen[key] = err == nil
	}
	return l.seen[key]
}

// check reads all pages of a filter and the number of its rows.
func (l *deliveryLog) check(name string, who int64, f models.DeliveryFilter, want []int64) {
	l.t.Helper()
	scope := models.MemberScope(who)
	var got []int64
	for f.Limit = 70; ; {
		rows, err := l.s.Deliveries(l.t.Context(), scope, f)
		if err != nil {
			l.t.Fatalf("%s: %v", name, err)
		}
		for _, d := range rows {
			got = append(got, d.ID)
		}
		if len(rows) < f.Limit {
			break
		}
		f.Key = models.DeliveryOrders.Key(f.Place, rows[len(rows)-1])
	}
	if !slices.Equal(got, want) {
		l.t.Errorf("%s: %d deliveries, want %d", name, len(got), len(want))
	}
	f.Place = models.Place{}
	if n, err := l.s.CountDeliveries(l.t.Context(), scope, f); err != nil || n != min(len(want), models.MaxCounted+1) {
		l.t.Errorf("%s: counted %d, want %d, %v", name, n, len(want), err)
	}
}
