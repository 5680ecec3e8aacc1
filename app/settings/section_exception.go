package settings

import (
	"slices"

	"gatecrier/models"
)

func exceptionSection() Section {
	return Section{
		Name:  SectionException,
		Title: "Exceptions",
		Summary: "Who is notified of exceptions of Gatecrier itself and of those without a product, and how often. " +
			"All other connections of the system are notified too.",
		Fields: slices.Concat(exceptionTargets(), exceptionLimits(), ingestKeyLimits()),
	}
}

// exceptionTargets are the addresses that are notified.
func exceptionTargets() []Field {
	return []Field{
		{
			Name:        models.ExceptionField + "email_to",
			Label:       "Email addresses",
			Constant:    "EXCEPTION_EMAIL_TO",
			Kind:        KindTarget,
			Default:     "",
			MaxLength:   4000,
			Placeholder: "ops@example.org, dev@example.org",
			Help: "Email addresses, separated by commas. Each gets its own email. " +
				"While the sender address of the section Email is empty, emails are skipped; the delivery log shows them.",
		},
		{
			Name:      models.ExceptionField + "ms_teams_webhook",
			Label:     "Microsoft Teams webhook",
			Constant:  "EXCEPTION_MS_TEAMS_WEBHOOK",
			Kind:      KindTarget,
			Default:   "",
			MaxLength: 2000,
			Help: "The URL of a workflow's webhook. It is stored encrypted, and shown as its host and last four " +
				"characters. Leave it unchanged to keep it; clear it to remove it.",
		},
		{
			Name:      models.ExceptionField + "slack_webhook",
			Label:     "Slack webhook",
			Constant:  "EXCEPTION_SLACK_WEBHOOK",
			Kind:      KindTarget,
			Default:   "",
			MaxLength: 2000,
			Help:      "The URL of an incoming webhook, stored in the same way.",
		},
	}
}

// exceptionLimits are what a notification is about, and how many there are.
func exceptionLimits() []Field {
	return []Field{
		{
			Name:     "exception_rate_limit",
			Label:    "Time between two notifications",
			Constant: "EXCEPTION_RATE_LIMIT",
			Kind:     KindInt,
			Default:  int64(3600),
			Max:      999999,
			Unit:     "seconds",
			Help: "The same exception notifies once within this time; " +
				"the next notification has the number of repeats. 0: every time.",
		},
		{
			Name:     "grouping",
			Label:    "Grouping",
			Constant: "EXCEPTION_GROUPING",
			Kind:     KindChoice,
			Default:  GroupingSmart,
			Choices: []Choice{
				{GroupingSmart, "Smart", "By stack trace, or by the message without IDs, numbers and times."},
				{GroupingExact, "Exact", "By class, message, function and arguments, as SecObserve does."},
			},
		},
		{
			Name:     "exception_max_per_hour",
			Label:    "Notifications per hour",
			Constant: "EXCEPTION_MAX_PER_HOUR",
			Kind:     KindInt,
			Default:  int64(20),
			Min:      1,
			Max:      1000,
			Help: "How many notifications about exceptions a product, or Gatecrier itself, sends in an hour. " +
				"One summary at the end of the hour replaces the rest.",
		},
		{
			Name:     "exception_user_data",
			Label:    "Send user data in messages",
			Constant: "EXCEPTION_USER_DATA",
			Kind:     KindBool,
			Default:  false,
			Help: "Messages name the user in whose request an exception occurred, as the program reports them: " +
				"a name, an email address or an ID. If off, only pages and the REST API do.",
		},
	}
}

// ingestKeyLimits are how much an ingest key can report.
func ingestKeyLimits() []Field {
	return []Field{
		{
			Name:     "ingest_key_per_minute",
			Label:    "Events of an ingest key per minute",
			Constant: "INGEST_KEY_PER_MINUTE",
			Kind:     KindInt,
			Default:  int64(1000),
			Min:      1,
			Max:      1_000_000,
			Help: "Further events are refused until the minute is over. Sentry SDKs wait until then. " +
				"The owners of the product are notified, at most once a day.",
		},
		{
			Name:     "ingest_key_per_day",
			Label:    "Events of an ingest key per day",
			Constant: "INGEST_KEY_PER_DAY",
			Kind:     KindInt,
			Default:  int64(100_000),
			Min:      1,
			Max:      1_000_000_000,
			Help:     "Further events are refused until the day (in UTC) is over.",
		},
	}
}
