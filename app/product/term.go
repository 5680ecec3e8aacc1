package product

import (
	"strconv"
	"time"

	"gatecrier/app/fault"
	"gatecrier/app/settings"
)

// Retention is a new value of one of a product's times, in seconds; nil gives it back
// to the settings.
type Retention struct{ Seconds *int64 }

func (t *Retention) set(to **int64) {
	if t != nil {
		*to = t.Seconds
	}
}

// checkTimes looks at the times that a product has of its own.
func (d Draft) checkTimes(bad *fault.Fields) {
	if n := d.HoldSeconds; n != nil && (*n < 0 || *n > int64(settings.MaxHold/time.Second)) {
		bad.Add("hold_seconds", "From 0 (at once) to 1 day (86400 seconds)")
	}
	if n := d.StaleAfter; n != nil && *n != 0 &&
		(*n < int64(settings.MinStaleAfter/time.Second) || *n > int64(settings.MaxStaleAfter/time.Second)) {
		bad.Add("stale_after", "0 for never, or from 15 minutes (900 seconds) to 30 days (2592000 seconds)")
	}
}

// termText is a time for the audit, "" where it is the settings'.
func termText(seconds *int64) string {
	if seconds == nil {
		return ""
	}
	return strconv.FormatInt(*seconds, 10)
}
