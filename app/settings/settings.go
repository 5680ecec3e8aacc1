// Package settings has the typed global settings, a struct per section with
// its defaults.
package settings

import "gatecrier/models"

// Gate is the global gate policy.
type Gate struct {
	Active     bool          // whether standard products have a gate at all
	Thresholds models.Counts // the most active observations that still pass, per severity
}

// NoLimit is the default threshold of the severities that are not limited.
const NoLimit = 99999

// DefaultGate passes no critical and no high observation, and any number of
// the others, as SecObserve does.
func DefaultGate() Gate {
	return Gate{Active: true, Thresholds: models.Counts{Medium: NoLimit, Low: NoLimit, None: NoLimit, Unknown: NoLimit}}
}
