package gate

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatecrier/app/event"
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
			Verdict{State: models.GatePassed, Why: "within all thresholds: 0 critical (0 allowed), 0 high (0 allowed)"},
		},
		"a severity without a limit passes": {
			standard,
			models.Counts{Medium: 500, Low: 3, Unknown: 99999},
			Verdict{State: models.GatePassed, Why: "within all thresholds: 0 critical (0 allowed), 0 high (0 allowed)"},
		},
		"one over a limit fails, worst first": {
			standard,
			models.Counts{Critical: 1, High: 18, Medium: 13},
			Verdict{
				State: models.GateFailed,
				Over:  []models.Severity{models.Critical, models.High},
				Why:   "1 critical (threshold 0), 18 high (threshold 0)",
			},
		},
		"at the limit passes": {
			Policy{Active: true, Thresholds: models.Counts{High: 2}, Owner: OwnerProduct},
			models.Counts{High: 2},
			Verdict{
				State: models.GatePassed,
				Why: "within all thresholds: 0 critical (0 allowed), 2 high (2 allowed), 0 medium (0 allowed), " +
					"0 low (0 allowed), 0 none (0 allowed), 0 unknown (0 allowed)",
			},
		},
		"over the large default fails too": {
			standard,
			models.Counts{Medium: 100000},
			Verdict{State: models.GateFailed, Over: []models.Severity{models.Medium}, Why: "100000 medium (threshold 99999)"},
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

// Some active observations have no fix, some are known to be exploited, one is both.
func TestDecide_Counting(t *testing.T) {
	var found models.Breakdown
	found.Add(models.Critical, models.Flags{Unfixed: true}, 1)
	found.Add(models.High, models.Flags{}, 2)
	found.Add(models.High, models.Flags{Unfixed: true}, 11)
	found.Add(models.Medium, models.Flags{KEV: true}, 1)
	found.Add(models.Low, models.Flags{KEV: true, Unfixed: true}, 1)
	var fixable, none, bare models.Breakdown
	fixable.Add(models.High, models.Flags{Unfixed: true}, 1)
	fixable.Add(models.Low, models.Flags{}, 4)
	bare.Counts = models.Counts{Critical: 1}
	limits := settings.DefaultGate().Thresholds
	only, kev := models.Counting{OnlyFixable: true}, models.Counting{KEVAsCritical: true}
	both := models.Counting{OnlyFixable: true, KEVAsCritical: true}
	uncounted := event.Uncounted{Unfixed: 13, KEV: 1}
	for name, test := range map[string]struct {
		limits   models.Counts
		counting models.Counting
		found    models.Breakdown
		want     Verdict
	}{
		"all by their severity": {limits, models.Counting{}, found, Verdict{
			State: models.GateFailed, Over: []models.Severity{models.Critical, models.High}, Effective: found.Counts,
			Why: "1 critical (threshold 0), 13 high (threshold 0)",
		}},
		"only fixable": {limits, only, found, Verdict{
			State: models.GateFailed, Over: []models.Severity{models.High},
			Effective: models.Counts{High: 2, Medium: 1}, Uncounted: uncounted,
			Why: "2 high (threshold 0); 13 without a fix do not count (1 known exploited)",
		}},
		"only fixable, within the limits": {models.Counts{High: 2, Medium: 1}, only, found, Verdict{
			State: models.GatePassed, Effective: models.Counts{High: 2, Medium: 1}, Uncounted: uncounted,
			Why: "within all thresholds: 0 critical (0 allowed), 2 high (2 allowed), 1 medium (1 allowed), " +
				"0 low (0 allowed), 0 none (0 allowed), 0 unknown (0 allowed); " +
				"13 without a fix do not count (1 known exploited)",
		}},
		"only fixable, none of them": {limits, only, fixable, Verdict{
			State: models.GatePassed, Effective: models.Counts{Low: 4}, Uncounted: event.Uncounted{Unfixed: 1},
			Why: "within all thresholds: 0 critical (0 allowed), 0 high (0 allowed); 1 without a fix does not count",
		}},
		"only fixable, nothing is without a fix": {limits, only, none, Verdict{
			State: models.GatePassed, Why: "within all thresholds: 0 critical (0 allowed), 0 high (0 allowed)",
		}},
		"bare counts always count": {limits, both, bare, Verdict{
			State: models.GateFailed, Over: []models.Severity{models.Critical}, Effective: bare.Counts,
			Why: "1 critical (threshold 0)",
		}},
		"known exploited as critical": {limits, kev, found, Verdict{
			State: models.GateFailed, Over: []models.Severity{models.Critical, models.High},
			Effective: models.Counts{Critical: 3, High: 13},
			Why:       "3 critical (threshold 0, 2 known exploited), 13 high (threshold 0)",
		}},
		"known exploited as critical, within the limits": {models.Counts{Critical: 3, High: 13}, kev, found, Verdict{
			State: models.GatePassed, Effective: models.Counts{Critical: 3, High: 13},
			Why: "within all thresholds: 3 critical (3 allowed, 2 known exploited), 13 high (13 allowed), " +
				"0 medium (0 allowed), 0 low (0 allowed), 0 none (0 allowed), 0 unknown (0 allowed)",
		}},
		"both": {limits, both, found, Verdict{
			State: models.GateFailed, Over: []models.Severity{models.Critical, models.High},
			Effective: models.Counts{Critical: 1, High: 2}, Uncounted: uncounted,
			Why: "1 critical (threshold 0, 1 known exploited), 2 high (threshold 0); " +
				"13 without a fix do not count (1 known exploited)",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			policy := active(OwnerGlobal, test.limits)
			policy.Counting = test.counting
			if diff := cmp.Diff(test.want, Decide(policy, test.found)); diff != "" {
				t.Errorf("verdict (-want +got):\n%s", diff)
			}
		})
	}
}

// What counts is decided by the owner of the thresholds: none of it is mixed.
func TestPolicyOf_Counting(t *testing.T) {
	only, kev := models.Counting{OnlyFixable: true}, models.Counting{KEVAsCritical: true}
	global := settings.DefaultGate()
	global.Counting = only
	inactive := global
	inactive.Active = false
	group := func(mode models.GateMode) *models.Group { return &models.Group{GateMode: mode, Counting: kev} }
	of := func(mode models.GateMode, c models.Counting) models.Product {
		return models.Product{GateMode: mode, Counting: c}
	}
	for name, test := range map[string]struct {
		global  settings.Gate
		group   *models.Group
		product models.Product
		want    models.Counting
	}{
		"standard":                     {global, nil, of(models.GateStandard, kev), only},
		"own":                          {global, nil, of(models.GateOwn, kev), kev},
		"own, where nothing is set":    {global, nil, of(models.GateOwn, models.Counting{}), models.Counting{}},
		"a group's":                    {global, group(models.GateOwn), of(models.GateOwn, only), kev},
		"a standard group's":           {global, group(models.GateStandard), of(models.GateOwn, kev), kev},
		"a standard group's, standard": {global, group(models.GateStandard), of(models.GateStandard, kev), only},
		"disabled":                     {global, nil, of(models.GateDisabled, kev), models.Counting{}},
		"globally inactive":            {inactive, nil, of(models.GateStandard, kev), models.Counting{}},
	} {
		if got := PolicyOf(test.global, test.group, test.product).Counting; got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
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
