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
		Summary: "After how many days old things are removed, each by a job of its own once a day. " +
			"0 keeps them for ever, else the least is 7. What was removed does not come back.",
		Fields: []Field{
			days("notifications_days", "Notifications", 180,
				"They go from everybody's inbox, read or not; silences that have ended go too."),
			{
				Name:    maxNotificationsField,
				Label:   "Notifications at most",
				Kind:    KindInt,
				Default: int64(0),
				Max:     1_000_000_000,
				Unit:    "notifications",
				Help:    "Beyond so many the oldest go, however young they are. 0 is any number, else the least is 1000.",
			},
			days("deliveries_days", "Deliveries", 180,
				"Counted from their end; they go with their attempts. What still waits stays."),
			days("resolved_observations_days", "Resolved observations", 365,
				"Counted from the report that no longer had them. One that comes back later is new."),
			days("gate_history_days", "Gate history", 1095, "The last change of each product stays."),
			days("events_days", "Events", 365,
				"An event stays while a notification, a delivery or a gate's history refers to it."),
			days("audit_days", "Audit", 1095, "Who has changed what."),
			days("job_runs_days", "Runs of jobs", 30, "The last run of each job stays."),
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
			fieldErrs.Add(f.Name, "0 for ever, or at least 7 days")
		}
	}
	if n, _ := next(maxNotificationsField).(int64); n > 0 && n < minNotifications {
		fieldErrs.Add(maxNotificationsField, "0 for any number, or at least 1000")
	}
	return nil
}
