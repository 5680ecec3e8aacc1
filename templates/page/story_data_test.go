package page

import (
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

// Names as users and scanners write them.
const (
	script = `"><script>alert(document.domain)</script>`
	arabic = "شبكة-الدفع gateway"
	cjk    = "決済ゲートウェイ"
	long   = "payments-settlement-reconciliation-batch-orchestrator-for-northern-quay-terminals"
	single = "x"
)

var now = time.Date(2026, 11, 20, 14, 32, 0, 0, time.UTC)

func ago(d time.Duration) time.Time { return now.Add(-d) }

func days(n int) time.Time { return ago(time.Duration(n) * 24 * time.Hour) }

func frame(title string, nav layout.Nav) layout.View {
	return layout.View{
		Title: title, Nav: nav, Unread: 14, Version: "0.1.0", Now: now,
		User: layout.User{Name: "Ilse Quillmark", Email: "ilse@northquay.example", Admin: true},
	}
}

// story is a page in one state.
type story struct {
	name string
	page templ.Component
}

func stories() []story {
	var list []story
	for _, group := range [][]story{
		doorStories(), compareStories(), overviewStories(), productStories(), tabStories(), observationStories(),
		observationFormStories(), profileStories(), passwordStories(),
		branchStories(), groupStories(), roleStories(), inboxStories(), deliveryStories(), eventStories(),
		exceptionStories(), silenceStories(), jobStories(), peopleStories(), connectionStories(), otherStories(),
	} {
		list = append(list, group...)
	}
	return list
}

func doorStories() []story {
	plain := layout.View{Title: "Sign in", Now: now}
	return []story{
		{
			"login",
			Login(LoginView{
				Frame: plain,
				Next:  "/products",
				FirstHint: "The password of the first administrator is in the file initial-password " +
					"in the data directory, on the server.",
			}),
		},
		{"login-wrong", Login(LoginView{Frame: plain, Name: script, Error: "Incorrect user name or password"})},
		{"password", Password(PasswordView{Frame: plain, Forced: true, MinLength: 12})},
		{
			"password-wrong",
			Password(PasswordView{
				Frame:     frame("Password", ""),
				MinLength: 12,
				Errors:    map[string]string{"current": "The current password is wrong", "repeat": "The two are not the same"},
			}),
		},
	}
}

func segments(product int64) []ui.Segment {
	to := tabPath(product, TabHistory)
	return []ui.Segment{
		{State: "none", From: days(120), To: days(86), Href: to},
		{State: "passed", From: days(86), To: days(70), Href: to},
		{State: "failed", From: days(70), To: days(61), Href: to},
		{State: "passed", From: days(61), To: days(20), Href: to},
		{State: "failed", From: days(20), To: days(16), Href: to},
		{State: "passed", From: days(16), To: ago(31 * time.Minute), Href: to},
		{State: "failed", From: ago(31 * time.Minute), Href: to},
	}
}

func overview() OverviewView {
	v := OverviewView{
		Frame:     frame("4 gates are failing", layout.NavOverview),
		Products:  58,
		Failed:    4,
		Passed:    49,
		None:      5,
		Trouble:   2,
		Delivered: 339,
		BaseURL:   "https://gate.northquay.example",
		CanCreate: true,
	}
	for i, r := range []FailingRow{
		{
			Name: long, Why: "2 critical (threshold 0), 1 new: CVE-2026-31337", Detail: "by a report of trivy",
			Delivery: DeliveryTally{Total: 7, Delivered: 6, Retrying: 1},
		},
		{
			Name: "ident-broker", Branch: "release/9.x",
			Why:      "1 critical (threshold 0), 18 high (threshold 0), 19 new: CVE-2026-30417",
			Detail:   "by a report of grype (deps)",
			Delivery: DeliveryTally{Total: 3, Delivered: 3},
		},
		{
			Name: arabic, Why: "5 high (threshold 3)", Detail: "Ilse Quillmark changed the limits",
			Held: "Failed for 3 min; on hold, will be notified at 14:39 unless the gate changes back",
		},
		{
			Name: script, Why: "1 high (threshold 0): " + script, Detail: "by a report of " + script,
			Delivery: DeliveryTally{Total: 2, Delivered: 1, Dead: 1},
		},
	} {
		r.ID, r.Since, r.Segments = int64(i+1), ago(time.Duration(i*i*i+1)*31*time.Minute), segments(int64(i+1))
		v.Failing = append(v.Failing, r)
	}
	v.Troubles = rows()[:2]
	v.Broken, v.Breaks = connectionList()[:3], 12
	v.StaleTotal = 12
	v.Stale = []StaleRow{
		{ID: 1, Name: long, Branch: "main", Gate: "passed", Since: ago(time.Hour), LastReport: days(2)},
		{ID: 2, Name: script, Branch: arabic, Gate: "none", Since: days(3), LastReport: days(40)},
	}
	for i, c := range []ChangeRow{
		{Product: long, From: "passed", To: "failed", Why: "2 critical (threshold 0), 1 new: CVE-2026-31337"},
		{
			Product: cjk, From: "failed", To: "passed",
			Why: "within all thresholds: 0 critical (0 allowed), 0 high (0 allowed)",
		},
		{Product: single, From: "passed", To: "none", Why: "the gate of this product is disabled"},
	} {
		c.ProductID, c.At = int64(i+1), ago(time.Duration(i*7+1)*31*time.Minute)
		v.Changes = append(v.Changes, c)
	}
	return v
}

func overviewStories() []story {
	calm := overview()
	calm.Broken, calm.Breaks = nil, 0
	calm.Stale, calm.StaleTotal = nil, 0
	calm.Failing, calm.Troubles, calm.Failed, calm.Trouble, calm.Passed = nil, nil, 0, 0, 53
	calm.Changes = calm.Changes[1:]
	calm.Frame.Title, calm.Frame.Unread = calm.Sentence(), 0
	empty := OverviewView{
		Frame:     frame("Welcome to Gatecrier", layout.NavOverview),
		BaseURL:   "https://gate.northquay.example",
		CanCreate: true,
	}
	outside := empty
	outside.CanCreate = false
	return []story{
		{"overview", Overview(overview())},
		{"overview-calm", Overview(calm)},
		{"overview-empty", Overview(empty)},
		{"overview-outside", Overview(outside)},
	}
}

// sorting returns the links of a list that is sorted by the first of some orders.
func sorting(by ...string) ui.Sorting {
	links := ui.Sorting{}
	for _, name := range by {
		links[name] = ui.SortLink{Href: "?sort=" + name}
	}
	links[by[0]] = ui.SortLink{Href: "?dir=desc", Direction: "ascending"}
	return links
}

// pager returns the links of a page between others.
func pager(text string) ui.Pager {
	return ui.Pager{First: "?", Prev: "?before=x", Next: "?after=x", Text: text, Export: "?format=csv", Sizes: []ui.Chip{
		{Label: "25", Href: "?size=25", Count: -1},
		{Label: "50", Href: "?", Count: -1, Current: true},
		{Label: "100", Href: "?size=100", Count: -1},
	}}
}

func productList() ProductsView {
	v := ProductsView{
		Frame:     frame("Products", layout.NavProducts),
		Total:     58,
		CanCreate: true,
		Keep:      []ui.Hidden{{Name: "gate", Value: "failed"}},
		Sorting:   sorting("gate", "name", "observations"),
		Chips: []ui.Chip{
			{Label: "All", Href: "/products", Count: 58},
			{Label: "Failed", Href: "/products?gate=failed", Count: 4, Current: true},
			{Label: "Passed", Href: "/products?gate=passed", Count: 49},
			{Label: "None", Href: "/products?gate=none", Count: 5},
		},
		Pager: pager("26–50 of 58 products"),
	}
	for i, r := range []ProductRow{
		{
			Name: long, Gate: "failed", Why: "2 critical (threshold 0)",
			Counts: ui.Counts{Critical: 2, High: 3, Medium: 14, Low: 61, None: 3}, LastReport: ago(31 * time.Minute),
			Source: "Trivy", Targets: 5,
		},
		{
			Name: "ident-broker", Gate: "failed", Why: "1 critical (threshold 0), 18 high (threshold 0)",
			Counts: ui.Counts{Critical: 1, High: 18, Medium: 120, Low: 12345}, LastReport: ago(3 * time.Hour),
			Source: "Grype", Targets: 1,
		},
		{
			Name: script, Gate: "passed", Why: "within all thresholds: 0 critical (0 allowed), 0 high (0 allowed)",
			LastReport: days(3), Source: script, Targets: 2, StaleSince: days(2),
		},
		{
			Name: arabic, Gate: "none", Why: "the gate of this product is disabled", Counts: ui.Counts{Medium: 6},
			LastReport: days(100), Source: "SARIF",
		},
		{Name: cjk, Gate: "none", Why: "no report yet"},
		{
			Name: single, Gate: "passed", Why: "no severity has a threshold", Counts: ui.Counts{Low: 4}, LastReport: days(1),
			Source: "counts", Targets: 1,
		},
	} {
		r.ID = int64(i + 1)
		v.Rows = append(v.Rows, r)
	}
	return v
}

func productStories() []story {
	found := productList()
	found.Rows, found.Pager, found.Query = nil, ui.Pager{}, script
	none := ProductsView{Frame: frame("Products", layout.NavProducts), CanCreate: true}
	outside := ProductsView{Frame: frame("Products", layout.NavProducts)}
	return []story{
		{"products", Products(productList())},
		{"products-nothing-found", Products(found)},
		{"products-none", Products(none)},
		{"products-outside", Products(outside)},
		{"product-new", ProductNew(ProductNewView{Frame: frame("New product", layout.NavProducts), DefaultBranch: "main"})},
		{
			"product-new-wrong",
			ProductNew(ProductNewView{
				Frame:         frame("New product", layout.NavProducts),
				Name:          long,
				DefaultBranch: script,
				Errors: map[string]string{
					"name":           "There is a product of that name already",
					"default_branch": "1 to 255 characters, no control characters",
				},
			}),
		},
	}
}

func product(tab Tab) ProductView {
	limits := ui.Counts{High: 3, Medium: 20, Low: NoLimit, None: NoLimit}
	return ProductView{
		Frame:       frame(long, layout.NavProducts),
		ID:          7,
		Name:        long,
		Description: "Settles what the terminals have booked, at night.",
		Branch:      "main",
		Gate:        "failed",
		Why:         "2 critical (threshold 0), 1 new: CVE-2026-31337",
		Since:       ago(31 * time.Minute),
		Cause:       "by a report of trivy (pipeline #48213)",
		Sent:        DeliveryTally{Total: 7, Delivered: 6, Retrying: 1},
		Policy:      "custom thresholds",
		LimitSources: map[string]string{
			"critical": "unset: 0",
			"high":     "custom",
			"medium":   "custom",
			"low":      "custom",
			"none":     "custom",
			"unknown":  "unset: 0",
		},
		StaleAfter: "24 h",
		Counts:     ui.Counts{Critical: 2, High: 3, Medium: 14, Low: 61, None: 3},
		Limits:     &limits,
		Segments:   segments(7),
		Sources: []SourceRow{
			{
				ID:         1,
				Scanner:    "Trivy",
				Name:       "base image",
				Subject:    "registry.example.org/base",
				Reference:  "sha256:" + strings.Repeat("0f", 32),
				Branch:     "main",
				Format:     "Trivy",
				LastReport: ago(31 * time.Minute),
				Counts:     ui.Counts{Critical: 2, Medium: 4, Low: 50},
			},
			{
				ID:         2,
				Scanner:    script,
				Name:       arabic,
				Subject:    script,
				Reference:  script,
				Branch:     "main",
				Format:     "SARIF",
				LastReport: days(2),
				Stale:      true,
				Counts:     ui.Counts{High: 3, Medium: 10, Low: 11, None: 3},
			},
		},
		VEX:       vexRows(),
		CanAssess: true,
		Tab:       tab,
		TabCounts: map[Tab]int{TabObservations: 83, TabHistory: 8, TabDeliveries: 212, TabTargets: 3, TabMembers: 2},
		CanUpload: true,
		CanEdit:   true,
		CanOwn:    true,
	}
}

func observations() ObservationsTab {
	t := ObservationsTab{Sorting: sorting("severity"), Pager: pager("1–6 of 83 observations"), Chips: []ui.Chip{
		{Label: "Active", Href: "?", Count: 83, Current: true},
		{Label: "Critical", Href: "?severity=critical", Count: 2},
		{Label: "High", Href: "?severity=high", Count: 3},
		{Label: "Medium", Href: "?severity=medium", Count: 14},
		{Label: "Low", Href: "?severity=low", Count: 61},
		{Label: "Inactive", Href: "?active=0", Count: -1},
	}}
	for i, o := range []ObservationRow{
		{
			Title: "CVE-2026-31337", Severity: "critical",
			Description: "Heap overflow in lossless decoding of images that a server is sent",
			Component:   "libwebp 1.2.4", Location: "/usr/lib/x86_64-linux-gnu/libwebp.so.7", Fix: "1.2.5",
			FailsGate: true, URL: "https://advisories.example/CVE-2026-31337",
		},
		{
			Title: "CVE-2026-28810", Severity: "critical", Description: "Request smuggling through a folded header",
			Component: "gateway-http 3.1.0-rc2", Location: "pom.xml:188", FailsGate: true, URL: "javascript:alert(1)",
		},
		{
			Title: "GHSA-7q2m-x4v9-made", Severity: "high",
			Description: strings.Repeat("Signature check accepts an empty key. ", 12), Component: "jose 4.11.0",
			Location: "src/main/java/net/northquay/payments/settlement/reconciliation/batch/reader/SettlementFileReader.java:73",
		},
		{Title: script, Severity: "medium", Description: "'; DROP TABLE observations; --", Component: arabic, Location: cjk},
		{Title: single, Severity: "none"},
		{Title: long + long, Severity: "unknown", Component: long + long, Location: long + long + long},
	} {
		o.ID, o.Status, o.Scanner, o.FirstSeen = int64(i+1), "open", "Trivy", days(i*i*9)
		t.Rows = append(t.Rows, o)
	}
	return t
}

func history() HistoryTab {
	t := HistoryTab{Pager: ui.Pager{First: "?tab=history", Text: "the oldest"}}
	limits := ui.Counts{High: 3, Medium: 20, Low: NoLimit, None: NoLimit}
	t.Segments, t.Hold = segments(7), "10 min"
	for i, h := range []HistoryRow{
		{
			From: "failed", To: "passed", Why: "within all thresholds: 0 critical (0 allowed)", Kind: "waiver",
			Cause: "a waiver that has ended: CVE-2026-31337", Limits: &limits, Policy: "custom thresholds",
			Waits: now.Add(7 * time.Minute),
		},
		{
			From: "passed", To: "failed", Why: "1 high (threshold 0)", Kind: "counts",
			Untold: "Not notified: the gate returned within 3 min",
		},
		{
			From: "passed", To: "failed", Why: "2 critical (threshold 0), 1 new: CVE-2026-31337", Kind: "import",
			NotifiedAt: ago(21 * time.Minute), Limits: &limits, Counting: script, Policy: "the thresholds of its group " +
				script,
			Cause: "a report of trivy (pipeline #48213)", Actor: "ci-payments", FailingTotal: 9,
			Failing: failingRows(),
		},
		{
			From: "failed", To: "passed", Why: "within all thresholds: 0 critical (0 allowed)",
			Cause: "the limits were changed", Actor: arabic,
		},
		{From: "none", To: "failed", Why: "1 high (threshold 0)", Cause: "a report of " + script, Actor: script},
	} {
		h.ID, h.At = int64(i+1), days(i*i*8)
		t.Rows = append(t.Rows, h)
	}
	return t
}

// whatCounts are the checkboxes of what counts, one of them on.
func whatCounts() []ui.Option {
	return []ui.Option{
		{
			Value: "only_fixable", Label: "Count only observations with a fix", Help: long + ". Now: on (custom).",
			Checked: true,
		},
		{Value: "kev_as_critical", Label: script, Help: script},
	}
}

func failingRows() []FailingObservation {
	return []FailingObservation{
		{
			Title: "CVE-2026-31337", Severity: "critical", Component: "libwebp 1.2.4", Fix: "1.2.5", KEV: true,
			Href: "/products/7/observations/1",
		},
		{Title: script, Severity: "high", Component: long + long, Fix: script},
	}
}

func targets() TargetsTab {
	return TargetsTab{
		Rows: []TargetRow{
			{
				ID:        1,
				Module:    "Webhook",
				Icon:      "webhook",
				Name:      "SOAR intake",
				Hint:      "soar.northquay.example…9f2c",
				Enabled:   true,
				Condition: conditions()["working"],
			},
			{
				ID:        2,
				Module:    "Webhook",
				Icon:      "webhook",
				Name:      long,
				Hint:      "hooks.northquay.example…77ab",
				Enabled:   true,
				Condition: conditions()["failing"],
			},
			{
				ID:        3,
				Module:    "Webhook",
				Name:      script,
				Hint:      arabic,
				Condition: conditions()["gone"],
				Warning:   "This name cannot be resolved now: no such host",
			},
		},
		Adds: []ModuleForm{
			{
				Open:    true,
				Module:  "webhook",
				Title:   "webhook",
				Icon:    "webhook",
				Summary: "A signed POST to an address of yours, for each change of the gate.",
				Fields: []ui.Field{
					{Name: "name", ID: "t-name", Label: "Name", Required: true, MaxLength: 100, Help: "How it is called here."},
					{
						Name:        "url",
						ID:          "t-url",
						Label:       "URL",
						Type:        "url",
						Required:    true,
						Mono:        true,
						Placeholder: "https://example.com/hook",
						Value:       "https://127.0.0.1/hook",
						Error:       "This address is in a private network, which is not allowed",
					},
					{
						Name:         "secret",
						ID:           "t-secret",
						Label:        "Secret",
						Mono:         true,
						Autocomplete: "off",
						Help:         "Made for you when empty.",
					},
				},
			},
		},
		Secret: &NewSecret{
			Target: "SOAR intake",
			Label:  "signing secret",
			Value:  "whsec_bm90LWEtcmVhbC1zZWNyZXQtYnV0LWxvbmc=",
		},
	}
}

func tabStories() []story {
	var list []story
	for _, tab := range []Tab{TabObservations, TabHistory, TabDeliveries, TabTargets, TabMembers, TabTokens, TabSettings} {
		v := product(tab)
		v.Observations, v.History, v.Targets = observations(), history(), targets()
		v.Deliveries = DeliveriesTab{
			Rows:  rows(),
			Pager: pager("1–8 of 16 deliveries"), Sorting: sorting("created"),
			Chips: []ui.Chip{{Label: "All", Href: "?", Count: 212, Current: true}},
		}
		v.People, v.Tokens, v.Group, v.GroupGate = people7(), tokens(), script, "limits of the group: critical 0"
		v.Inherited = []TargetRow{{Name: script, Module: "Slack", Hint: arabic, Enabled: true}, {Name: long, Module: "Email"}}
		v.Settings = SettingsTab{
			Version:       4,
			Name:          long,
			DefaultBranch: "main",
			GateMode:      "own",
			Defaults:      ui.Counts{Medium: NoLimit, Low: NoLimit, None: NoLimit, Unknown: NoLimit},
			Hold:          "10 minutes",
			Stale:         "soon",
			HoldNow:       "10 minutes, its own",
			StaleNow:      "never (global setting)",
			Now:           map[string]string{"critical": "0, own", "unknown": "0, unset: 0"},
			Counting:      whatCounts(),
			AlsoStandard:  "only observations with a fix count",
			Thresholds: map[string]string{
				"critical": "0",
				"high":     "-1",
				"medium":   "20",
				"low":      "99999",
			},
			Errors: map[string]string{"threshold_high": "0 to 999999", "stale_after": "0 for never, or 15 minutes"},
		}
		list = append(list, story{"product-" + string(tab), Product(v)})
	}
	quiet := product(TabObservations)
	quiet.StaleSince, quiet.Stale, quiet.SentText = days(1), 2,
		"Failed for 3 min; on hold, will be notified at 14:39 unless the gate changes back"
	list = append(list, story{"product-stale", Product(quiet)})
	some := product(TabObservations)
	some.Why = "2 critical (threshold 0, 1 known exploited); 14 without a fix do not count"
	some.Policy = "custom thresholds; only observations with a fix count, known exploited ones count as critical"
	some.Effective = &ui.Counts{Critical: 2, High: 1}
	list = append(list, story{"product-counting", Product(some)})
	activated := ProductView{
		Frame:     frame(single, layout.NavProducts),
		ID:        9,
		Name:      single,
		Branch:    "main",
		Gate:      "none",
		SentText:  "No notifications: no targets",
		Limits:    &ui.Counts{Medium: NoLimit, Low: NoLimit, None: NoLimit, Unknown: NoLimit},
		CanUpload: true,
		CanEdit:   true,
		TabCounts: map[Tab]int{},
		Start:     &ProductStart{BaseURL: "https://gates.example.org"},
	}
	activated.Frame.Flash = &ui.Note{Kind: "ok", Title: "Product created"}
	begun := activated
	begun.CanOwn, begun.Branch = true, long
	begun.Start = &ProductStart{Targets: 2, HasToken: true, Elsewhere: true, BaseURL: "https://gates.example.org"}
	watcher := activated
	watcher.CanUpload, watcher.CanEdit = false, false
	list = append(list, story{"product-begun", Product(begun)}, story{"product-new-reader", Product(watcher)})
	reader := product(TabSettings)
	reader.Name = cjk
	reader.CanEdit = false
	reader.CanUpload = false
	reader.Gate = "passed"
	reader.Why = "within all thresholds: 0 critical (0 allowed), 0 high (3 allowed)"
	reader.Counts = ui.Counts{Medium: 3}
	reader.Sent = DeliveryTally{Total: 2, Delivered: 2}
	list = append(list, story{"product-activated", Product(activated)}, story{"product-reader", Product(reader)})
	for _, tab := range []Tab{TabHistory, TabDeliveries, TabExceptions, TabTargets, TabMembers} {
		v := activated
		v.Tab = tab
		list = append(list, story{"product-activated-" + string(tab), Product(v)})
	}
	return list
}

func inbox() InboxView {
	v := InboxView{
		Frame:     frame("Inbox", layout.NavInbox),
		Unread:    14,
		UpTo:      318,
		Here:      "/inbox?filter=unread",
		First:     "/inbox?filter=unread",
		Found:     "/inbox/found?up_to=318",
		State:     "/inbox/state?filter=unread",
		After:     318,
		Kept:      "Each notification is deleted after 180 days",
		Narrowed:  true,
		MayDelete: true,
		Filters:   []ui.Removable{{Label: long, Clear: "/inbox"}, {Label: "high or worse", Clear: "/inbox"}},
		Form: InboxForm{
			Types: []ui.Option{
				{Label: "any", Checked: true},
				{Value: "gate", Label: "Gate"},
			},
			Severities: []ui.Option{{Label: "any"}, {Value: "high", Label: "high or worse", Checked: true}},
			Groups: []ui.Option{
				{Label: "any", Checked: true},
				{Value: "1", Label: script},
			},
			Since:  "2026-05-04",
			Until:  "soon",
			Wrong:  "Enter a date as YYYY-MM-DD",
			Open:   true,
			Hidden: []ui.Hidden{{Name: "filter", Value: "unread"}},
		},
		Chips: []ui.Chip{
			{Label: "Unread", Href: "/inbox", Count: 14, Current: true},
			{Label: "All", Href: "/inbox?all=1", Count: -1},
		},
		Pager: ui.Pager{Next: "/inbox?before=1", Text: "6 of 318"},
	}
	for i, r := range []InboxRow{
		{
			Type: "gate.changed", Gate: "failed", Name: "Security gate failed",
			Message: "2 critical (threshold 0), 1 new: CVE-2026-31337", Product: long,
			Delivery: DeliveryTally{Total: 7, Delivered: 6, Retrying: 1},
		},
		{
			Type: "gate.changed", Gate: "passed", Name: "Security gate passed",
			Message: "within all thresholds: 0 critical (0 allowed)", Product: arabic, Viewed: true,
			Delivery: DeliveryTally{Total: 2, Delivered: 2},
		},
		{
			Type: "connector.error", Name: "Webhook: SOAR intake does not answer",
			Message: "503 Service Unavailable, 6 times in a row; 14 messages wait",
		},
		{
			Type: "gate.changed", Gate: "none", Name: "Security gate not evaluated",
			Message: "the gate of this product is disabled", Product: single, Viewed: true,
			Delivery: DeliveryTally{Total: 1, Dead: 1},
		},
		{
			Type: "gate.changed", Gate: "failed", Name: script, Message: script, Product: script,
			Delivery: DeliveryTally{Total: 1, Delivered: 1},
		},
		{Type: "report.imported", Name: "Report imported", Message: cjk, Product: cjk, Viewed: true},
	} {
		r.ID, r.ProductID, r.At = int64(100-i), int64(i+1), ago(time.Duration(i*i*i*i+1)*31*time.Minute)
		g := InboxGroup{InboxRow: r}
		if i == 0 {
			earlier, viewed := r, r
			earlier.ID, viewed.ID, viewed.Viewed, viewed.Silenced = 200, 201, true, true
			g.Earlier = []InboxRow{earlier, viewed}
		}
		if i == 0 || i == 3 {
			v.Days = append(v.Days, InboxDay{Label: []string{"Today", "Wednesday 18 November 2025"}[i/3]})
		}
		day := &v.Days[len(v.Days)-1]
		day.Groups = append(day.Groups, g)
	}
	return v
}

func inboxStories() []story {
	empty := InboxView{Frame: frame("Inbox", layout.NavInbox), Here: "/inbox", Chips: inbox().Chips}
	found, further, archived := empty, empty, inbox()
	found.Form.Query, found.Narrowed = script, true
	further.Further, further.Narrowed = "/inbox?q=x&before=7", true
	archived.Archived, archived.Further, archived.Days = true, "/inbox?before=7", archived.Days[:1]
	detail := NotificationView{
		Frame:        frame("Security gate failed", layout.NavInbox),
		ID:           100,
		Type:         "gate.changed",
		Name:         "Security gate failed",
		At:           ago(31 * time.Minute),
		ProductID:    7,
		Product:      long,
		Branch:       "main",
		From:         "passed",
		To:           "failed",
		Why:          "2 critical (threshold 0), 1 new: CVE-2026-31337",
		Cause:        "by a report of trivy (pipeline #48213)",
		Policy:       "custom thresholds",
		Counts:       ui.Counts{Critical: 2, High: 3, Medium: 14, Low: 61},
		Limits:       &ui.Counts{High: 3, Medium: 20, Low: NoLimit, None: NoLimit},
		Failing:      failingRows(),
		FailingTotal: 2,
		Deliveries:   rows()[:3],
		Here:         "/inbox/100",
	}
	other := NotificationView{
		Frame:     frame(script, layout.NavInbox),
		ID:        5,
		Type:      "connector.error",
		Name:      script,
		Message:   script,
		At:        days(2),
		Viewed:    true,
		Archived:  true,
		SilenceID: 3,
		MayDelete: true,
		Page:      "/exceptions/5",
		Here:      "/inbox/5",
	}
	return []story{
		{"inbox", Inbox(inbox())},
		{"inbox-empty", Inbox(empty)},
		{"inbox-nothing-found", Inbox(found)},
		{"inbox-further", Inbox(further)},
		{"inbox-archived", Inbox(archived)},
		{"notification", Notification(detail)},
		{"notification-other", Notification(other)},
	}
}

func rows() []DeliveryRow {
	var list []DeliveryRow
	for i, r := range []DeliveryRow{
		{State: "dead", Reason: "410 Gone: the receiver says this address is finished", Attempts: 1, Product: "ident-broker"},
		{State: "retrying", Reason: "503 Service Unavailable", Attempts: 4, NextAt: now.Add(8 * time.Minute), Product: long},
		{State: "delivered", Reason: "204 No Content, 184 ms", Attempts: 2, Product: cjk},
		{State: "pending", NextAt: now.Add(3 * time.Second), Product: "ident-broker"},
		{State: "sending", Attempts: 12, Product: single},
		{State: "skipped", Reason: "the target is disabled", Product: arabic},
		{State: "cancelled", Reason: "the gate passed again before it went out", Attempts: 2, Product: "quay-telemetry"},
		{State: "silenced", Reason: script, Product: script},
		{State: "dead", Withheld: true, Attempts: 3, Product: "quay-telemetry"},
	} {
		r.ID = int64(i + 1)
		r.ProductID = int64(i + 1)
		r.Module = "Webhook"
		r.Icon = "webhook"
		r.At = ago(time.Duration(i*i*i+1) * 31 * time.Minute)
		r.Title = "Security gate failed: " + r.Product
		r.Connection = "SOAR intake"
		r.Hint = "soar.northquay.example…9f2c"
		list = append(list, r)
	}
	list[4].Connection, list[5].Connection, list[7].Hint = script, long, arabic
	return list
}

func deliveryStories() []story {
	list := DeliveriesView{
		Frame:   frame("Deliveries", layout.NavDeliveries),
		Summary: "422 in the last 24 hours; 37 failed, 23 retrying",
		Rows:    rows(),
		Pager:   pager("1–8 of 422 deliveries"), Sorting: sorting("created"),
		Any:     true,
		Filters: []ui.Removable{{Label: script, Clear: "/deliveries"}},
		Again:   "/deliveries/resend?state=dead",
	}
	for i, s := range []string{"All", "Delivered", "Retrying", "Dead", "Skipped", "Suppressed", "Canceled"} {
		chip := ui.Chip{Label: s, Href: "/deliveries?state=" + s, Count: 422 / (i*i + 1), Current: i == 0}
		list.Chips = append(list.Chips, chip)
	}
	nothing := list
	nothing.Rows, nothing.Pager, nothing.Filters = nil, ui.Pager{}, nil
	empty := DeliveriesView{Frame: frame("Deliveries", layout.NavDeliveries), Summary: "No exceptions yet"}
	one := DeliveryView{
		Frame:     frame("Delivery", layout.NavDeliveries),
		Row:       rows()[1],
		UUID:      "0192f0c4-7d6a-7b1e-8a55-3c1f6f2f9a01",
		Recipient: "ops",
		Body:      `{"type":"gate.changed","data":{"product":{"name":"` + script + `"}}}`,
		Headers:   "webhook-id: 0192f0c4\nwebhook-timestamp: 1795184000",
		ResendURL: "/deliveries/2/resend",
	}
	for i, reason := range []string{
		"no answer in 20 s", "Service Unavailable", "Service Unavailable, Retry-After 30", script,
	} {
		one.Attempts = append(one.Attempts, ui.Attempt{
			Number:   i + 1,
			At:       ago(time.Duration(31-7*i) * time.Minute),
			Duration: time.Duration(20000/(i*60+1)) * time.Millisecond,
			Reason:   reason,
			Answer:   []string{"", `{"error":"busy"}`, "", strings.Repeat("<p>oops</p>", 30)}[i],
		})
	}
	planned := ui.Attempt{Number: 5, At: now.Add(8 * time.Minute), Planned: true, Reason: "planned, attempt 5 of 9"}
	one.Attempts = append(one.Attempts, planned)
	test := DeliveryView{Frame: frame("Delivery", layout.NavDeliveries), Row: rows()[5], Test: true}
	done := one
	done.Row, done.Finished = rows()[2], now
	done.Attempts = []ui.Attempt{
		{Number: 1, At: ago(time.Hour), Duration: 184 * time.Millisecond, OK: true, Reason: "204 No Content"},
	}
	return []story{
		{"deliveries", Deliveries(list)},
		{"deliveries-nothing-found", Deliveries(nothing)},
		{"deliveries-empty", Deliveries(empty)},
		{"delivery", Delivery(one)},
		{"delivery-delivered", Delivery(done)},
		{"delivery-test", Delivery(test)},
	}
}

func otherStories() []story {
	list := []story{
		{
			"upload",
			Upload(UploadView{
				Frame:   frame("Upload", layout.NavProducts),
				ID:      7,
				Product: script,
				Default: "main",
				BaseURL: "https://gate.northquay.example",
			}),
		},
		{
			"upload-wrong",
			Upload(UploadView{
				Frame:   frame("Upload", layout.NavProducts),
				ID:      7,
				Product: long,
				Default: "main",
				Errors:  map[string]string{"": "This report cannot be read", "file": "line 3, column 14: " + script},
			}),
		},
		{
			"confirm",
			Confirm(ConfirmView{
				Frame:  frame("Delete?", layout.NavProducts),
				Title:  "Delete " + script + "?",
				Lost:   []string{"83 observations of 2 sources", "8 changes of its gate", "3 targets and 212 deliveries"},
				Action: "/products/7/delete",
				Button: "Delete product permanently",
				Cancel: "/products/7",
				Type:   script,
				Error:  "That is another name",
				Hidden: []ui.Hidden{{Name: "version", Value: "4"}},
			}),
		},
		{
			"error-500-signed-out",
			Error(ErrorView{Frame: layout.View{Title: "Error", Now: now}, Status: 500, RequestID: "01JD5"}),
		},
	}
	for _, r := range []ImportResult{
		{
			Format: "grype", Scanner: "grype", Branch: "main", New: 19, Updated: 120, Resolved: 4,
			Counts: ui.Counts{Critical: 1, High: 18, Medium: 40}, Before: "passed", After: "failed",
			Why: "1 critical (threshold 0), 18 high (threshold 0), 19 new: CVE-2026-31337", Evaluated: true,
		},
		{Format: "sarif", Branch: script, New: 1},
		vexUpload(),
	} {
		list = append(list, story{
			"upload-done-" + strconv.FormatBool(r.Evaluated) + "-" + r.Format,
			Upload(UploadView{
				Frame:   frame("Upload", layout.NavProducts),
				ID:      7,
				Product: long,
				Default: "main",
				Branch:  r.Branch,
				BaseURL: "https://gate.northquay.example",
				Results: []ImportResult{r},
			}),
		})
	}
	for _, status := range []int{403, 404, 500} {
		list = append(list, story{
			"error-" + strconv.Itoa(status),
			Error(ErrorView{Frame: frame("Error", ""), Status: status, RequestID: "01JD5"}),
		})
	}
	return list
}
