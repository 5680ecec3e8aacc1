package page

import (
	"strings"

	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

// GroupsView is the list of groups of products, filtered by q in the URL.
type GroupsView struct {
	Frame     layout.View
	Query     string
	CanCreate bool
	Keep      []ui.Hidden // the rest of the URL, for a search
	Rows      []GroupRow
	Sorting   ui.Sorting // by name, products and failing ones
	Pager     ui.Pager
}

// GroupRow is a group in the list.
type GroupRow struct {
	ID          int64
	Name        string
	Description string
	Products    int
	Failed      int    // of their gates
	Gate        string // its mode in words
}

// GroupNewView is the form for a new group. It posts name and description to /groups.
type GroupNewView struct {
	Frame       layout.View
	Name        string
	Description string
	Errors      map[string]string // by the name of the field
}

// The tabs of a group's page. GroupProducts is the first.
const (
	GroupProducts Tab = "products"
	GroupMembers  Tab = "members"
	GroupTargets  Tab = "targets"
	GroupSettings Tab = "settings"
)

// GroupView is a group's page with one tab. Only the part of the current tab is
// needed.
type GroupView struct {
	Frame     layout.View
	ID        int64
	Name      string
	Summary   string // its description
	Products  int
	Failed    int
	Gate      string // its mode in words
	Tab       Tab
	TabCounts map[Tab]int
	CanEdit   bool
	CanOwn    bool

	List     ProductsView // of its products
	People   People
	Targets  GroupTargetsTab
	Settings SettingsTab
}

// GroupTargetsTab lists the targets that a group has for its products. Its forms are those of a
// product's targets, under /groups/{id}/targets.
type GroupTargetsTab struct {
	Rows   []GroupTargetRow
	Adds   []ModuleForm
	Secret *NewSecret
}

// GroupTargetRow is a target of a group.
type GroupTargetRow struct {
	TargetRow
	Used int      // by how many of the products that are seen
	Own  []string // the products that have targets of their own of that module
}

// GroupDeleteView asks what to do with a group's products. It posts products
// (keep, delete), their count and confirm, its name, to /groups/{id}/delete.
type GroupDeleteView struct {
	Frame    layout.View
	ID       int64
	Name     string
	Products int
	Targets  int
	Lost     []string // what is deleted with the group beside that, a phrase each
	Choice   string   // as chosen
	Errors   map[string]string
}

// MoveView says what changes if a product moves to another group. It posts group to
// /products/{id}/move.
type MoveView struct {
	Frame    layout.View
	ID       int64
	Product  string
	From, To string // names, "" = none
	Group    int64
	Means    []string
}

var groupTabs = []struct {
	tab   Tab
	label string
}{{GroupProducts, "Products"}, {GroupMembers, "Members"}, {GroupTargets, "Targets"}, {GroupSettings, "Settings"}}

// Current returns the tab to show. For an unknown name, or a tab that the user cannot see, it is
// the first.
func (v GroupView) Current() Tab {
	for _, t := range groupTabs {
		if t.tab == v.Tab && v.shows(t.tab) {
			return t.tab
		}
	}
	return GroupProducts
}

// shows reports whether the user can see a tab.
func (v GroupView) shows(t Tab) bool {
	return v.CanEdit || t != GroupTargets && t != GroupSettings
}

func groupPath(n int64) string { return "/groups/" + id(n) }

func groupTabPath(n int64, tab Tab) string {
	if tab == GroupProducts {
		return groupPath(n)
	}
	return groupPath(n) + "?tab=" + string(tab)
}

func groupTargetPath(group, target int64, action string) string {
	return groupPath(group) + "/targets/" + id(target) + "/" + action
}

// title returns the heading of the page.
func (v MoveView) title() string {
	if v.To == "" {
		return "Remove " + v.Product + " from " + v.From + "?"
	}
	return "Move " + v.Product + " to " + v.To + "?"
}

// noProducts says that the list is empty, and who can change that.
func (v GroupView) noProducts() string {
	if v.CanEdit {
		return "No products in this group yet."
	}
	return "No products in this group yet. " + editors + " of the group can add them."
}

// used says how many products use a target of a group.
func (t GroupTargetRow) used() string {
	if t.Used == 0 {
		return "is not used by any product"
	}
	return "is used by " + ui.Plural(t.Used, "product", "products")
}

// others names some of the products that do not use a target.
func (t GroupTargetRow) others() string {
	const most = 5
	if len(t.Own) <= most {
		return strings.Join(t.Own, ", ")
	}
	return strings.Join(t.Own[:most], ", ") + " and " + ui.Number(int64(len(t.Own)-most)) + " more"
}
