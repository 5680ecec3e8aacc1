package page

import "testing"

// A reason that the user cannot see is not said to be unknown.
func TestDeliveryRow_Reason(t *testing.T) {
	t.Parallel()
	for want, row := range map[string]DeliveryRow{
		"410 Gone":           {State: "dead", Reason: "410 Gone"},
		"no reason was kept": {State: "cancelled"},
		"waits for its turn": {State: "pending", Withheld: true},
		"only users who can edit the target see the reason": {State: "dead", Withheld: true},
	} {
		if got := row.reason(); got != want {
			t.Errorf("%+v: %q, want %q", row, got, want)
		}
	}
}
