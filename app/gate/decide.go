// Package gate evaluates security gates. It finds the policy of a product, decides whether
// its counts pass and why, and records and announces each change.
package gate

import (
	"fmt"
	"strings"

	"gatecrier/app/event"
	"gatecrier/app/settings"
	"gatecrier/models"
)

// Owner is the owner of the thresholds of a policy.
type Owner string

// The owners of a policy.
const (
	OwnerGlobal  Owner = "global"
	OwnerGroup   Owner = "group"
	OwnerProduct Owner = "product"
)

// Policy is the gate policy of one product.
type Policy struct {
	Active     bool
	Thresholds models.Counts
	Owner      Owner
	Counting   models.Counting // what counts; as the owner says, like the thresholds
}

// PolicyOf returns the policy of a product: its group's, unless the group's mode is
// standard; else its own, unless its mode is standard; else the global one. group is nil
// for a product without a group.
func PolicyOf(global settings.Gate, group *models.Group, p models.Product) Policy {
	if group != nil && group.GateMode != models.GateStandard {
		return policyBy(OwnerGroup, group.GateMode, group.Thresholds, group.Counting)
	}
	if p.GateMode != models.GateStandard {
		return policyBy(OwnerProduct, p.GateMode, p.Thresholds, p.Counting)
	}
	if !global.Active {
		return Policy{Owner: OwnerGlobal}
	}
	return Policy{Active: true, Thresholds: global.Thresholds, Owner: OwnerGlobal, Counting: global.Counting}
}

func policyBy(o Owner, mode models.GateMode, t models.Thresholds, c models.Counting) Policy {
	if mode == models.GateDisabled {
		return Policy{Owner: o}
	}
	return Policy{Active: true, Thresholds: t.Limits(), Owner: o, Counting: c}
}

// Verdict is the state of a gate, and why.
type Verdict struct {
	State     models.GateState
	Over      []models.Severity // the severities over their threshold, worst first
	Why       string            // a phrase: "1 critical (threshold 0), 18 high (threshold 0)"
	Effective models.Counts     // what counts, by the severity as which it counts
	Uncounted event.Uncounted   // what does not count by the policy
}

// Decide compares a branch's active observations with a policy. It is pure: the same input gives
// the same verdict. A gate fails when more of them count as a severity than its threshold.
func Decide(p Policy, active models.Breakdown) Verdict {
	v := Verdict{State: models.GateNone, Effective: active.Effective(p.Counting)}
	if !p.Active {
		v.Why = disabledWhy(p.Owner)
		return v
	}
	for _, s := range models.Severities() {
		if v.Effective.Of(s) > p.Thresholds.Of(s) {
			v.Over = append(v.Over, s)
		}
	}
	v.State, v.Why = models.GateFailed, p.compared(overFormat, v.Over, v.Effective, active)
	if len(v.Over) == 0 {
		v.State, v.Why = models.GatePassed, p.passedWhy(v.Effective, active)
	}
	if p.Counting.OnlyFixable {
		v.Uncounted = event.Uncounted{Unfixed: active.Unfixed.Total(), KEV: active.UnfixedKEV.Total()}
		v.Why += v.Uncounted.Suffix()
	}
	return v
}

// whyUnreported is the reason of a gate that would pass without any report.
const whyUnreported = "no report is left to evaluate"

// Unreported returns the verdict for a branch without a source of reports: nothing passes there.
func (v Verdict) Unreported() Verdict {
	if v.State == models.GatePassed {
		v.State, v.Why = models.GateNone, whyUnreported
	}
	return v
}

// The formats of a count with its threshold, of a severity over it and of one within it.
const (
	overFormat   = "%d %s (threshold %d"
	withinFormat = "%d %s (%d allowed"
)

// compared compares severities with their thresholds: "2 critical (threshold 0, 1 known exploited)".
func (p Policy) compared(
	format string, list []models.Severity, effective models.Counts, active models.Breakdown,
) string {
	parts := make([]string, len(list))
	for i, s := range list {
		parts[i] = fmt.Sprintf(format, effective.Of(s), s, p.Thresholds.Of(s))
		if kev := p.countedKEV(active); s == models.Critical && kev > 0 {
			parts[i] += fmt.Sprintf(", %d known exploited", kev)
		}
		parts[i] += ")"
	}
	return strings.Join(parts, ", ")
}

// passedWhy compares the limited severities.
func (p Policy) passedWhy(effective models.Counts, active models.Breakdown) string {
	var limited []models.Severity
	for _, s := range models.Severities() {
		if p.Thresholds.Of(s) < settings.NoLimit {
			limited = append(limited, s)
		}
	}
	if len(limited) == 0 {
		return "no severity has a threshold"
	}
	return "within all thresholds: " + p.compared(withinFormat, limited, effective, active)
}

// countedKEV returns how many observations count as critical since they are known to be exploited.
func (p Policy) countedKEV(active models.Breakdown) int64 {
	switch {
	case !p.Counting.KEVAsCritical:
		return 0
	case p.Counting.OnlyFixable:
		return active.KEV.Total() - active.UnfixedKEV.Total()
	}
	return active.KEV.Total()
}

func disabledWhy(o Owner) string {
	switch o {
	case OwnerProduct:
		return "the gate of this product is disabled"
	case OwnerGroup:
		return "the gates of this product's group are disabled"
	case OwnerGlobal:
	}
	return "security gates are disabled"
}
