package settings

import (
	"context"
	"net/mail"
	"net/url"
	"strings"
	"time"
	"unicode"

	"gatecrier/app/fault"
	"gatecrier/models"
)

// Sections lists all sections in the order of their pages. baseURL is the
// default of the address that people reach the program by; badNetworks says
// what is wrong with a list of networks and hosts, badSpec with the times of a
// job, "" for nothing.
func Sections(
	baseURL string, badNetworks func(list string) string, hosts Hosts, jobs []Job, badSpec func(spec string) string,
) []Section {
	return []Section{
		general(baseURL),
		gateSection(),
		mailSection(hosts),
		exceptionSection(),
		reports(),
		deliverySection(badNetworks),
		usersSection(),
		jobsSection(jobs, badSpec),
		retentionSection(),
	}
}

// Hosts says where messages may go: what must not be saved, and what may but
// will not be reached, "" for nothing.
type Hosts interface {
	CheckHost(host string, port uint16) error
	CheckHostWarning(ctx context.Context, host string, port uint16) string
}

func general(baseURL string) Section {
	return Section{
		Name: SectionGeneral, Title: "General", Summary: "How people reach and recognise this installation.",
		Fields: []Field{
			{
				Name:        "base_url",
				Label:       "BASE_URL",
				Kind:        KindText,
				Default:     baseURL,
				Placeholder: "https://gatecrier.example.org",
				Help:        "The address that links in messages begin with. Empty: the one that the server listens on.",
				check:       badBaseURL,
			},
			{
				Name: "site_name", Label: "SITE_NAME", Kind: KindText, Default: "Gatecrier", MaxLength: 60,
				Help: "Shown in titles of pages, and in mails as the sender's name.", check: required,
			},
		},
	}
}

func gateSection() Section {
	s := Section{
		Name:    SectionGate,
		Title:   "Security gate",
		Summary: "What counts for products in standard mode. A change looks at all their gates again in the background, and announces what has changed.",
		Fields: []Field{{
			Name: "active", Label: "SECURITY_GATE_ACTIVE", Kind: KindBool, Default: true,
			Help: "Off: standard products have no gate; those with thresholds of their own keep theirs.",
		}},
	}
	for _, sev := range models.Severities() {
		s.Fields = append(s.Fields, Field{
			Name: "threshold_" + sev.String(), Label: "SECURITY_GATE_THRESHOLD_" + strings.ToUpper(sev.String()), Kind: KindInt,
			Default: DefaultGate().Thresholds.Of(sev), Min: 0, Max: models.MaxThreshold,
			Help: "The gate fails with more active " + sev.String() + " observations than this.",
		})
	}
	s.Fields = append(s.Fields, Field{
		Name:    "hold_seconds",
		Label:   "SECURITY_GATE_HOLD",
		Kind:    KindInt,
		Default: int64(0),
		Max:     int64(MaxHold / time.Second),
		Unit:    "seconds",
		Help:    "How long a new state has to stand before it is announced; 0: at once. One that returns before that is in the history alone. A product may have its own time.",
	})
	return s
}

func mailSection(hosts Hosts) Section {
	return Section{
		Name: SectionMail, Title: "Mail", Summary: "The server that mails are handed to.", validate: reviewServer(hosts),
		Fields: []Field{
			{
				Name:        "email_from",
				Label:       "EMAIL_FROM",
				Kind:        KindText,
				Default:     "",
				Placeholder: "gatecrier@example.org",
				Help:        "The sender's address. While it is empty no mail is sent, and the record of deliveries says so.",
				check:       badAddress,
			},
			{
				Name:        "smtp_host",
				Label:       "SMTP_HOST",
				Kind:        KindText,
				Default:     "",
				MaxLength:   253,
				Placeholder: "smtp.example.org",
				Help:        "A name or an address. A private one must be allowed on the page Delivery.",
				check:       badHost,
			},
			{
				Name:    "smtp_port",
				Label:   "SMTP_PORT",
				Kind:    KindInt,
				Default: int64(587),
				Min:     1,
				Max:     65535,
				Help:    "587 with STARTTLS, 465 with TLS, 25 between servers.",
			},
			{
				Name:    "smtp_tls",
				Label:   "SMTP_TLS",
				Kind:    KindChoice,
				Default: TLSStart,
				Help:    "STARTTLS is insisted on: a server that does not offer it gets nothing.",
				Choices: []Choice{{TLSStart, "STARTTLS"}, {TLSImplicit, "TLS from the start"}, {TLSNone, "None"}},
			},
			{Name: "smtp_user", Label: "SMTP_USER", Kind: KindText, Default: "", Help: "Empty: without signing in."},
			{
				Name:      "smtp_password",
				Label:     "SMTP_PASSWORD",
				Kind:      KindSecret,
				Default:   "",
				MaxLength: 1000,
				Help:      "Sealed, and never shown again.",
			},
		},
	}
}

// reviewServer looks at a mail server where it has changed.
func reviewServer(hosts Hosts) validator {
	return func(ctx context.Context, before, next lookup, bad *fault.Fields) []string {
		host, _ := next("smtp_host").(string)
		port, _ := next("smtp_port").(int64)
		if host == "" || host == before("smtp_host") && port == before("smtp_port") {
			return nil
		}
		if err := hosts.CheckHost(host, uint16(port)); err != nil { //nolint:gosec // a port
			bad.Add("smtp_host", err.Error())
			return nil
		}
		if doubt := hosts.CheckHostWarning(ctx, host, uint16(port)); doubt != "" { //nolint:gosec // a port
			return []string{"smtp_host: " + doubt}
		}
		return nil
	}
}

func exceptionSection() Section {
	return Section{
		Name:    SectionException,
		Title:   "Exceptions",
		Summary: "Who is told when something goes wrong in Gatecrier itself, or in a program that reports without a product, and how often. All other connections of the system are told too, of whatever module.",
		Fields: []Field{
			{
				Name:        models.ExceptionField + "email_to",
				Label:       "EXCEPTION_EMAIL_TO",
				Kind:        KindTarget,
				Default:     "",
				MaxLength:   4000,
				Placeholder: "ops@example.org, dev@example.org",
				Help:        "Mail addresses, separated by commas: a mail to each. While EMAIL_FROM is empty none is sent, and the record of deliveries says so.",
			},
			{
				Name:      models.ExceptionField + "ms_teams_webhook",
				Label:     "EXCEPTION_MS_TEAMS_WEBHOOK",
				Kind:      KindTarget,
				Default:   "",
				MaxLength: 2000,
				Help:      "The URL of a workflow's webhook. It is sealed, and shown as its host and last four characters; left as shown it stays, emptied it goes.",
			},
			{
				Name:      models.ExceptionField + "slack_webhook",
				Label:     "EXCEPTION_SLACK_WEBHOOK",
				Kind:      KindTarget,
				Default:   "",
				MaxLength: 2000,
				Help:      "The URL of an incoming webhook, kept in the same way.",
			},
			{
				Name:    "exception_rate_limit",
				Label:   "EXCEPTION_RATE_LIMIT",
				Kind:    KindInt,
				Default: int64(3600),
				Max:     999999,
				Unit:    "seconds",
				Help:    "Of the same exception people are told once in so long; the next notice says how often it has occurred meanwhile. 0: of each one.",
			},
			{
				Name:    "grouping",
				Label:   "EXCEPTION_GROUPING",
				Kind:    KindChoice,
				Default: GroupingSmart,
				Choices: []Choice{{GroupingSmart, "Smart"}, {GroupingExact, "Exact"}},
				Help:    "Smart: by where it comes from, else by its message without ids, numbers and times. Exact: by class, message, function and arguments, as SecObserve does.",
			},
		},
	}
}

func reports() Section {
	return Section{
		Name: SectionReports, Title: "Reports", Summary: "What is taken in.",
		validate: reviewReports,
		Fields: []Field{
			{
				Name:    "max_bytes",
				Label:   "REPORT_MAX_BYTES",
				Kind:    KindInt,
				Default: int64(64 << 20),
				Min:     1 << 20,
				Max:     1 << 30,
				Unit:    "bytes",
				Help:    "A larger one is refused while it is read, and changes nothing.",
			},
			{
				Name:    "stale_after_seconds",
				Label:   "STALE_AFTER",
				Kind:    KindInt,
				Default: int64(0),
				Max:     int64(MaxStaleAfter / time.Second),
				Unit:    "seconds",
				Help:    "People are told of a product whose default branch has got no report for so long, and once when reports come again. 0: never; else from 900 (15 minutes). A product may have its own time.",
			},
			{
				Name:    "branch_days",
				Label:   "BRANCH_DAYS",
				Kind:    KindInt,
				Default: int64(30),
				Max:     3650,
				Unit:    "days",
				Help:    "A branch that has got no report for so long is removed with its observations, unless it is the default branch or protected. 0: never.",
			},
		},
	}
}

func reviewReports(_ context.Context, _, next lookup, bad *fault.Fields) []string {
	if after, _ := next("stale_after_seconds").(int64); after != 0 && after < int64(MinStaleAfter/time.Second) {
		bad.Add("stale_after_seconds", "0 for never, or from 900 (15 minutes) to 2,592,000 (30 days)")
	}
	return nil
}

func deliverySection(badNetworks func(string) string) Section {
	return Section{
		Name:    SectionDelivery,
		Title:   "Delivery",
		Summary: "Where messages may go. Loopback, private and link-local addresses are refused unless they are allowed here or by GATECRIER_ALLOW_NETWORKS.",
		Fields: []Field{
			{
				Name:        "allow_networks",
				Label:       "ALLOW_NETWORKS",
				Kind:        KindLines,
				Default:     "",
				MaxLength:   4000,
				Placeholder: "10.20.0.0/16, mattermost.internal:8065",
				Help:        "Separated by commas or lines: 10.20.0.0/16, 10.1.2.3, host.internal, host.internal:8443. A name allows whatever it resolves to.",
				check:       func(list string) string { return badNetworks(Networks(list)) },
			},
		},
	}
}

func jobsSection(jobs []Job, badSpec func(string) string) Section {
	s := Section{
		Name:    SectionJobs,
		Title:   "Jobs",
		Summary: "When jobs run, in UTC: cron expressions of five fields (minute, hour, day of the month, month, day of the week). A change counts at once.",
	}
	for _, j := range jobs {
		s.Fields = append(s.Fields, Field{
			Name:        j.Name,
			Label:       j.Title,
			Kind:        KindText,
			Default:     j.Spec,
			MaxLength:   100,
			Placeholder: j.Spec,
			Help:        j.About,
			check:       badSpec,
		})
	}
	return s
}

// keptLeast is the fewest days that anything is kept, so that a slip of the
// keys does not empty a table.
const keptLeast = 7

// The fewest notifications that are kept where their number is bounded.
const (
	maxNotificationsField = "max_notifications"
	mostLeast             = 1000
)

func retentionSection() Section {
	days := func(name, label string, standard int64, help string) Field {
		return Field{Name: name, Label: label, Kind: KindInt, Default: standard, Max: 36500, Unit: "days", Help: help}
	}
	s := Section{
		Name:     SectionRetention,
		Title:    "Retention",
		validate: reviewRetention,
		Summary:  "After how many days old things are removed, each by a job of its own once a day. 0 keeps them for ever, else the least is 7. What was removed does not come back.",
		Fields: []Field{
			days(
				"notifications_days",
				"Notifications",
				180,
				"They go from everybody's inbox, read or not; silences that have ended go too.",
			),
			{
				Name:    maxNotificationsField,
				Label:   "Notifications at most",
				Kind:    KindInt,
				Default: int64(0),
				Max:     1_000_000_000,
				Unit:    "notifications",
				Help:    "Beyond so many the oldest go, however young they are. 0 is any number, else the least is 1000.",
			},
			days(
				"deliveries_days",
				"Deliveries",
				180,
				"Counted from their end; they go with their attempts. What still waits stays.",
			),
			days(
				"resolved_observations_days",
				"Resolved observations",
				365,
				"Counted from the report that no longer had them. One that comes back later is new.",
			),
			days("gate_history_days", "Gate history", 1095, "The last change of each product stays."),
			days(
				"events_days",
				"Events",
				365,
				"An event stays while a notification, a delivery or a gate's history refers to it.",
			),
			days("audit_days", "Audit", 1095, "Who has changed what."),
			days("job_runs_days", "Runs of jobs", 30, "The last run of each job stays."),
		},
	}
	last := &s.Fields[len(s.Fields)-1]
	last.Min = keptLeast
	return s
}

// reviewRetention refuses what is neither for ever nor long enough.
func reviewRetention(_ context.Context, _, next lookup, bad *fault.Fields) []string {
	for _, f := range retentionSection().Fields {
		if f.Name == maxNotificationsField {
			continue
		}
		if days, _ := next(f.Name).(int64); days > 0 && days < keptLeast {
			bad.Add(f.Name, "0 for ever, or at least 7 days")
		}
	}
	if most, _ := next(maxNotificationsField).(int64); most > 0 && most < mostLeast {
		bad.Add(maxNotificationsField, "0 for any number, or at least 1000")
	}
	return nil
}

func usersSection() Section {
	d := DefaultUsers()
	return Section{
		Name: SectionUsers, Title: "Users", Summary: "Passwords, sessions, and what people may do who are no administrators.",
		Fields: []Field{
			{
				Name:    "password_min_length",
				Label:   "PASSWORD_MIN_LENGTH",
				Kind:    KindInt,
				Default: int64(d.PasswordMinLength),
				Min:     8,
				Max:     128,
				Unit:    "characters",
				Help:    "Of passwords that are chosen from now on, by whichever way.",
			},
			{
				Name:    "session_hours",
				Label:   "SESSION_HOURS",
				Kind:    KindInt,
				Default: int64(d.SessionTime / time.Hour),
				Min:     1,
				Max:     720,
				Unit:    "hours",
				Help:    "How long one stays signed in. Sessions that have begun keep their time.",
			},
			{
				Name: "may_create_products", Label: "MAY_CREATE_PRODUCTS", Kind: KindBool, Default: d.MayCreateProducts,
				Help: "Off: only administrators create products.",
			},
		},
	}
}

// Networks is a list of networks with commas alone.
func Networks(list string) string {
	return strings.Join(strings.FieldsFunc(list, func(r rune) bool { return r == ',' || unicode.IsSpace(r) }), ",")
}

func required(text string) string {
	if text == "" {
		return "Must not be empty"
	}
	return ""
}

func badBaseURL(text string) string {
	if text == "" {
		return ""
	}
	u, err := url.Parse(text)
	switch {
	case err != nil, u.Host == "", u.Scheme != "http" && u.Scheme != "https":
		return "An address that begins with http:// or https://"
	case u.User != nil, u.RawQuery != "", u.Fragment != "":
		return "Without user, query or fragment"
	}
	return ""
}

func badAddress(text string) string {
	if text == "" {
		return ""
	}
	a, err := mail.ParseAddress(text)
	if err != nil || a.Address != text {
		return "A mail address, like gatecrier@example.org"
	}
	return ""
}

func badHost(text string) string {
	if strings.ContainsAny(text, " /@") || strings.Contains(text, "://") {
		return "A host's name or address alone, without port or path"
	}
	return ""
}
