package page

// The roles that can do something, as sentences about pages and tabs begin.
const (
	assessors = "Writers, maintainers and owners"
	editors   = "Maintainers and owners"
)

// unless returns who can do something, "" for a user who can.
func unless(can bool, who string) string {
	if can {
		return ""
	}
	return who
}

// purpose returns what the current tab is for, and for users who cannot change what it shows, who
// can.
func (v ProductView) purpose() (text, who string) {
	switch v.Current() {
	case TabObservations:
		return "", unless(v.Observations.CanAssess, assessors+" can assess observations.")
	case TabBranches:
		return "Branches with reports, and their gates.", unless(v.CanEdit, editors+" can protect and delete branches.")
	case TabHistory:
		return "Changes of the gate, newest first.", ""
	case TabDeliveries:
		return "Messages to the targets of this product, newest first.",
			unless(v.CanEdit, editors+" can resend them and see why they failed.")
	case TabExceptions:
		return "Exceptions that applications report. Repeats are grouped.",
			unless(v.CanAssess, assessors+" can resolve and merge them.")
	case TabTargets:
		return "Where notifications of this product are sent besides the inbox.",
			unless(v.CanEdit, editors+" can add and change targets.")
	case TabMembers:
		return membersText("product"), unless(v.CanEdit, editors+" can add and change members.")
	case TabTokens:
		return "API tokens of pipelines. They have no access to other products.", ""
	case TabSettings, GroupProducts:
	}
	return "", ""
}

// denied names the tab of the URL that the user cannot see, and who can; "" if there is none.
func (v ProductView) denied() (tab, who string) {
	switch {
	case v.Tab == TabTokens && !v.shows(v.Tab):
		return "tokens", "Owners of the product can."
	case v.Tab == TabSettings && !v.shows(v.Tab):
		return "settings", editors + " of the product can."
	}
	return "", ""
}

// purpose is like that of ProductView, for a group.
func (v GroupView) purpose() (text, who string) {
	if v.Current() == GroupMembers {
		return membersText("group"), unless(v.CanEdit, editors+" can add and change members.")
	}
	return "", ""
}

// denied is like that of ProductView, for a group.
func (v GroupView) denied() (tab, who string) {
	if (v.Tab == GroupSettings || v.Tab == GroupTargets) && !v.shows(v.Tab) {
		return string(v.Tab), editors + " of the group can."
	}
	return "", ""
}

func membersText(noun string) string {
	return "Users and authorization groups with a role in this " + noun +
		". Several roles of a user add up: they can do what any of them allows."
}

// Holders are members with a permission, as far as the user can see them.
type Holders struct {
	Names []string // of users and authorization groups
	More  int      // that are left out
}
