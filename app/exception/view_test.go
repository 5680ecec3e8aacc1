package exception

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gatecrier/app/audit"
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
				if err == nil && d.Masked != (test.name != "admin" && d.Kind == models.ExceptionTask) {
					t.Errorf("%s gets %d masked: %v", test.name, id, d.Masked)
				}
			}
		}
	})
}

// A masked text is neither shown nor found.
func TestMaskedGroupHidesMessages(t *testing.T) {
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
		if !d.Masked || d.Class != "ValueError" || len(d.Sample.Frames) != 1 || len(d.Releases) != 1 {
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
		if err != nil || d.Masked || d.Sample.Message != secret || d.Message != secret ||
			d.Merges[0].Message != secret {
			t.Errorf("%+v, %v", d, err)
		}
	})
}

func TestEachRoleCanActOnItsGroups(t *testing.T) {
	eachDatabase(t, func(t *testing.T, r *fixture) {
		w := newRoleFixture(t, r)
		acts := map[string]func(a authz.Actor, id int64) error{
			"resolve": func(a authz.Actor, id int64) error { return w.Resolve(t.Context(), a, id) },
			"reopen":  func(a authz.Actor, id int64) error { return w.Reopen(t.Context(), a, id) },
			"mute":    func(a authz.Actor, id int64) error { return w.Mute(t.Context(), a, id, noon.Add(time.Hour)) },
			"unmute":  func(a authz.Actor, id int64) error { return w.Unmute(t.Context(), a, id) },
		}
		actors := map[string]authz.Actor{
			"admin": w.admin, "owner": w.owner, "writer": w.writer, "reader": w.reader, "stranger": w.stranger,
		}
		refused := map[string]fault.Kind{"reader": fault.Forbidden, "stranger": fault.NotFound}
		for name, act := range acts {
			for who, actor := range actors {
				kind := refused[who]
				if err := act(actor, w.reported); err != nil && fault.KindOf(err) != kind || (err == nil) != (kind == 0) {
					t.Errorf("%s may %s: %v", who, name, err)
				}
				for _, id := range []int64{w.request, w.own} {
					if err := act(actor, id); who != "admin" && !fault.Is(err, fault.NotFound) || who == "admin" && err != nil {
						t.Errorf("%s may %s what is for administrators: %v", who, name, err)
					}
				}
			}
		}
		for _, who := range []authz.Actor{w.writer, w.reader} {
			if err := w.Delete(t.Context(), who, w.reported); !fault.Is(err, fault.Forbidden) {
				t.Errorf("%s deletes: %v", who.Label, err)
			}
		}
		rights, err := w.May(t.Context(), w.writer, Group{ExceptionGroup: r.group(w.reported)})
		if err != nil || !rights.Assess || rights.Delete {
			t.Errorf("%+v, %v", rights, err)
		}
		if err := w.Delete(t.Context(), w.owner, w.reported); err != nil {
			t.Error(err)
		}
		got := r.report(Report{
			Kind:      models.ExceptionReported,
			ProductID: w.product,
			Class:     "ValueError",
			Message:   secret,
			Frames:    []Frame{{Module: "shop", Function: "pay4711", InApp: true}},
		})
		if !got.Notified || got.Group == w.reported {
			t.Errorf("what was deleted is not new: %+v", got)
		}
		filter := models.AuditFilter{ProductID: w.product, Kind: string(audit.Exception), Limit: 100}
		rows, err := r.store.Audits(t.Context(), filter)
		if err != nil || len(rows) < 5 || rows[0].Action != "delete" {
			t.Errorf("%d rows of the audit, %v", len(rows), err)
		}
		for _, row := range rows {
			text, _ := json.Marshal(row) //nolint:errcheck,errchkjson // it is a struct of texts
			if strings.Contains(string(text), "4711") {
				t.Errorf("the audit tells a message: %s", text)
			}
		}
	})
}

// An action on a group affects its next report at once, although its window is in memory.
func TestActionsAffectNextReport(t *testing.T) {
	eachDatabase(t, func(t *testing.T, r *fixture) {
		w := newRoleFixture(t, r)
		again := func() Result {
			return r.report(Report{
				Kind:      models.ExceptionReported,
				ProductID: w.product,
				Class:     "ValueError",
				Message:   "x",
				Frames:    []Frame{{Module: "shop", Function: "pay4711", InApp: true}},
			})
		}
		if got := again(); got.Group != w.reported || got.Notified {
			t.Fatalf("%+v", got)
		}
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(w.Resolve(t.Context(), w.writer, w.reported))
		if got := again(); !got.Notified {
			t.Error("a resolved group does not notify")
		}
		must(w.Mute(t.Context(), w.writer, w.reported, noon.Add(3*time.Hour)))
		r.clock.Advance(2 * time.Hour)
		if got := again(); got.Notified {
			t.Error("a muted group notifies")
		}
		must(w.Unmute(t.Context(), w.writer, w.reported))
		if got := again(); !got.Notified {
			t.Error("no notification after the unmute")
		}
		valid := map[time.Duration]bool{
			-time.Hour: false, 0: false, 20 * 366 * 24 * time.Hour: false, time.Hour: true,
		}
		for until, want := range valid {
			if err := w.Mute(t.Context(), w.writer, w.reported, r.clock.Now().Add(until)); (err == nil) != want ||
				err != nil && fault.FieldsOf(err)[0].Name != "muted_until" {
				t.Errorf("muted for %s: %v", until, err)
			}
		}
	})
}

func TestMergeAndSplitAffectNextReport(t *testing.T) {
	eachDatabase(t, func(t *testing.T, r *fixture) {
		w := newRoleFixture(t, r)
		different := Report{Kind: models.ExceptionReported, ProductID: w.product, Class: "Other", Message: "x"}
		other := r.report(different).Group
		invalid := map[string][]int64{
			"none":            nil,
			"itself":          {w.reported},
			"another kind":    {w.task},
			"one unseen":      {w.request},
			"another product": {w.own},
			"one gone":        {4711},
		}
		for name, groups := range invalid {
			if err := w.Merge(t.Context(), w.writer, w.reported, groups); !fault.Is(err, fault.Invalid) ||
				fault.FieldsOf(err)[0].Name != "groups" {
				t.Errorf("merged with %s: %v", name, err)
			}
		}
		if err := w.Merge(t.Context(), w.writer, w.reported, []int64{other, other}); err != nil {
			t.Fatal(err)
		}
		if got := r.report(different); got.Group != w.reported {
			t.Errorf("%+v", got)
		}
		d, err := w.Get(t.Context(), w.reader, w.reported)
		if err != nil || len(d.Merges) != 1 || d.Hours[23] == 0 {
			t.Fatalf("%+v, %v", d, err)
		}
		if err := w.Split(t.Context(), w.writer, w.reported, d.Merges[0].Key); err != nil {
			t.Fatal(err)
		}
		if got := r.report(different); got.Group == w.reported || !got.Notified {
			t.Errorf("%+v", got)
		}
		if err := w.Split(t.Context(), w.writer, w.reported, "none"); !fault.Is(err, fault.NotFound) {
			t.Errorf("%v", err)
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
