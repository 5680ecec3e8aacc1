// Package gate decides what a security gate says: which thresholds count, what
// they say of the counts, and why; and it records a change.
package gate

import (
	"fmt"
	"strconv"
	"strings"

	"gatecrier/app/settings"
	"gatecrier/models"
)

// Owner says whose thresholds a policy has.
type Owner string

// The owners of a policy.
const (
	OwnerGlobal  Owner = "global"
	OwnerGroup   Owner = "group"
	OwnerProduct Owner = "product"
)

// Policy is what counts for one product.
type Policy struct {
	Active     bool
	Thresholds models.Counts
	Owner      Owner
}

// PolicyOf finds the policy of a product: its group's, where that has another
// mode than standard, else its own, else the global one. group is nil where it
// is in none.
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

// Verdict is what a gate says, and why.
type Verdict struct {
	State models.GateState
	Over  []models.Severity // the severities over their limit, worst first
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

// passedWhy names the limited severities, since these are what passed.
func passedWhy(p Policy, counts models.Counts) string {
	var parts []string
	for _, s := range models.Severities() {
		if limit := p.Thresholds.Of(s); limit < settings.NoLimit {
			parts = append(parts, strconv.FormatInt(counts.Of(s), 10)+" "+s.String()+" (limit "+strconv.FormatInt(limit, 10)+")")
		}
	}
	if len(parts) == 0 {
		return "no severity is limited"
	}
	return "within all limits: " + strings.Join(parts, ", ")
}
