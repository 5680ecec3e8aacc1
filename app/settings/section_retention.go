package settings

import (
	"context"

	"gatecrier/app/fault"
)

// minDays is the shortest retention, in days, so that a typing error does not empty a table.
const minDays = 7

// minNotifications is the smallest bound of the number of notifications.
const minNotifications = 1000

const maxNotificationsField = "max_notifications"

func retentionSection() Section {
	s := Section{
		Name:     SectionRetention,
		Title:    "Retention",
		validate: validateRetention,
		Summary: "How many days data is kept. A job per kind deletes older data once a day, permanently. " +
			"0 keeps it forever; otherwise the minimum is 7.",
		Fields: []Field{
			days("notifications_days", "Notifications", 180,
				"Read or not, they are deleted for all users, and so are silences that have ended."),
			{
				Name:    maxNotificationsField,
				Label:   "Maximum number of notifications",
				Kind:    KindInt,
				Default: int64(0),
				Max:     1_000_000_000,
				Unit:    "notifications",
				Help:    "Beyond this number, the oldest are deleted. 0: no limit; otherwise at least 1000.",
			},
			days("deliveries_days", "Deliveries", 180,
				"Counted from their end. Their attempts are deleted too. Messages that wait are kept."),
			days("resolved_observations_days", "Resolved observations", 365,
				"Counted from the day they were resolved. One that comes back after its deletion is new."),
			days("gate_history_days", "Gate history", 1095, "The last change of each product is kept."),
			days("events_days", "Events", 365,
				"An event is kept while a notification, a delivery or the gate history refers to it."),
			days("audit_days", "Audit log", 1095, "Who changed what."),
			days("job_runs_days", "Job history", 30, "The last run of each job is kept."),
		},
	}
	last := &s.Fields[len(s.Fields)-1]
	last.Min = minDays
	return s
}

// days returns the field of a retention in days.
func days(name, label string, standard int64, help string) Field {
	return Field{
		Name:    name,
		Label:   label,
		Kind:    KindInt,
		Default: standard,
		Max:     36500,
		Unit:    "days",
		Help:    help,
	}
}

// validateRetention refuses a retention that is neither 0 nor long enough.
func validateRetention(_ context.Context, _, next lookup, fieldErrs *fault.Fields) []string {
	for _, f := range retentionSection().Fields {
		if f.Name == maxNotificationsField {
			continue
		}
		if days, _ := next(f.Name).(int64); days > 0 && days < minDays {
			fieldErrs.Add(f.Name, "Enter 0 for forever, or at least 7 days")
		}
	}
	if n, _ := next(maxNotificationsField).(int64); n > 0 && n < minNotifications {
		fieldErrs.Add(maxNotificationsField, "Enter 0 for no limit, or at least 1000")
	}
	return nil
}
