// Package settings has the global settings: sections of fields with their defaults, ranges and
// help, which forms and the API are made from, and the current values as typed structs.
package settings

import (
	"time"

	"gatecrier/models"
)

// The sections.
const (
	SectionGeneral   = "general"
	SectionGate      = "gate"
	SectionMail      = "mail"
	SectionException = "exceptions"
	SectionReports   = "reports"
	SectionDelivery  = "delivery"
	SectionUsers     = "users"
	SectionJobs      = "jobs"
	SectionRetention = "retention"
	SectionBackup    = "backup"
)

// NoLimit is the default threshold of severities that should never fail the gate.
const NoLimit = 99999

// General is the name and the address of an installation.
type General struct {
	BaseURL  string // the address for users, without a slash at its end
	SiteName string
}

// Gate is the global gate policy.
type Gate struct {
	Active     bool          // whether standard products have a gate at all
	Thresholds models.Counts // the most active observations that still pass, per severity
	Counting   models.Counting
	Hold       time.Duration // the time on hold before a new state is announced
	Version    int64         // of these settings
	By         string        // the last change's actor
}

// DefaultGate returns the default gate policy, which is SecObserve's: it fails with any critical
// or high observation, and allows any number of the others.
func DefaultGate() Gate {
	return Gate{
		Active:     true,
		Thresholds: models.Counts{Medium: NoLimit, Low: NoLimit, None: NoLimit, Unknown: NoLimit},
	}
}

// The modes of TLS to a mail server.
const (
	TLSNone     = "none"
	TLSStart    = "starttls"
	TLSImplicit = "tls"
)

// The ways to sign in to a mail server.
const (
	AuthPassword = "password"
	AuthXOAuth2  = "xoauth2"
)

// The grants of OAuth 2.0 that the token endpoint is asked for.
const (
	GrantClient  = "client_credentials"
	GrantRefresh = "refresh_token"
)

// Mail is the mail server. Without a From no mail is sent.
type Mail struct {
	Host     string
	Port     int
	TLS      string // TLSNone, TLSStart, TLSImplicit
	Auth     string // AuthPassword, AuthXOAuth2
	User     string
	Password string // of AuthPassword
	OAuth    MailOAuth
	From     string
}

// MailOAuth is where AuthXOAuth2 gets its access tokens.
type MailOAuth struct {
	Grant        string // GrantClient, GrantRefresh
	TokenURL     string
	ClientID     string
	ClientSecret string
	Scope        string
	RefreshToken string // the current one: the endpoint can replace the configured one
}

// Reports bounds the size of reports, and sets the times after which missing ones are noticed.
type Reports struct {
	MaxBytes     int64
	StaleAfter   time.Duration // without a report a product is stale; 0 = never
	BranchesKept time.Duration // without a report a branch is removed; 0 = never
}

// The bounds of the time after which a product is stale.
const (
	MinStaleAfter = 15 * time.Minute
	MaxStaleAfter = 30 * 24 * time.Hour
)

// Stale returns the time without a report after which a product is stale, 0 for never: the
// product's own time, else the global one.
func (r Reports) Stale(p models.Product) time.Duration {
	if p.StaleAfter != nil {
		return time.Duration(*p.StaleAfter) * time.Second
	}
	return r.StaleAfter
}

// MaxHold is the longest time on hold of a gate's new state.
const MaxHold = 24 * time.Hour

// The ways to decide which exceptions are the same.
const (
	GroupingSmart = "smart"
	GroupingExact = "exact"
)

// Exceptions sets how exceptions are grouped and how often users are notified.
type Exceptions struct {
	RateLimit time.Duration // between two notifications of a group; 0: of each exception
	Grouping  string        // GroupingSmart, GroupingExact
	// MaxPerHour is how often a product, or Gatecrier itself, notifies in an hour.
	MaxPerHour int64
	// UserData makes messages name the user in whose request an exception occurred.
	UserData bool
	// KeyPerMinute and KeyPerDay are how many events an ingest key can report.
	KeyPerMinute, KeyPerDay int64
}

// Delivery allows messages to private addresses.
type Delivery struct {
	AllowNetworks string // networks and hosts, separated by commas or lines
}

// Backups are the scheduled backups.
type Backups struct {
	Directory string // absolute; "" = none are made
	Keep      int    // how many of them
}

// Job is a job with a configurable schedule.
type Job struct {
	Name  string
	Title string
	About string // what it does, in a sentence
	Spec  string // the default cron expression
}

// Retention is the number of days after which things are deleted, 0 for never.
type Retention struct {
	Notifications    int64 // also of ended silences
	MaxNotifications int64 // a number, whatever their age; 0: no bound
	Deliveries       int64 // ended ones
	Observations     int64 // resolved ones
	GateHistory      int64
	Events           int64 // without references from elsewhere
	Audit            int64
	JobRuns          int64
}

// Users are the settings of accounts.
type Users struct {
	PasswordMinLength int
	SessionTime       time.Duration // of new sessions
	MayCreateProducts bool          // whether users who are not administrators can
}

// DefaultUsers returns the default settings of accounts.
func DefaultUsers() Users {
	return Users{PasswordMinLength: 10, SessionTime: 12 * time.Hour, MayCreateProducts: true}
}
