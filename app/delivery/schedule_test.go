package delivery

import (
	"testing"
	"time"

	"gatecrier/app/module"
	"gatecrier/models"
)

func TestAfterAttempt_FollowsTheSchedule(t *testing.T) {
	began := time.Unix(1_700_000_000, 0)
	d, now := models.Delivery{Origin: models.OriginEvent, DueSince: began}, began
	want := []time.Duration{
		5 * time.Second,
		30 * time.Second,
		2 * time.Minute,
		10 * time.Minute,
		30 * time.Minute,
		2 * time.Hour,
		6 * time.Hour,
		12 * time.Hour,
	}
	for i, wait := range want {
		d = afterAttempt(d, module.Transient("503"), now, 0.5)
		if d.State != models.DeliveryRetrying || d.NextAt.Sub(now) != wait {
			t.Fatalf("after attempt %d: %s, next in %v, want retrying in %v", i+1, d.State, d.NextAt.Sub(now), wait)
		}
		now = d.NextAt
	}
	d = afterAttempt(d, module.Transient("503"), now, 0.5)
	if d.State != models.DeliveryDead || d.Attempts != 9 || !d.NextAt.IsZero() || d.FinishedAt != now {
		t.Errorf("after the ninth attempt: %+v", d)
	}
}

func TestAfterAttempt_SpreadsWaits(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	for chance, want := range map[float64]time.Duration{0: 4 * time.Second, 0.5: 5 * time.Second, 1: 6 * time.Second} {
		d := afterAttempt(models.Delivery{Origin: models.OriginEvent, DueSince: now}, module.Transient(""), now, chance)
		if got := d.NextAt.Sub(now); got != want {
			t.Errorf("chance %v: in %v, want %v", chance, got, want)
		}
	}
}

func TestAfterAttempt_ByResult(t *testing.T) {
	const retrying = models.DeliveryRetrying
	now := time.Unix(1_700_000_000, 0)
	tests := map[string]struct {
		before int // attempts
		age    time.Duration
		result module.Result
		state  models.DeliveryState
		wait   time.Duration
	}{
		"delivered":                   {0, 0, module.Delivered("200 OK"), models.DeliveryDelivered, 0},
		"gone":                        {0, 0, module.Gone("410"), models.DeliveryDead, 0},
		"permanent":                   {0, 0, module.Permanent("too large"), models.DeliveryDead, 0},
		"skipped":                     {0, 0, module.Skipped("EMAIL_FROM is empty"), models.DeliverySkipped, 0},
		"rejected, first":             {0, 0, module.Rejected("404"), retrying, 5 * time.Second},
		"rejected, second":            {1, 0, module.Rejected("404"), retrying, 30 * time.Second},
		"rejected, third":             {2, 0, module.Rejected("404"), models.DeliveryDead, 0},
		"refused by the guard, third": {2, 0, module.Blocked("private address"), models.DeliveryDead, 0},
		"asked to wait for longer":    {0, 0, module.RetryAfter(time.Minute, "429"), retrying, time.Minute},
		"asked to wait for less":      {0, 0, module.RetryAfter(time.Second, "429"), retrying, 5 * time.Second},
		"asked to wait for too long":  {0, 0, module.RetryAfter(100*time.Hour, "429"), retrying, 6 * time.Hour},
		"too old":                     {3, 72 * time.Hour, module.Transient("503"), models.DeliveryDead, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d := models.Delivery{
				Origin: models.OriginEvent, Attempts: test.before, Spent: test.before, DueSince: now.Add(-test.age),
			}
			d = afterAttempt(d, test.result, now, 0.5)
			if d.State != test.state || d.Attempts != test.before+1 || d.Reason != test.result.Reason {
				t.Errorf("%+v, want %s", d, test.state)
			}
			if test.wait > 0 && d.NextAt.Sub(now) != test.wait {
				t.Errorf("next in %v, want %v", d.NextAt.Sub(now), test.wait)
			}
		})
	}
}
