package observation

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatecrier/models"
)

// A history ends with how a report found the observation: with the values before its oldest row, or
// with the current ones. A user's own observation has a row of its own.
func TestWithFind(t *testing.T) {
	at := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	now := models.Observation{ID: 7, FirstSeenAt: at, Status: models.StatusResolved, Severity: models.Low}
	found := func(status models.Status, severity models.Severity) models.Assessment {
		return models.Assessment{
			ObservationID: 7, At: at, Action: models.ActionFind, WasStatus: status, Status: status, WasSeverity: severity,
			Severity: severity,
		}
	}
	gone := models.Assessment{
		ID: 9, Action: models.ActionResolve, WasStatus: models.StatusOpen, Status: models.StatusResolved,
		WasSeverity: models.Low, Severity: models.Low,
	}
	said := models.Assessment{
		ID: 8, Action: models.ActionAssess, WasStatus: models.StatusOpen, Status: models.StatusAffected,
		WasSeverity: models.High, Severity: models.Low,
	}
	entered := models.Assessment{ID: 5, Action: models.ActionCreate, Status: models.StatusOpen}
	type rows = []models.Assessment
	for name, test := range map[string]struct{ rows, history, want rows }{
		"nothing else": {nil, nil, rows{found(models.StatusResolved, models.Low)}},
		"changed since": {
			rows{gone, said}, rows{gone, said}, rows{gone, said, found(models.StatusOpen, models.High)},
		},
		"alone on the last page":  {nil, rows{said}, rows{found(models.StatusOpen, models.High)}},
		"entered by a user":       {rows{said, entered}, rows{said, entered}, rows{said, entered}},
		"after the page with all": {nil, rows{entered}, nil},
	} {
		if diff := cmp.Diff(test.want, withFind(test.rows, test.history, now)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
