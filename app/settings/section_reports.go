package settings

import (
	"context"
	"time"

	"gatecrier/app/fault"
)

func reportsSection() Section {
	return Section{
		Name:     SectionReports,
		Title:    "Reports",
		Summary:  "What is taken in.",
		validate: validateReports,
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
				Help: "People are told of a product whose default branch has got no report for so long, and once when " +
					"reports come again. 0: never; else from 900 (15 minutes). A product may have its own time.",
			},
			{
				Name:    "branch_days",
				Label:   "BRANCH_DAYS",
				Kind:    KindInt,
				Default: int64(30),
				Max:     3650,
				Unit:    "days",
				Help: "A branch that has got no report for so long is removed with its observations, unless it is the " +
					"default branch or protected. 0: never.",
			},
		},
	}
}

// validateReports checks a time that has two ranges: 0, or from MinStaleAfter on.
func validateReports(_ context.Context, _, next lookup, fieldErrs *fault.Fields) []string {
	if after, _ := next("stale_after_seconds").(int64); after != 0 && after < int64(MinStaleAfter/time.Second) {
		fieldErrs.Add("stale_after_seconds", "0 for never, or from 900 (15 minutes) to 2,592,000 (30 days)")
	}
	return nil
}
