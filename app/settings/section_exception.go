package settings

import "gatecrier/models"

func exceptionSection() Section {
	return Section{
		Name:  SectionException,
		Title: "Exceptions",
		Summary: "Who is told when something goes wrong in Gatecrier itself, or in a program that reports without " +
			"a product, and how often. All other connections of the system are told too, of whatever module.",
		Fields: []Field{
			{
				Name:        models.ExceptionField + "email_to",
				Label:       "EXCEPTION_EMAIL_TO",
				Kind:        KindTarget,
				Default:     "",
				MaxLength:   4000,
				Placeholder: "ops@example.org, dev@example.org",
				Help: "Mail addresses, separated by commas: a mail to each. " +
					"While EMAIL_FROM is empty none is sent, and the record of deliveries says so.",
			},
			{
				Name:      models.ExceptionField + "ms_teams_webhook",
				Label:     "EXCEPTION_MS_TEAMS_WEBHOOK",
				Kind:      KindTarget,
				Default:   "",
				MaxLength: 2000,
				Help: "The URL of a workflow's webhook. It is sealed, and shown as its host and last four " +
					"characters; left as shown it stays, emptied it goes.",
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
				Help: "Of the same exception people are told once in so long; " +
					"the next notice says how often it has occurred meanwhile. 0: of each one.",
			},
			{
				Name:    "grouping",
				Label:   "EXCEPTION_GROUPING",
				Kind:    KindChoice,
				Default: GroupingSmart,
				Choices: []Choice{{GroupingSmart, "Smart"}, {GroupingExact, "Exact"}},
				Help: "Smart: by where it comes from, else by its message without ids, numbers and times. Exact: " +
					"by class, message, function and arguments, as SecObserve does.",
			},
		},
	}
}
