// Package gate evaluates security gates. It finds the policy of a product, decides whether
// its counts pass and why, and records and announces each change.
package gate

import (
	"fmt"
	"strings"

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
}

// PolicyOf returns the policy of a product: its group's, unless the group's mode is
// standard; else its own, unless its mode is standard; else the global one. group is nil
// for a product without a group.
func PolicyOf(global settings.Gate, group *models.Group, p models.Product) Policy {
	if group != nil && group.GateMode != models.GateStandard {
		return policyBy(OwnerGroup, group.GateMode, group.Thresholds)
	}
	if p.GateMode != models.GateStandard {
		return policyBy(OwnerProduct, p.GateMode, p.Thresholds)
	}
	return Policy{Active: global.Active, Thresholds: global.Thresholds, Owner: OwnerGlobal}
}

func policyBy(o Owner, mode models.GateMode, t models.Thresholds) Policy {
	if mode == models.GateDisabled {
		return Policy{Owner: o}
	}
	return Policy{Active: true, Thresholds: t.Limits(), Owner: o}
}

// Verdict is the state of a gate, and why.
type Verdict struct {
	State models.GateState
	Over  []models.Severity // the severities over their threshold, worst first
	Why   string            // a phrase: "1 critical (limit 0), 18 high (limit 0)"
}

// Decide compares counts with a policy. It is pure: the same input gives the
// same verdict. A gate fails when any severity has more active observations
// than its threshold.
func Decide(p Policy, counts models.Counts) Verdict {
	if !p.Active {
		return Verdict{State: models.GateNone, Why: disabledWhy(p.Owner)}
	}
	var over []models.Severity
	var parts []string
	for _, s := range models.Severities() {
		if n, limit := counts.Of(s), p.Thresholds.Of(s); n > limit {
			over = append(over, s)
			parts = append(parts, fmt.Sprintf("%d %s (limit %d)", n, s, limit))
		}
	}
	if len(over) > 0 {
		return Verdict{State: models.GateFailed, Over: over, Why: strings.Join(parts, ", ")}
	}
	return Verdict{State: models.GatePassed, Why: passedWhy(p, counts)}
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

// passedWhy names the counts and the thresholds of the limited severities.
func passedWhy(p Policy, counts models.Counts) string {
	var parts []string
	for _, s := range models.Severities() {
		if limit := p.Thresholds.Of(s); limit < settings.NoLimit {
			parts = append(parts, fmt.Sprintf("%d %s (limit %d)", counts.Of(s), s, limit))
		}
	}
	if len(parts) == 0 {
		return "no severity is limited"
	}
	return "within all limits: " + strings.Join(parts, ", ")
}
