package page

import (
	"strings"
	"time"

	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

// InboxView is the list of notifications. Its form posts id (several, each can be a list with
// commas) to /inbox/viewed and the like, with next = where to go back to. all=1 with up_to marks
// all as read.
type InboxView struct {
	Frame      layout.View
	Chips      []ui.Chip // all, unread, snoozed, archived
	Filters    []ui.Removable
	Form       InboxForm
	Unread     int
	Kept       string // for how long notifications are kept
	Days       []InboxDay
	Pager      ui.Pager
	UpTo       int64  // the newest id when the page was made: "all" means up to it
	Here       string // the URL of this page
	First      string // that of the first page with this filter
	Archived   bool   // it lists what was archived
	Snoozed    bool   // it lists what is snoozed
	Narrowed   bool   // a filter leaves something out
	Found      string // the page that asks what to do with all that the filter finds
	MayDelete  bool   // something of it, for all
	MaySilence bool   // something
	Further    string // the URL to search on from; "" = the search went through
	State      string // the URL that says how the list is now
	After      int64  // the newest on the page if it is the first page, else -1
}

// InboxForm is the filter of the inbox.
type InboxForm struct {
	Query        string
	Types        []ui.Option
	Severities   []ui.Option
	Groups       []ui.Option // none = there are no groups
	Since, Until string      // days
	Zone         ui.Zone     // of these days
	Wrong        string      // the error in the days; "" = none
	Open         bool        // more than the text is filtered by
	Hidden       []ui.Hidden // the rest of the filter
}

// InboxDay is the notifications of a day.
type InboxDay struct {
	Label  string
	Groups []InboxGroup
}

// InboxGroup is a notification and the earlier ones of its day with the same subject.
type InboxGroup struct {
	InboxRow
	Earlier []InboxRow
}

// ids returns the ids of the whole group.
func (g InboxGroup) ids() string {
	list := []string{id(g.ID)}
	for _, r := range g.Earlier {
		list = append(list, id(r.ID))
	}
	return strings.Join(list, ",")
}

// unread counts the earlier ones that are unread.
func (g InboxGroup) unread() int {
	n := 0
	for _, r := range g.Earlier {
		if !r.Viewed {
			n++
		}
	}
	return n
}

// earlier sums up the ones that are folded.
func (g InboxGroup) earlier() string {
	text := ui.Number(int64(len(g.Earlier))) + " earlier about the same subject"
	if n := g.unread(); n > 0 {
		text += ", " + ui.Number(int64(n)) + " unread"
	}
	return text
}

// InboxRow is a notification in the list.
type InboxRow struct {
	ID        int64
	Type      string // gate.changed
	Gate      string // the new state, for gate.changed; else ""
	Name      string
	Message   string
	ProductID int64
	Product   string // "" = no product
	Reason    string // why the user gets it
	Viewed    bool
	Silenced  bool   // its messages were silenced
	Snoozed   string // until when it is snoozed; "" = it is not
	At        time.Time
	Delivery  DeliveryTally
}

// shortcuts returns the keyboard shortcuts of the inbox.
func shortcuts() [][2]string {
	return [][2]string{
		{"j", "next notification"},
		{"k", "previous notification"},
		{"Enter", "open notification"},
		{"x", "select notification"},
		{"u", "mark as read or unread"},
		{"e", "archive or restore"},
		{"b", "snooze or unsnooze"},
		{"s", "create a silence"},
		{"z", "undo the last step"},
		{"/", "search"},
		{"?", "show this help"},
	}
}

// NotificationView is one notification. It is marked as read when opened: by htmx, or by its
// button.
type NotificationView struct {
	Frame        layout.View
	ID           int64
	Type         string
	Name         string
	Message      string
	At           time.Time
	Viewed       bool
	Archived     bool
	Snoozed      string // until when it is snoozed; "" = it is not
	SilenceID    int64  // what held its messages back, 0 = nothing
	MayDelete    bool   // for all
	MaySilence   bool
	ProductID    int64
	Product      string
	Branch       string
	From, To     string // states of the gate; "" = not about a gate
	Now          string // the gate's state now; "" = the user cannot see it
	NowSince     time.Time
	Activated    string // of the failing observations: "2 new, 1 reopened"; "" = none
	CanAssess    bool   // the product's observations
	Why          string
	Cause        string
	Policy       string // who set the limits; "" = none
	Counts       ui.Counts
	Limits       *ui.Counts
	Counting     string // what counted then; "" = all
	Failing      []FailingObservation
	FailingTotal int
	Deliveries   []DeliveryRow
	Page         string // of its subject; "" = it has none
	Here         string
}

// viewTrigger returns what marks a notification as read: opening it, unless that would end its
// snooze.
func viewTrigger(v NotificationView) string {
	if v.Snoozed != "" {
		return "submit"
	}
	return "submit, load"
}

// about names the link to the page of the subject.
func (v NotificationView) about() string {
	if v.Type == "silence.ended" {
		return "View silence and silenced notifications"
	}
	if v.Type == "account.attacked" {
		return "Review your password and sessions"
	}
	return "View exception"
}

// limits sums up the thresholds in force then.
func (v NotificationView) limits() string {
	if v.Limits == nil {
		return "no gate"
	}
	return limitsText(*v.Limits)
}

// limitsText names the thresholds that are set.
func limitsText(c ui.Counts) string {
	var parts []string
	for _, t := range c.List() {
		if t.N < NoLimit {
			parts = append(parts, t.Severity+" "+ui.Number(t.N))
		}
	}
	if len(parts) == 0 {
		return "no thresholds"
	}
	return strings.Join(parts, ", ")
}

// typeIcon returns the icon of a type of notification.
func typeIcon(kind string) string {
	switch kind {
	case "connector.error", "routing.failed":
		return "plug-x"
	case "connector.recovered":
		return "plug-connected"
	case "product.stale":
		return "clock"
	case "report.imported":
		return "file-import"
	case "waiver.expiring":
		return "hourglass"
	case "silence.ended":
		return "bell-off"
	case "account.attacked":
		return "alert-triangle"
	case "exception.request", "exception.task", "exception.reported", "exception.summary", "ingest.exceeded":
		return "bolt"
	}
	return "bell"
}

func typeWord(kind string) string {
	family, _, _ := strings.Cut(kind, ".")
	switch family {
	case "connector":
		return "Connection"
	case "product":
		return "Stale product"
	case "ingest":
		return "Ingest key"
	case "":
		return "Other"
	}
	return ui.Title(family)
}
