package gate

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatecrier/app/settings"
	"gatecrier/models"
)

func TestDecide(t *testing.T) {
	standard := Policy{Active: true, Thresholds: settings.DefaultGate().Thresholds, Owner: OwnerGlobal}
	tests := map[string]struct {
		policy Policy
		counts models.Counts
		want   Verdict
	}{
		"nothing found passes": {
			standard,
			models.Counts{},
			Verdict{State: models.GatePassed, Why: "within all limits: 0 critical (limit 0), 0 high (limit 0)"},
		},
		"a severity without a limit passes": {
			standard,
			models.Counts{Medium: 500, Low: 3, Unknown: 99999},
			Verdict{State: models.GatePassed, Why: "within all limits: 0 critical (limit 0), 0 high (limit 0)"},
		},
		"one over a limit fails, worst first": {
			standard,
			models.Counts{Critical: 1, High: 18, Medium: 13},
			Verdict{
				State: models.GateFailed,
				Over:  []models.Severity{models.Critical, models.High},
				Why:   "1 critical (limit 0), 18 high (limit 0)",
			},
		},
		"at the limit passes": {
			Policy{Active: true, Thresholds: models.Counts{High: 2}, Owner: OwnerProduct},
			models.Counts{High: 2},
			Verdict{
				State: models.GatePassed,
				Why: "within all limits: 0 critical (limit 0), 2 high (limit 2), 0 medium (limit 0), " +
					"0 low (limit 0), 0 none (limit 0), 0 unknown (limit 0)",
			},
		},
		"over the large default fails too": {
			standard,
			models.Counts{Medium: 100000},
			Verdict{State: models.GateFailed, Over: []models.Severity{models.Medium}, Why: "100000 medium (limit 99999)"},
		},
		"disabled for the product is none": {
			Policy{Owner: OwnerProduct},
			models.Counts{Critical: 7},
			Verdict{State: models.GateNone, Why: "the gate of this product is disabled"},
		},
		"disabled for all is none": {
			Policy{Owner: OwnerGlobal},
			models.Counts{Critical: 7},
			Verdict{State: models.GateNone, Why: "security gates are disabled"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.want.Effective = test.counts
			if diff := cmp.Diff(test.want, Decide(test.policy, models.Breakdown{Counts: test.counts})); diff != "" {
				t.Errorf("verdict (-want +got):\n%s", diff)
			}
		})
	}
}

func active(o Owner, thresholds models.Counts) Policy {
	return Policy{Active: true, Thresholds: thresholds, Owner: o}
}

func TestPolicyOf(t *testing.T) {
	five := int64(5)
	global := settings.DefaultGate()
	own := models.Product{GateMode: models.GateOwn, Thresholds: models.Thresholds{High: &five}}
	standard, disabled := models.Product{GateMode: models.GateStandard}, models.Product{GateMode: models.GateDisabled}
	group := func(mode models.GateMode) *models.Group {
		return &models.Group{GateMode: mode, Thresholds: models.Thresholds{Low: &five}}
	}
	tests := map[string]struct {
		global  settings.Gate
		group   *models.Group
		product models.Product
		want    Policy
	}{
		"standard has the global thresholds": {global, nil, standard, active(OwnerGlobal, global.Thresholds)},
		"own, where unset counts as zero":    {global, nil, own, active(OwnerProduct, models.Counts{High: 5})},
		"own, although globally inactive": {
			settings.Gate{},
			nil,
			own,
			active(OwnerProduct, models.Counts{High: 5}),
		},
		"standard, globally inactive": {settings.Gate{}, nil, standard, Policy{Owner: OwnerGlobal}},
		"disabled":                    {global, nil, disabled, Policy{Owner: OwnerProduct}},
		"a standard group leaves it": {
			global,
			group(models.GateStandard),
			own,
			active(OwnerProduct, models.Counts{High: 5}),
		},
		"a group's own before the product's": {
			global,
			group(models.GateOwn),
			own,
			active(OwnerGroup, models.Counts{Low: 5}),
		},
		"a group's own before a disabled product": {
			global,
			group(models.GateOwn),
			disabled,
			active(OwnerGroup, models.Counts{Low: 5}),
		},
		"a disabled group": {global, group(models.GateDisabled), own, Policy{Owner: OwnerGroup}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, PolicyOf(test.global, test.group, test.product)); diff != "" {
				t.Errorf("policy (-want +got):\n%s", diff)
			}
		})
	}
}
