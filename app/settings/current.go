package settings

import (
	"context"
	"strings"
	"time"

	"gatecrier/models"
)

// values reads the fields of a section by their kinds.
type values struct {
	snapshot *snapshot
	section  Section
}

func (s *Service) values(name string) values {
	section, _ := s.Section(name)
	return values{s.current.Load(), section}
}

func (v values) text(field string) string {
	text, _ := v.snapshot.value(v.section, field).(string)
	return text
}

func (v values) number(field string) int64 {
	n, _ := v.snapshot.value(v.section, field).(int64)
	return n
}

func (v values) yes(field string) bool {
	b, _ := v.snapshot.value(v.section, field).(bool)
	return b
}

// General returns the current section general.
func (s *Service) General() General {
	v := s.values(SectionGeneral)
	return General{BaseURL: strings.TrimSuffix(v.text("base_url"), "/"), SiteName: v.text("site_name")}
}

// Gate returns the current gate policy.
func (s *Service) Gate() Gate { return s.values(SectionGate).gate() }

// GateWith returns the gate policy after a change of its section. ok is false if the change is invalid or expects
// another version: Update returns its errors.
func (s *Service) GateWith(ctx context.Context, c Change) (g Gate, ok bool) {
	v := s.values(SectionGate)
	if c.IfVersion != nil && *c.IfVersion != v.snapshot.rows[SectionGate].Version {
		return g, false
	}
	next, _, err := v.section.accept(ctx, v.snapshot.values[SectionGate], c.Values)
	if err != nil {
		return g, false
	}
	v.snapshot = &snapshot{rows: v.snapshot.rows, values: map[string]map[string]any{SectionGate: next}}
	return v.gate(), true
}

func (v values) gate() Gate {
	row := v.snapshot.rows[SectionGate]
	g := Gate{
		Active: v.yes("active"),
		Counting: models.Counting{
			OnlyFixable:   v.yes("only_fixable"),
			KEVAsCritical: v.yes("kev_as_critical"),
		},
		Hold:    time.Duration(v.number("hold_seconds")) * time.Second,
		Version: row.Version,
		By:      row.UpdatedBy,
	}
	for _, sev := range models.Severities() {
		g.Thresholds.Add(sev, v.number("threshold_"+sev.String()))
	}
	return g
}

// Mail returns the current mail server.
func (s *Service) Mail() Mail {
	v := s.values(SectionMail)
	return Mail{
		Host:     v.text("smtp_host"),
		Port:     int(v.number("smtp_port")),
		TLS:      v.text("smtp_tls"),
		Auth:     v.text("smtp_auth"),
		User:     v.text("smtp_user"),
		Password: v.text("smtp_password"),
		OAuth: MailOAuth{
			Grant:        v.text("smtp_oauth_grant"),
			TokenURL:     v.text("smtp_oauth_token_url"),
			ClientID:     v.text("smtp_oauth_client_id"),
			ClientSecret: v.text("smtp_oauth_client_secret"),
			Scope:        v.text("smtp_oauth_scope"),
			RefreshToken: v.snapshot.refresh.of(v.text("smtp_oauth_refresh_token")),
		},
		From: v.text("email_from"),
	}
}

// Exceptions returns the current settings of exceptions.
func (s *Service) Exceptions() Exceptions {
	v := s.values(SectionException)
	return Exceptions{
		RateLimit:    time.Duration(v.number("exception_rate_limit")) * time.Second,
		Grouping:     v.text("grouping"),
		MaxPerHour:   v.number("exception_max_per_hour"),
		UserData:     v.yes("exception_user_data"),
		KeyPerMinute: v.number("ingest_key_per_minute"),
		KeyPerDay:    v.number("ingest_key_per_day"),
	}
}

// Reports returns the current settings of reports.
func (s *Service) Reports() Reports {
	v := s.values(SectionReports)
	return Reports{
		MaxBytes:     v.number("max_bytes"),
		StaleAfter:   time.Duration(v.number("stale_after_seconds")) * time.Second,
		BranchesKept: time.Duration(v.number("branch_days")) * 24 * time.Hour,
	}
}

// Delivery returns the current settings of delivery.
func (s *Service) Delivery() Delivery {
	return Delivery{AllowNetworks: Networks(s.values(SectionDelivery).text("allow_networks"))}
}

// Jobs returns the current cron expressions of the jobs, by name.
func (s *Service) Jobs() map[string]string {
	v, specs := s.values(SectionJobs), map[string]string{}
	for _, f := range v.section.Fields {
		specs[f.Name] = v.text(f.Name)
	}
	return specs
}

// Retention returns the current retention times.
func (s *Service) Retention() Retention {
	v := s.values(SectionRetention)
	return Retention{
		Notifications:    v.number("notifications_days"),
		MaxNotifications: v.number("max_notifications"),
		Deliveries:       v.number("deliveries_days"),
		Observations:     v.number("resolved_observations_days"),
		GateHistory:      v.number("gate_history_days"),
		Events:           v.number("events_days"),
		Audit:            v.number("audit_days"),
		JobRuns:          v.number("job_runs_days"),
	}
}

// Backups returns the current settings of scheduled backups.
func (s *Service) Backups() Backups {
	v := s.values(SectionBackup)
	b := Backups{Directory: v.text("directory"), Keep: int(v.number("keep"))}
	if b.Directory == backupOff {
		b.Directory = ""
	}
	return b
}

// Users returns the current settings of accounts.
func (s *Service) Users() Users {
	v := s.values(SectionUsers)
	return Users{
		PasswordMinLength: int(v.number("password_min_length")),
		SessionTime:       time.Duration(v.number("session_hours")) * time.Hour,
		MayCreateProducts: v.yes("may_create_products"),
	}
}
