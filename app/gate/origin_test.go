package gate

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatecrier/app/settings"
	"gatecrier/models"
)

func allSources(s Source) map[models.Severity]Source {
	m := map[models.Severity]Source{}
	for _, severity := range models.Severities() {
		m[severity] = s
	}
	return m
}

func TestOriginOf(t *testing.T) {
	zero, five, minute := int64(0), int64(5), int64(60)
	global := settings.DefaultGate()
	global.Hold = time.Hour
	group := func(mode models.GateMode) *models.Group {
		return &models.Group{Name: "Payments", GateMode: mode, Thresholds: models.Thresholds{Low: &five}}
	}
	own := models.Product{
		GateMode:    models.GateOwn,
		Thresholds:  models.Thresholds{Critical: &zero, High: &five},
		HoldSeconds: &minute,
	}
	at := func(s Source, severities ...models.Severity) map[models.Severity]Source {
		m := allSources(SourceUnset)
		for _, severity := range severities {
			m[severity] = s
		}
		return m
	}
	for name, test := range map[string]struct {
		global  settings.Gate
		group   *models.Group
		product models.Product
		want    Origin
	}{
		"of all products": {
			global, nil,
			models.Product{GateMode: models.GateStandard},
			Origin{active(OwnerGlobal, global.Thresholds), "", allSources(SourceGlobal), time.Hour, SourceGlobal},
		},
		"its own, an explicit 0 and unset ones": {
			global, nil, own,
			Origin{
				active(OwnerProduct, models.Counts{High: 5}),
				"",
				at(SourceProduct, models.Critical, models.High), time.Minute, SourceProduct,
			},
		},
		"its group's, but the hold time stays its own": {
			global, group(models.GateOwn), own,
			Origin{
				active(OwnerGroup, models.Counts{Low: 5}),
				"Payments",
				at(SourceGroup, models.Low), time.Minute, SourceProduct,
			},
		},
		"a standard group leaves the global policy": {
			global, group(models.GateStandard),
			models.Product{GateMode: models.GateStandard, HoldSeconds: &zero},
			Origin{active(OwnerGlobal, global.Thresholds), "", allSources(SourceGlobal), 0, SourceProduct},
		},
		"disabled by its group": {
			global, group(models.GateDisabled), own,
			Origin{Policy: Policy{Owner: OwnerGroup}, Group: "Payments", Hold: time.Minute, HoldSource: SourceProduct},
		},
		"disabled": {
			global, nil,
			models.Product{GateMode: models.GateDisabled},
			Origin{Policy: Policy{Owner: OwnerProduct}, Hold: time.Hour, HoldSource: SourceGlobal},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, OriginOf(test.global, test.group, test.product)); diff != "" {
				t.Errorf("origin (-want +got):\n%s", diff)
			}
		})
	}
}
