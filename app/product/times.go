package product

import (
	"strconv"
	"time"

	"gatecrier/app/fault"
	"gatecrier/app/settings"
)

// TimeOverride is a new value of one of a product's times, in seconds. With nil the settings
// decide again.
type TimeOverride struct{ Seconds *int64 }

func (t *TimeOverride) set(to **int64) {
	if t != nil {
		*to = t.Seconds
	}
}

// checkTimes checks a product's own times.
func (d Draft) checkTimes(fieldErrs *fault.Fields) {
	if n := d.HoldSeconds; n != nil && (*n < 0 || *n > int64(settings.MaxHold/time.Second)) {
		fieldErrs.Add("hold_seconds", "Enter 0 (immediately) to 1 day (86400 seconds)")
	}
	if n := d.StaleAfter; n != nil && *n != 0 &&
		(*n < int64(settings.MinStaleAfter/time.Second) || *n > int64(settings.MaxStaleAfter/time.Second)) {
		fieldErrs.Add("stale_after", "From 15 minutes (900 seconds) to 30 days (2592000 seconds), or 0 for never")
	}
}

// secondsText returns a time for the audit log, "" if the settings decide.
func secondsText(seconds *int64) string {
	if seconds == nil {
		return ""
	}
	return strconv.FormatInt(*seconds, 10)
}
