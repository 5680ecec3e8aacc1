// Package settings has the global settings: sections of described fields with
// their defaults, ranges and help, from which forms and the API are made, and
// typed values that are current in memory.
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
)

// NoLimit is the default threshold of the severities that are not limited.
const NoLimit = 99999

// General is what everybody sees of an installation.
type General struct {
	BaseURL  string // how people reach it, without a slash at its end
	SiteName string
}

// Gate is the global gate policy.
type Gate struct {
	Active     bool          // whether standard products have a gate at all
	Thresholds models.Counts // the most active observations that still pass, per severity
	Hold       time.Duration // how long a new state stands before it is announced
	Version    int64         // of these settings
	By         string        // who changed them last
}

// DefaultGate passes no critical and no high observation, and any number of
// the others, as SecObserve does.
func DefaultGate() Gate {
	return Gate{Active: true, Thresholds: models.Counts{Medium: NoLimit, Low: NoLimit, None: NoLimit, Unknown: NoLimit}}
}

// The ways of TLS to a mail server.
const (
	TLSNone     = "none"
	TLSStart    = "starttls"
	TLSImplicit = "tls"
)

// Mail is how mail is sent. Without a From nothing is.
type Mail struct {
	Host     string
	Port     int
	TLS      string // TLSNone, TLSStart, TLSImplicit
	User     string
	Password string
	From     string
}

// Reports bounds what is taken in, and says when it is missed.
type Reports struct {
	MaxBytes     int64
	StaleAfter   time.Duration // without a report a product is stale; 0 = never
	BranchesKept time.Duration // without a report a branch is removed; 0 = never
}

// The bounds of times after which a product is stale.
const (
	MinStaleAfter = 15 * time.Minute
	MaxStaleAfter = 30 * 24 * time.Hour
)

// Stale is after how long without a report a product is stale, 0 for never:
// its own time, else that of all.
func (r Reports) Stale(p models.Product) time.Duration {
	if p.StaleAfter != nil {
		return time.Duration(*p.StaleAfter) * time.Second
	}
	return r.StaleAfter
}

// MaxHold is the longest time that a new state of a gate may have to stand.
const MaxHold = 24 * time.Hour

// The ways in which it is decided which exceptions are the same.
const (
	GroupingSmart = "smart"
	GroupingExact = "exact"
)

// Exceptions is how exceptions are grouped, and how often people are told.
type Exceptions struct {
	RateLimit time.Duration // between two notices of the same; 0 = of each
	Grouping  string        // GroupingSmart, GroupingExact
}

// Delivery is where messages may go although the address is private.
type Delivery struct {
	AllowNetworks string // networks and hosts, separated by commas or lines
}

// Job is a job whose times are a setting.
type Job struct {
	Name  string
	Title string
	About string // what it does, in a sentence
	Spec  string // its times by default
}

// Retention is how many days things are kept; 0 is for ever.
type Retention struct {
	Notifications    int64 // and silences that have ended
	MaxNotifications int64 // notifications, however old; 0 = any number
	Deliveries       int64 // that have ended
	Observations     int64 // that were resolved
	GateHistory      int64
	Events           int64 // that nothing else refers to
	Audit            int64
	JobRuns          int64
}

// Users is what counts for accounts.
type Users struct {
	PasswordMinLength int
	SessionTime       time.Duration // of sessions that begin now
	MayCreateProducts bool          // also who is no administrator
}

// DefaultUsers counts where nobody has set anything else.
func DefaultUsers() Users {
	return Users{PasswordMinLength: 10, SessionTime: 12 * time.Hour, MayCreateProducts: true}
}
