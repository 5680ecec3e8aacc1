package page

import "testing"

// A reason that the user cannot see is not shown as unknown.
func TestDeliveryRow_Reason(t *testing.T) {
	t.Parallel()
	for want, row := range map[string]DeliveryRow{
		"410 Gone":       {State: "dead", Reason: "410 Gone"},
		"reason unknown": {State: "cancelled"},
		"queued":         {State: "pending", Withheld: true},
		"only users who can edit the target can see the reason": {State: "dead", Withheld: true},
	} {
		if got := row.reason(); got != want {
			t.Errorf("%+v: %q, want %q", row, got, want)
		}
	}
}
