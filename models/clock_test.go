package models_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gatecrier/models"
)

// maxTimes are the longest times in these tests.
var maxTimes = models.MaxTimes{
	Send: lease, Import: time.Minute, Job: 2 * time.Minute, Retry: 12 * time.Hour, Probe: 6 * time.Hour,
	Routing: 5 * time.Minute, Hold: 10 * time.Minute, Exception: time.Hour,
	Links: map[string]time.Duration{"password": time.Hour, "email": 24 * time.Hour},
}

// notPlanned are the stored times that nothing waits for, or that a user has chosen: records of what
// happened, and ends that are a user's.
var notPlanned = map[string]string{
	"users": "created_at updated_at last_sign_in_at", "product_groups": "created_at updated_at",
}

// Each stored time has a rule, or nothing waits for it.
func TestStoredTimes_HaveRules(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		isTime := regexp.MustCompile(`(^|_)(at|until|since|expiry)$`)
		rules := w.s.TimeColumns(maxTimes)
		for table, columns := range w.columns() {
			for _, column := range columns {
				if !isTime.MatchString(column) {
					continue
				}
				exempt := slices.Contains(strings.Fields(notPlanned[table]), column)
				if has := rules[table+"."+column]; has == exempt {
					t.Errorf("%s.%s: has a rule %v, is a record or a user's time %v; decide which", table, column, has, exempt)
				}
			}
		}
	})
	_ = maps.Keys[map[string]string]
}
