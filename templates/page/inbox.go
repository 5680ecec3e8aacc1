package page

import (
	"strings"
	"time"

	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

// InboxView is the list of notifications. Its forms post id (several), or
// all=1 with up_to, to /inbox/viewed and /inbox/unviewed, with next = where to
// go back to.
type InboxView struct {
	Frame  layout.View
	Chips  []ui.Chip // unread, all
	Query  string
	Unread int
	Rows   []InboxRow
	Pager  ui.Pager
	UpTo   int64  // the newest id when the page was made: "all" means up to it
	Here   string // the URL of this page
	Filter string // "unread" or "": kept by the search form
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
	Viewed    bool
	At        time.Time
	Delivery  DeliveryTally
}

// NotificationView is one notification. Opening marks it as viewed: by htmx, or
// by its button.
type NotificationView struct {
	Frame      layout.View
	ID         int64
	Type       string
	Name       string
	Message    string
	At         time.Time
	Viewed     bool
	ProductID  int64
	Product    string
	Branch     string
	From, To   string // states of the gate; "" = not about a gate
	Why        string
	Cause      string
	Policy     string // whose limits; "" = none
	Counts     ui.Counts
	Limits     *ui.Counts
	Tipped     []TippedRow
	TippedN    int
	Deliveries []DeliveryRow
	Page       string // of what it is about, "" = none of its own
	Here       string
}

// limits sums up the limits there were.
func (v NotificationView) limits() string {
	if v.Limits == nil {
		return "no gate"
	}
	return limitsText(*v.Limits)
}

// limitsText names the limits that there are.
func limitsText(c ui.Counts) string {
	var parts []string
	for _, t := range c.List() {
		if t.N < NoLimit {
			parts = append(parts, t.Severity+" "+ui.Number(t.N))
		}
	}
	if len(parts) == 0 {
		return "no severity limited"
	}
	return strings.Join(parts, ", ")
}

// typeIcon is the picture of a type of notification.
func typeIcon(kind string) string {
	switch kind {
	case "connector.error":
		return "plug-x"
	case "connector.recovered":
		return "plug-connected"
	case "product.silent":
		return "clock"
	case "report.imported":
		return "file-import"
	case "waiver.expiring":
		return "hourglass"
	case "exception.request", "exception.task", "exception.reported":
		return "bolt"
	}
	return "bell"
}

func typeWord(kind string) string {
	family, _, _ := strings.Cut(kind, ".")
	switch family {
	case "connector":
		return "Connection"
	case "":
		return "Notice"
	}
	return ui.Title(family)
}
