package models_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"gatecrier/app/fault"
	"gatecrier/models"
)

func (w world) group(name string, owner int64) int64 {
	w.t.Helper()
	g := models.Group{Name: name, GateMode: models.GateStandard}
	w.write(func(tx *models.Tx) error { g.ID = 0; return tx.CreateGroup(&g, owner) })
	return g.ID
}

func (w world) groupMember(user, group int64, role models.Role) {
	w.t.Helper()
	w.write(func(tx *models.Tx) error {
		return tx.SaveMember(models.Member{UserID: user, GroupID: group, Role: role})
	})
}

// usersIn makes a group of users that has a role somewhere.
func (w world) usersIn(name string, at models.Owner, role models.Role, members ...int64) int64 {
	w.t.Helper()
	g := models.AuthorizationGroup{Name: name}
	w.write(func(tx *models.Tx) error {
		g.ID, g.Version = 0, 0
		if err := tx.SaveAuthorizationGroup(&g); err != nil {
			return err
		}
		for _, m := range members {
			if err := tx.SaveAuthorizationMember(models.AuthorizationMember{UserID: m, GroupID: g.ID}); err != nil {
				return err
			}
		}
		return tx.SaveAuthorizationRole(models.AuthorizationRole{GroupID: g.ID, Owner: at, Role: role})
	})
	return g.ID
}

// longSince makes all users members from before the first event.
func (w world) longSince() {
	w.t.Helper()
	w.write(func(tx *models.Tx) error {
		for _, statement := range []string{
			"UPDATE members SET joined_event = 0",
			"UPDATE group_members SET joined_event = 0",
			"UPDATE authorization_members SET joined_event = 0",
			"UPDATE authorization_roles SET joined_event = 0",
			"UPDATE products SET grouped_event = 0",
		} {
			if _, err := tx.Exec(statement); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w world) ownedBy(product, but int64, want bool) {
	w.t.Helper()
	if has, err := w.s.HasOtherOwner(w.t.Context(), models.Member{UserID: but, ProductID: product}); err != nil ||
		has != want {
		w.t.Errorf("another owner: %v, want %v, %v", has, want, err)
	}
}

func TestGroupScopes(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		owner, member, other, users := w.user("owner"), w.user("member"), w.user("other"), w.user("users")
		group := w.group("ours", owner)
		w.group("theirs", other)
		product := w.product("shop", owner)
		w.write(func(tx *models.Tx) error { return tx.MoveProduct(product, &group) })
		w.member(member, product, models.RoleOwner) // a product's member has nothing to do with its group
		w.usersIn("them", models.Owner{GroupID: group}, models.RoleReader, users)
		for user, want := range map[int64]string{owner: "ours", users: "", other: "theirs"} {
			list, err := w.s.Groups(t.Context(), models.MemberScope(user), models.GroupFilter{Editable: true, Limit: 10})
			if err != nil || len(list) > 1 || len(list) == 1 && list[0].Name != want || len(list) == 0 && want != "" {
				t.Errorf("user %d can edit %v, want %q, %v", user, list, want, err)
			}
		}
		w.product("another", owner)
		inside, err := w.s.Products(t.Context(), models.MemberScope(owner), models.ProductFilter{Group: group, Limit: 10})
		if err != nil || len(inside) != 1 || inside[0].ID != product {
			t.Errorf("products of the group: %v, %v", inside, err)
		}
		if tally, err := w.s.GateTally(t.Context(), models.MemberScope(owner), group); err != nil ||
			tally[models.GateNone] != 1 {
			t.Errorf("gates of the group: %v, %v", tally, err)
		}
		for name, test := range map[string]struct {
			scope models.Scope
			want  string
		}{
			"owner":              {models.MemberScope(owner), "ours"},
			"a product's member": {models.MemberScope(member), ""},
			"another":            {models.MemberScope(other), "theirs"},
			"by users":           {models.MemberScope(users), "ours"},
			"all":                {all, "ours theirs"},
			"a product's token":  {models.ProductScope(product), ""},
			"none":               {models.Scope{}, ""},
		} {
			list, err := w.s.Groups(t.Context(), test.scope, models.GroupFilter{Limit: 10})
			var names []string
			for _, g := range list {
				names = append(names, g.Name)
			}
			if err != nil || strings.Join(names, " ") != test.want {
				t.Errorf("%s sees %v, want %s, %v", name, names, test.want, err)
			}
			n, err := w.s.CountGroups(t.Context(), test.scope, models.GroupFilter{})
			if err != nil || n != len(strings.Fields(test.want)) {
				t.Errorf("%s counts %d groups, want %s, %v", name, n, test.want, err)
			}
			found, err := w.s.SearchGroups(t.Context(), test.scope, "s", 10) // both names have one
			names = nil
			for _, m := range found {
				names = append(names, m.Name)
			}
			if err != nil || strings.Join(names, " ") != test.want {
				t.Errorf("%s finds %v, want %s, %v", name, names, test.want, err)
			}
			g, err := w.s.Group(t.Context(), test.scope, group)
			if sees := strings.Contains(test.want, "ours"); sees != (err == nil) || !sees && !fault.Is(err, fault.NotFound) ||
				sees && g.Products != 1 {
				t.Errorf("%s: %+v, %v", name, g, err)
			}
		}
	})
}

// A user who loses one source of a right keeps the product by another, and loses it with the
// last.
func TestRoleSourcesAreIndependent(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		owner, eve := w.user("owner"), w.user("eve")
		product := w.product("shop", owner)
		group := w.group("group", owner)
		w.write(func(tx *models.Tx) error { return tx.MoveProduct(product, &group) })
		roles := func() string {
			list, err := w.s.RolesOf(t.Context(), eve, product)
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(list)
			var words []string
			for _, r := range list {
				words = append(words, string(r))
			}
			return strings.Join(words, " ")
		}
		w.member(eve, product, models.RoleReader)
		w.groupMember(eve, group, models.RoleWriter)
		direct := w.usersIn("direct", models.Owner{ProductID: product}, models.RoleUpload, eve)
		wide := w.usersIn("wide", models.Owner{GroupID: group}, models.RoleMaintainer, eve)
		steps := []struct {
			want string
			do   func(tx *models.Tx) error
		}{
			{"maintainer reader upload writer", func(tx *models.Tx) error {
				_, err := tx.DeleteMember(models.Member{UserID: eve, ProductID: product})
				return err
			}},
			{"maintainer upload writer", func(tx *models.Tx) error {
				_, err := tx.DeleteAuthorizationMember(eve, direct)
				return err
			}},
			{"maintainer writer", func(tx *models.Tx) error {
				_, err := tx.DeleteAuthorizationRole(models.AuthorizationRole{GroupID: wide, Owner: models.Owner{GroupID: group}})
				return err
			}},
			{"writer", func(tx *models.Tx) error { return tx.MoveProduct(product, nil) }},
			{"", func(tx *models.Tx) error { return tx.MoveProduct(product, &group) }},
			{"writer", func(tx *models.Tx) error {
				_, err := tx.DeleteMember(models.Member{UserID: eve, GroupID: group})
				return err
			}},
			{"", func(*models.Tx) error { return nil }},
		}
		for i, step := range steps {
			if got := roles(); got != step.want {
				t.Errorf("step %d: %q, want %q", i, got, step.want)
			}
			w.write(step.do)
		}
	})
}

// Earlier notifications count as read for a user who comes to see a product, by any source of a
// right; of several sources, the longest held counts.
func TestEarlierNotificationsCountAsRead(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		owner := w.user("owner")
		product := w.product("shop", owner)
		group := w.group("group", owner)
		early, late, moved, users := w.user("early"), w.user("late"), w.user("moved"), w.user("users")
		w.groupMember(moved, group, models.RoleReader)
		w.member(early, product, models.RoleReader)
		w.tell(product, 2)
		w.write(func(tx *models.Tx) error { return tx.MoveProduct(product, &group) })
		w.groupMember(late, group, models.RoleReader)
		w.groupMember(early, group, models.RoleOwner) // a member from the beginning
		w.usersIn("users", models.Owner{GroupID: group}, models.RoleReader, users)
		w.tell(product, 1)
		for name, test := range map[string]struct {
			user int64
			want int
		}{"early": {early, 3}, "late": {late, 1}, "member of the group before": {moved, 1}, "by users": {users, 1}} {
			n, err := w.s.CountUnread(t.Context(), models.Viewer{UserID: test.user}, 10)
			if err != nil || n != test.want {
				t.Errorf("%s: %d unread, want %d, %v", name, n, test.want, err)
			}
			list, err := w.s.Inbox(t.Context(), models.Viewer{UserID: test.user}, models.InboxFilter{Limit: 10})
			if err != nil || len(list) != 3 {
				t.Errorf("%s: %d rows, %v", name, len(list), err)
			}
		}
	})
}

func TestTargetsOfGroups(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		owner := w.user("owner")
		group := w.group("group", owner)
		own, none, out := w.product("own", owner), w.product("none", owner), w.product("out", owner)
		w.write(func(tx *models.Tx) error {
			if err := tx.MoveProduct(own, &group); err != nil {
				return err
			}
			return tx.MoveProduct(none, &group)
		})
		w.connectionOf(models.Connection{GroupID: &group, Module: "webhook", Name: "group's hook"})
		w.connectionOf(models.Connection{GroupID: &group, Module: "slack", Name: "group's slack"})
		w.connectionOf(models.Connection{ProductID: &own, Module: "webhook", Name: "own hook"})
		for _, purpose := range []models.ConnectionPurpose{models.PurposeRule, models.PurposeAccount} { // no targets
			for _, c := range []models.Connection{{ProductID: &own}, {ProductID: &none}, {GroupID: &group}} {
				c.Purpose, c.Module, c.Name = purpose, "slack", string(purpose)
				w.connectionOf(c)
			}
		}
		targets, err := w.s.TargetsOf(t.Context(), []int64{own, none, out})
		if err != nil {
			t.Fatal(err)
		}
		for product, want := range map[int64]string{
			own:  "group's slack, own hook",
			none: "group's hook, group's slack",
			out:  "",
		} {
			var names []string
			for _, target := range targets[product] {
				names = append(names, target.Name)
			}
			if got := strings.Join(names, ", "); got != want {
				t.Errorf("product %d: %s, want %s", product, got, want)
			}
		}
		rows, err := w.s.ConnectionRowsOf(t.Context(), models.SystemScope("test"), own)
		if err != nil || len(rows) != 1 || rows[0].Purpose != models.PurposeTarget {
			t.Errorf("listed targets of a product: %+v, %v", rows, err)
		}
		if rows, err = w.s.ConnectionRowsOfGroup(t.Context(), group); err != nil || len(rows) != 2 {
			t.Errorf("listed targets of a group: %+v, %v", rows, err)
		}
		for purpose, want := range map[models.ConnectionPurpose]int{
			"": 9, models.PurposeTarget: 3, models.PurposeRule: 3, models.PurposeAccount: 3,
		} {
			f := models.ConnectionFilter{All: true, Purpose: purpose, Limit: 100}
			if list, err := w.s.Connections(t.Context(), f); err != nil || len(list) != want {
				t.Errorf("%d connections with the purpose %q, want %d, %v", len(list), purpose, want, err)
			}
		}
	})
}

// The last owner is a direct owner: a role by a group can be lost at any time.
func TestHasOtherOwner(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		ann, bob, carl := w.user("ann"), w.user("bob"), w.user("carl")
		product := w.product("shop", ann)
		group := w.group("group", bob)
		w.write(func(tx *models.Tx) error { return tx.MoveProduct(product, &group) })
		w.usersIn("users", models.Owner{ProductID: product}, models.RoleOwner, carl)
		w.ownedBy(product, ann, false)
		w.member(carl, product, models.RoleOwner)
		w.ownedBy(product, ann, true)
		w.write(func(tx *models.Tx) error {
			c, err := tx.User(tx.Context(), carl)
			if err != nil {
				return err
			}
			c.Active = false
			return tx.SaveUser(&c)
		})
		w.ownedBy(product, ann, false) // no other owner
		of := models.Member{UserID: bob, GroupID: group}
		if has, err := w.s.HasOtherOwner(t.Context(), of); err != nil || has {
			t.Errorf("of the group: %v, %v", has, err)
		}
		w.groupMember(ann, group, models.RoleOwner)
		if has, err := w.s.HasOtherOwner(t.Context(), of); err != nil || !has {
			t.Errorf("of the group, with Ann: %v, %v", has, err)
		}
	})
}

func TestGroupsAreNotSavedBlindly(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		owner := w.user("owner")
		id := w.group("one", owner)
		w.group("two", owner)
		row, err := w.s.Group(t.Context(), all, id)
		if err != nil {
			t.Fatal(err)
		}
		stale, taken := row.Group, row.Group
		w.clock.Advance(time.Minute)
		activated := row.Group
		activated.Description = "changed"
		w.write(func(tx *models.Tx) error { g := activated; return tx.SaveGroup(&g) })
		taken.Name, taken.Version = "two", row.Version+1
		for name, test := range map[string]struct {
			g    models.Group
			kind fault.Kind
		}{"a stale one": {stale, fault.Conflict}, "a taken name": {taken, fault.Invalid}} {
			err := w.s.Write(t.Context(), func(tx *models.Tx) error { return tx.SaveGroup(&test.g) })
			if !fault.Is(err, test.kind) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// A test of a group's target is in the delivery log of the users who can edit the group.
func TestDeliveriesOfGroups(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		owner, reader, stranger := w.user("owner"), w.user("reader"), w.user("stranger")
		group := w.group("group", owner)
		w.groupMember(reader, group, models.RoleReader)
		target := w.connectionOf(models.Connection{GroupID: &group, Module: "webhook", Name: "hook", Enabled: true})
		d := w.test(target, 0)
		for user, want := range map[int64]bool{owner: true, reader: false, stranger: false} {
			_, err := w.s.Delivery(t.Context(), models.MemberScope(user), d.ID)
			list, listErr := w.s.Deliveries(t.Context(), models.MemberScope(user), models.DeliveryFilter{Limit: 10})
			if (err == nil) != want || listErr != nil || (len(list) == 1) != want {
				t.Errorf("user %d: %v, %d rows, %v", user, err, len(list), listErr)
			}
		}
	})
}

// A user can edit by any of four sources, and roles in several groups are read with one
// statement.
func TestEditsAnything(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		owner := w.user("owner")
		product, group, other := w.product("ours", owner), w.group("group", owner), w.group("other", owner)
		users := map[string]int64{}
		for _, name := range []string{
			"nobody",
			"reader",
			"writer",
			"maintainer",
			"by group",
			"reads by group",
			"by users",
			"by users in group",
		} {
			users[name] = w.user(name)
		}
		w.member(users["reader"], product, models.RoleReader)
		w.member(users["writer"], product, models.RoleWriter)
		w.member(users["maintainer"], product, models.RoleMaintainer)
		w.groupMember(users["by group"], group, models.RoleOwner)
		w.groupMember(users["reads by group"], group, models.RoleReader)
		w.usersIn("a", models.Owner{ProductID: product}, models.RoleMaintainer, users["by users"])
		w.usersIn("b", models.Owner{GroupID: group}, models.RoleMaintainer, users["by users in group"])
		edits := []string{"maintainer", "by group", "by users", "by users in group"}
		for name, id := range users {
			if got, err := w.s.EditsAnything(t.Context(), id); err != nil || got != slices.Contains(edits, name) {
				t.Errorf("%s: %v, %v", name, got, err)
			}
		}
		for name, want := range map[string][]models.Role{
			"nobody": nil, "reader": {models.RoleReader}, "by users in group": {models.RoleMaintainer},
		} {
			if got, err := w.s.RolesAnywhere(t.Context(), users[name]); err != nil || !slices.Equal(got, want) {
				t.Errorf("roles of %s: %v, %v", name, got, err)
			}
		}
		for name, want := range map[string]models.Role{
			"by group":          models.RoleOwner,
			"reads by group":    models.RoleReader,
			"by users in group": models.RoleMaintainer,
			"maintainer":        "",
		} {
			roles, err := w.s.GroupRolesIn(t.Context(), users[name], []int64{group, other})
			if err != nil || len(roles[other]) != 0 || want != "" && !slices.Equal(roles[group], []models.Role{want}) ||
				want == "" && len(roles) != 0 {
				t.Errorf("%s: %v, %v", name, roles, err)
			}
		}
	})
}
