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
		Summary:  "Limits of reports, and what happens when reports stop.",
		validate: validateReports,
		Fields: []Field{
			{
				Name:     "max_bytes",
				Label:    "Maximum size of a report",
				Constant: "REPORT_MAX_BYTES",
				Kind:     KindInt,
				Default:  int64(64 << 20),
				Min:      1 << 20,
				Max:      1 << 30,
				Unit:     "bytes",
				PageUnit: mebibyte,
				Help:     "Larger reports are refused, and change nothing.",
			},
			{
				Name:     "stale_after_seconds",
				Label:    "Products are stale after",
				Constant: "STALE_AFTER",
				Kind:     KindInt,
				Default:  int64(0),
				Max:      int64(MaxStaleAfter / time.Second),
				Unit:     "seconds",
				Help: "Notify when a product's default branch has received no report for this time, and when reports " +
					"resume. 0: never; otherwise at least 900 (15 minutes). A product can have its own time.",
			},
			{
				Name:     "branch_days",
				Label:    "Branches are deleted after",
				Constant: "BRANCH_DAYS",
				Kind:     KindInt,
				Default:  int64(30),
				Max:      3650,
				Unit:     "days",
				Help: "Delete branches, with their observations, after this many days without a report. Default and " +
					"protected branches are kept. 0: never.",
			},
		},
	}
}

// validateReports checks a time that has two ranges: 0, or from MinStaleAfter on.
func validateReports(_ context.Context, _, next lookup, fieldErrs *fault.Fields) []string {
	if after, _ := next("stale_after_seconds").(int64); after != 0 && after < int64(MinStaleAfter/time.Second) {
		fieldErrs.Add("stale_after_seconds", "Enter 0 for never, or 900 (15 minutes) to 2,592,000 (30 days)")
	}
	return nil
}
