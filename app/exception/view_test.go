package exception

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// roleFixture is a product with a user of each role, and a group of each kind.
type roleFixture struct {
	*fixture
	admin, owner, writer, reader, stranger authz.Actor
	product                                int64
	request, task, reported, own           int64 // groups; own has no product
}

const secret = "order 4711 of ann"

func newRoleFixture(t *testing.T, r *fixture) *roleFixture {
	t.Helper()
	w := &roleFixture{fixture: r}
	r.write(func(tx *models.Tx) error {
		user := func(name string, administrator bool) authz.Actor {
			u := models.User{Name: name, Email: name + "@example.com", Active: true, Administrator: administrator}
			if err := tx.CreateUser(&u); err != nil {
				t.Error(err)
			}
			return authz.UserActor(u)
		}
		w.admin = user("admin", true)
		w.owner = user("owner", false)
		w.writer = user("writer", false)
		w.reader = user("reader", false)
		w.stranger = user("stranger", false)
		p := models.Product{Name: "Shop", GateMode: models.GateStandard}
		if err := tx.CreateProduct(&p, "main", w.owner.User.ID); err != nil {
			return err
		}
		w.product = p.ID
		return nil
	})
	for role, who := range map[models.Role]authz.Actor{models.RoleWriter: w.writer, models.RoleReader: w.reader} {
		r.write(func(tx *models.Tx) error {
			return tx.SaveMember(models.Member{ProductID: w.product, UserID: who.User.ID, Role: role})
		})
	}
	one := func(kind models.ExceptionKind, product int64) int64 {
		return r.report(Report{
			Kind:      kind,
			ProductID: product,
			Class:     "ValueError",
			Message:   secret,
			Function:  "shop.pay",
			Arguments: map[string]string{"card": secret},
			User:      secret,
			Frames: []Frame{
				{Module: "shop", Function: "pay4711", File: "pay.py", Line: 7, InApp: true},
			},
			Chain:   []Cause{{"A", secret, nil}, {"B", secret, nil}},
			Tags:    map[string]string{"order": secret},
			Release: "1.0",
		}).Group
	}
	w.request = one(models.ExceptionRequest, w.product)
	w.task = one(models.ExceptionTask, w.product)
	w.reported = one(models.ExceptionReported, w.product)
	w.own = one(models.ExceptionTask, 0)
	return w
}

func (w *roleFixture) listed(a authz.Actor, f models.ExceptionFilter) []int64 {
	w.t.Helper()
	f.Limit = 10
	list, err := w.List(w.t.Context(), a, f)
	if err != nil {
		w.t.Fatal(err)
	}
	ids := make([]int64, len(list))
	for i, g := range list {
		ids[i] = g.ID
	}
	return slices.Sorted(slices.Values(ids))
}

func TestEachRoleSeesItsGroups(t *testing.T) {
	eachDatabase(t, func(t *testing.T, r *fixture) {
		w := newRoleFixture(t, r)
		narrowed, token := w.admin, authz.Actor{ProductID: w.product, Role: models.RoleReader}
		narrowed.Role = models.RoleReader
		for _, test := range []struct {
			name string
			who  authz.Actor
			want []int64
		}{
			{"admin", w.admin, []int64{w.request, w.task, w.reported, w.own}},
			{"admin with a narrow token", narrowed, []int64{w.task, w.reported}},
			{"owner", w.owner, []int64{w.task, w.reported}},
			{"reader", w.reader, []int64{w.task, w.reported}},
			{"token", token, []int64{w.task, w.reported}},
			{"stranger", w.stranger, nil},
			{"nobody", authz.Actor{}, nil},
		} {
			want := slices.Sorted(slices.Values(test.want))
			if got := w.listed(test.who, models.ExceptionFilter{}); !slices.Equal(got, want) {
				t.Errorf("%s sees %v, want %v", test.name, got, want)
			}
			for _, id := range []int64{w.request, w.task, w.reported, w.own} {
				d, err := w.Get(t.Context(), test.who, id)
				if sees := slices.Contains(want, id); sees != (err == nil) || !sees && !fault.Is(err, fault.NotFound) {
					t.Errorf("%s gets %d: %v", test.name, id, err)
				}
				if err == nil && d.Redacted != (test.name != "admin" && d.Kind == models.ExceptionTask) {
					t.Errorf("%s gets %d redacted: %v", test.name, id, d.Redacted)
				}
			}
		}
	})
}

// A redacted text is neither shown nor found.
func TestRedactedGroupHidesMessages(t *testing.T) {
	eachDatabase(t, func(t *testing.T, r *fixture) {
		w := newRoleFixture(t, r)
		different := Report{
			Kind: models.ExceptionTask, ProductID: w.product, Class: "Other", Message: secret, Function: "x",
		}
		other := r.report(different).Group
		if err := w.Merge(t.Context(), w.writer, w.task, []int64{other}); err != nil {
			t.Fatal(err)
		}
		d, err := w.Get(t.Context(), w.reader, w.task)
		if err != nil {
			t.Fatal(err)
		}
		list, err := w.List(t.Context(), w.reader, models.ExceptionFilter{Kind: models.ExceptionTask, Limit: 9})
		if err != nil || len(list) != 1 {
			t.Fatalf("%+v, %v", list, err)
		}
		text, err := json.Marshal([]any{d, list})
		if err != nil {
			t.Fatal(err)
		}
		for _, hidden := range []string{"4711", "shop", "pay.py", "card"} {
			for _, line := range strings.Split(string(text), `,`) {
				if strings.Contains(line, hidden) {
					t.Errorf("%q is shown: %s", hidden, line)
				}
			}
		}
		if !d.Redacted || d.Class != "ValueError" || len(d.Sample.Frames) != 1 || len(d.Releases) != 1 {
			t.Errorf("%+v", d)
		}
		found := map[string][]int64{
			"valueerr": {w.task, w.reported},
			"4711":     {w.reported},
			"shop.pay": {w.reported},
			"…":        nil,
			"%":        nil,
		}
		for text, want := range found {
			if got := w.listed(w.owner, models.ExceptionFilter{Text: text}); !slices.Equal(got, want) {
				t.Errorf("%q finds %v, want %v", text, got, want)
			}
		}
		if got := w.listed(w.admin, models.ExceptionFilter{Text: "4711"}); len(got) != 4 {
			t.Errorf("an administrator finds %v", got)
		}
		d, err = w.Get(t.Context(), w.admin, w.task)
		if err != nil || d.Redacted || d.Sample.Message != secret || d.Message != secret ||
			d.Merges[0].Message != secret {
			t.Errorf("%+v, %v", d, err)
		}
	})
}

// Each kind has an overflow group of its own, since a reader of one kind must not see
// another kind in it.
func TestOverflowGroupPerKind(t *testing.T) {
	eachDatabase(t, func(t *testing.T, r *fixture) {
		for i := range maxNew {
			r.report(Report{Kind: models.ExceptionReported, Class: fmt.Sprint("C", i)})
		}
		a := r.report(Report{Kind: models.ExceptionReported, Class: "one more"}).Group
		b := r.report(Report{Kind: models.ExceptionTask, Class: "one more"}).Group
		if a == b || r.group(a).By != string(ByOverflow) || r.group(b).By != string(ByOverflow) ||
			r.group(b).Kind != models.ExceptionTask {
			t.Errorf("groups %d and %d", a, b)
		}
	})
}
