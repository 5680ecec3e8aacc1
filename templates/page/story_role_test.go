package page

import (
	"time"

	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

func people7() People {
	return People{
		Path:    "/products/7",
		Noun:    "product",
		CanEdit: true,
		Roles:   []string{"reader", "upload", "writer", "maintainer"},
		Members: []MemberRow{{ID: 1, Name: "Ilse Quillmark", Role: "owner"}, {ID: 2, Name: script, Role: "reader"}},
		Groups: []MemberRow{
			{ID: 1, Name: arabic, Href: "/authorization-groups/1", Role: "writer"},
			{ID: 2, Name: script, Role: "owner"},
		},
		Through: &Through{
			Name:    script,
			Href:    "/groups/1?tab=members",
			Members: []MemberRow{{Name: long, Role: "reader"}},
			Groups:  []MemberRow{{Name: cjk, Role: "owner"}},
		},
		Add: RoleForm{Name: script, Role: "writer", Errors: map[string]string{"user": "This user does not exist"}},
	}
}

func tokens() TokensTab {
	return TokensTab{
		BaseURL: "https://gate.northquay.example",
		Secret:  "gc_bm90LWEtcmVhbC10b2tlbg",
		Made:    script,
		Errors:  map[string]string{"name": "Enter 1 to 100 characters"},
		Rows: []TokenRow{
			{
				ID:       1,
				Name:     script,
				Role:     "upload",
				Hint:     "9f2c",
				Created:  days(90),
				Expires:  days(-275),
				LastUsed: ago(31 * time.Minute),
			},
			{ID: 2, Name: long, Role: "reader", Hint: "77ab", Created: days(90), Expires: days(1), Expired: true},
		},
	}
}

func groupStories() []story {
	list := []story{
		{"groups-empty", Groups(GroupsView{Frame: frame("Groups", layout.NavGroups)})},
		{"groups-none", Groups(GroupsView{Frame: frame("Groups", layout.NavGroups), Query: script})},
		{"groups", Groups(GroupsView{Frame: frame("Groups", layout.NavGroups), Rows: []GroupRow{
			{ID: 1, Name: long, Description: cjk, Products: 12, Failed: 3, Gate: "limits of the group: critical 0, high 0"},
			{ID: 2, Name: script, Description: script, Products: 1, Gate: "no shared thresholds"},
		}, Pager: pager("1–2 of 4 groups"), Sorting: sorting("name", "products", "failing")})},
		{
			"group-new",
			GroupNew(GroupNewView{
				Frame:  frame("New group", layout.NavGroups),
				Name:   script,
				Errors: map[string]string{"name": "There is a group of that name already"},
			}),
		},
		{
			"group-delete",
			GroupDelete(GroupDeleteView{
				Frame:    frame("Delete?", layout.NavGroups),
				ID:       1,
				Name:     script,
				Products: 3,
				Targets:  2,
				Errors: map[string]string{
					"products": "Choose what happens to the products",
					"confirm":  "Type the group's name to confirm",
				},
			}),
		},
		{
			"group-delete-bare",
			GroupDelete(GroupDeleteView{Frame: frame("Delete?", layout.NavGroups), ID: 1, Name: single, Choice: "keep"}),
		},
		{
			"move",
			Move(MoveView{
				Frame:   frame("Move", layout.NavProducts),
				ID:      7,
				Product: long,
				From:    script,
				To:      arabic,
				Group:   2,
				Means:   []string{script, "the gate is evaluated again"},
			}),
		},
		{"move-out", Move(MoveView{Frame: frame("Move", layout.NavProducts), ID: 7, Product: script, From: script})},
	}
	for _, tab := range []Tab{GroupProducts, GroupMembers, GroupTargets, GroupSettings} {
		v := GroupView{
			Frame:     frame(long, layout.NavGroups),
			ID:        1,
			Name:      long,
			Summary:   script,
			Products:  2,
			Failed:    1,
			Gate:      "limits of the group: critical 0",
			Tab:       tab,
			TabCounts: map[Tab]int{GroupProducts: 2},
			CanEdit:   true,
			CanOwn:    true,
			People:    people7(),
		}
		list = append(list, story{"group-bare-" + string(tab), Group(v)})
		v.List = ProductsView{
			Frame: v.Frame,
			Rows: []ProductRow{
				{ID: 7, Name: script, Gate: "failed", Why: "1 critical (threshold 0)", Targets: 1},
				{ID: 8, Name: single, Gate: "none", Why: "no report yet"},
			},
		}
		v.Targets = GroupTargetsTab{Secret: targets().Secret, Adds: targets().Adds}
		for _, t := range targets().Rows {
			v.Targets.Rows = append(v.Targets.Rows, GroupTargetRow{TargetRow: t, Used: 1, Own: []string{script, long}})
		}
		v.Settings = SettingsTab{
			Version:  2,
			Name:     long,
			GateMode: "own",
			Defaults: ui.Counts{Medium: NoLimit},
			Counting: whatCounts(),
			Errors:   map[string]string{"": "Another user changed this group meanwhile", "email_to": script},
		}
		list = append(list, story{"group-" + string(tab), Group(v)})
	}
	return list
}

func roleStories() []story {
	users := AuthorizationGroupView{Frame: frame(script, layout.NavAuthorization), ID: 1, Name: script, Typed: script}
	list := []story{{"authorization-group-reader", AuthorizationGroup(users)}}
	users.CanEdit, users.Admin = true, true
	list = append(list, story{"authorization-group-empty", AuthorizationGroup(users)})
	users.Members = []AuthorizationMemberRow{{ID: 1, Name: "Ilse Quillmark", Manager: true}, {ID: 2, Name: script}}
	users.Roles = []AuthorizationRoleRow{
		{"product", script, "/products/7", "reader"},
		{"group", long, "/groups/1", "owner"},
	}
	users.Errors = map[string]string{"user": "This user does not exist"}
	many := AuthorizationGroupsView{
		Frame: frame("Authorization groups", layout.NavAuthorization),
		Rows: []AuthorizationGroupRow{
			{ID: 1, Name: script, Members: 1, Roles: 1},
			{ID: 2, Name: long, Members: 12, Roles: 3, Manager: true},
		},
		CanCreate: true,
		Errors:    map[string]string{"name": "1 to 255 characters"},
	}
	kinds := []ui.Option{{Label: "everything"}, {Value: "product", Label: "product", Checked: true}}
	changes := AuditView{
		Frame:     frame("Audit", layout.NavAudit),
		Kinds:     kinds,
		ProductID: 7,
		Product:   script,
		All:       "/admin/audit",
		Errors:    map[string]string{"since": "Enter a date as YYYY-MM-DD"},
	}
	for _, r := range []AuditRow{
		{
			Actor: "Ilse Quillmark", Action: "change", Kind: "settings", Name: "mail",
			Fields: []AuditField{{"smtp password", "(secret)", "(secret)", true, true}, {"smtp host", "", script, true, true}},
		},
		{
			Actor: script, Action: "create", Kind: "member", Name: script, ProductID: 7, Product: long,
			Fields: []AuditField{{Name: "role", Became: "owner", Has: true}},
		},
		{
			Actor: "token ci", Action: "delete", Kind: "target", Name: arabic,
			Fields: []AuditField{{Name: "name", Was: long, Had: true}},
		},
	} {
		r.At = ago(time.Hour)
		changes.Rows = append(changes.Rows, r)
	}
	all := changes
	all.ProductID, all.Kinds = 0, kinds[:1]
	none := AuthorizationGroupsView{Frame: frame("Authorization groups", layout.NavAuthorization), CanCreate: true}
	return append(list, []story{
		{"authorization-group", AuthorizationGroup(users)},
		{"authorization-groups", AuthorizationGroups(many)},
		{"authorization-groups-empty", AuthorizationGroups(none)},
		{
			"authorization-groups-reader",
			AuthorizationGroups(AuthorizationGroupsView{Frame: frame("Authorization groups", "")}),
		},
		{"audit", Audit(all)},
		{"audit-product", Audit(changes)},
		{"audit-none", Audit(AuditView{Frame: frame("Audit", layout.NavAudit), Kinds: kinds})},
		{"audit-empty", Audit(AuditView{Frame: frame("Audit", layout.NavAudit), Kinds: kinds[:1]})},
	}...)
}
