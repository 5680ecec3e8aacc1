package page

import (
	"time"

	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

// HistoryDays is the span of the gate timeline on a product's page.
const HistoryDays = 90

// Tab names a tab of a product's page, in the URL as ?tab=.
type Tab string

// The tabs. TabObservations is the first, and what an unknown name means.
const (
	TabObservations Tab = "observations"
	TabBranches     Tab = "branches"
	TabHistory      Tab = "history"
	TabDeliveries   Tab = "deliveries"
	TabExceptions   Tab = "exceptions"
	TabTargets      Tab = "targets"
	TabMembers      Tab = "members"
	TabTokens       Tab = "tokens"
	TabSettings     Tab = "settings"
)

// ProductView is a product's page: its gate, and one tab. Only the part of the current tab is
// needed.
type ProductView struct {
	Frame       layout.View
	ID          int64
	Name        string
	Description string
	Group       string // of the product; "" = none
	GroupHref   string // "" = the user cannot see the group
	GroupGate   string // what a group says that overrides the product's own gate: "custom thresholds"
	Branch      string // the default branch
	Gate        string // failed, passed, none
	Why         string
	Since       time.Time // zero = never evaluated
	Cause       string    // "by a report of grype (deps)"; "" = unknown
	Sent        DeliveryTally
	SentText    string // instead of Sent: "No notifications: no targets"; "" = from Sent
	Policy      string // whose thresholds: "the global thresholds", "custom thresholds"; "" = no gate
	// LimitSources says who set each threshold, by severity: "global", "group", "custom", "unset: 0".
	LimitSources map[string]string
	StaleSince   time.Time  // when missing reports were announced; zero = none are missing
	StaleAfter   string     // the time without a report after which it is stale: "1 day"; "" = never
	Quiet        []QuietRow // silences in force that count for it
	Stale        int        // sources of the default branch that are older than that
	Counts       ui.Counts
	Effective    *ui.Counts            // what counts; nil = all, by their severity
	Limits       *ui.Counts            // nil = no gate
	Segments     []ui.Segment          // over HistoryDays
	Trend        map[string][]ui.Point // by severity, over HistoryDays
	Sources      []SourceRow
	SourcesOpen  bool // the list of sources is unfolded
	VEX          []VEXRow
	CanAssess    bool // also exceptions, and delete VEX documents; only for the tabs that show these
	Tab          Tab
	TabCounts    map[Tab]int // a tab without an entry shows no number
	CanUpload    bool
	CanEdit      bool          // targets, settings
	CanOwn       bool          // also tokens, and the audit
	Start        *ProductStart // the first steps; nil = the gate was evaluated before

	Observations ObservationsTab
	Branches     BranchesTab
	Badge        BadgeForm // with the settings
	History      HistoryTab
	Deliveries   DeliveriesTab
	Exceptions   ExceptionsTab
	Targets      TargetsTab
	Inherited    []TargetRow // of the group; with hints if the user can edit it
	People       People
	Tokens       TokensTab
	Settings     SettingsTab
}

// NoLimit and higher thresholds are shown as "no threshold".
const NoLimit = 99999

// DeliveriesTab lists messages, newest first.
type DeliveriesTab struct {
	Chips   []ui.Chip
	Sorting ui.Sorting // by created
	Rows    []DeliveryRow
	Pager   ui.Pager
}

// TargetsTab lists the targets, and has the form for another one. The forms post to
// /products/{id}/targets (module, name and the module's fields) and to
// /products/{id}/targets/{target}/test, /enable, /disable and /delete.
type TargetsTab struct {
	Rows   []TargetRow
	Adds   []ModuleForm // a form per module
	Secret *NewSecret   // just made: shown this once
}

// TargetRow is one target of the product.
type TargetRow struct {
	ID        int64
	Module    string // its title: "Webhook"
	Icon      string
	Name      string
	Hint      string // host and last four characters; "" = the user cannot edit it
	Enabled   bool
	Condition Condition
	Warning   string
}

// ModuleForm is the form of a module: its fields come from its descriptor.
type ModuleForm struct {
	Module  string // in the API
	Title   string
	Icon    string
	Summary string
	Fields  []ui.Field // name first
	Open    bool       // the one that is shown
}

// NewSecret is a secret that was just made.
type NewSecret struct {
	Target string // the name of the target
	Label  string
	Value  string
	Until  time.Time // until when the former one is valid; zero = none
}

// SettingsTab is the form of a product. It posts version, name, description, default_branch,
// gate_mode, threshold_critical to threshold_unknown, counting and what counts to /products/{id}/settings. The page
// /products/{id}/delete asks first.
type SettingsTab struct {
	Version       int64
	Name          string
	Description   string
	DefaultBranch string
	GateMode      string            // standard, disabled, own
	Thresholds    map[string]string // by severity, as typed
	Defaults      ui.Counts         // the global ones
	Counting      []ui.Option       // what counts: checkboxes by the name of the field
	AlsoStandard  string            // what counts globally: "only observations with a fix count"; "" = all
	EmailTo       string            // addresses, separated by commas
	MSTeams       string            // as typed; what is stored as its hint
	Slack         string            // the same
	Errors        map[string]string // by the name of the field
	Confirm       string            // what the save changes in gates, to be confirmed; "" = nothing
	ChangedBy     string            // "" = not known
	ChangedAt     time.Time
	Hold          string // hold time, as typed: "10 minutes"; "" = the global setting
	Stale         string // time until the product is stale, as typed
	HoldNow       string // the value in force, and who set it: "10 minutes, of all products"
	StaleNow      string
	Now           map[string]string // the limits in force, by severity: "3, own"
	Groups        []ui.Option       // to move the product to, with its own; none = the user cannot move it
}

// title returns the heading of the notice.
func (s NewSecret) title() string {
	if s.Until.IsZero() {
		return "“" + s.Target + "” now has a " + s.Label + "."
	}
	return "“" + s.Target + "” has a new " + s.Label + "."
}

// text says what to do with the secret.
func (s NewSecret) text() string {
	text := "Copy it to your receiver now. It is shown only once."
	if s.Until.IsZero() {
		return text
	}
	return text + " The previous one remains valid until " + ui.Absolute(s.Until) + "."
}

var tabList = []struct {
	tab   Tab
	label string
}{
	{TabObservations, "Observations"},
	{TabBranches, "Branches"},
	{TabHistory, "History"},
	{TabDeliveries, "Deliveries"},
	{TabExceptions, "Exceptions"},
	{TabTargets, "Targets"},
	{TabMembers, "Members"},
	{TabTokens, "Tokens"},
	{TabSettings, "Settings"},
}

// Tabs returns the tabs of a product's page.
func Tabs() []Tab {
	list := make([]Tab, len(tabList))
	for i, t := range tabList {
		list[i] = t.tab
	}
	return list
}

// Current returns the tab to show. For an unknown name, or a tab that the user cannot see, it is
// the first.
func (v ProductView) Current() Tab {
	for _, t := range tabList {
		if t.tab == v.Tab && v.shows(t.tab) {
			return t.tab
		}
	}
	return TabObservations
}

// ShowsGate reports whether the page shows the whole gate panel above the current tab: the other
// tabs have one line of it.
func (v ProductView) ShowsGate() bool { return v.Current() == TabObservations }

// shows reports whether the user can see a tab.
func (v ProductView) shows(t Tab) bool {
	switch t {
	case TabSettings:
		return v.CanEdit
	case TabTokens:
		return v.CanOwn
	default:
		return true
	}
}

// limit returns the threshold of a severity. Without a gate it is NoLimit.
func (v ProductView) limit(severity string) int64 { return limitOf(v.Limits, severity) }

func limitOf(limits *ui.Counts, severity string) int64 {
	if limits == nil {
		return NoLimit
	}
	for _, t := range limits.List() {
		if t.Severity == severity {
			return t.N
		}
	}
	return NoLimit
}

// expected ends the sentence about a stale product: how often a report is expected.
func (v ProductView) expected() string {
	text := ". The gate status can be outdated."
	if v.StaleAfter == "" {
		return text
	}
	return ": a report is expected every " + v.StaleAfter + text
}

func (v ProductView) sentText() string {
	if v.SentText != "" {
		return v.SentText
	}
	return ui.Title(outcome(v.Sent))
}

func (v ProductView) newest() time.Time {
	var newest time.Time
	for _, s := range v.Sources {
		if s.LastReport.After(newest) {
			newest = s.LastReport
		}
	}
	return newest
}

func (s SettingsTab) mode() string {
	if s.GateMode == "" {
		return "standard"
	}
	return s.GateMode
}

// threshold returns the field for one severity's threshold.
func (s SettingsTab) threshold(t ui.Tally) ui.Field {
	name := "threshold_" + t.Severity
	return ui.Field{
		Name: name, Label: ui.Title(t.Severity), Value: s.Thresholds[t.Severity], Error: s.Errors[name],
		Type: "number", Min: "0", Max: "999999", Inputmode: "numeric", Mono: true, Placeholder: "0",
	}
}

func standardLimit(n int64) string {
	if n >= NoLimit {
		return "no threshold"
	}
	return ui.Number(n)
}
