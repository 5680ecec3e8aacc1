package silence_test

import (
	"testing"
	"time"

	"gatecrier/app/event"
	"gatecrier/app/silence"
	"gatecrier/models"
)

func TestMatches(t *testing.T) {
	at := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	gate := silence.Subject{
		Type:      event.GateChanged,
		ProductID: 7,
		GroupID:   3,
		Name:      "Security gate failed",
		Message:   "2 critical: CVE-1",
		At:        at,
	}
	task := silence.Subject{Type: event.ExceptionTask, ProductID: 7, Name: "Exception E", Message: "secret", At: at}
	during := func(s models.Silence) models.Silence {
		s.StartsAt, s.EndsAt = at, at.Add(time.Hour)
		return s
	}
	mandatory := func(kind event.Type) silence.Subject { return silence.Subject{Type: kind, ProductID: 7, At: at} }
	for name, test := range map[string]struct {
		s    models.Silence
		sub  silence.Subject
		want bool
	}{
		"all":                         {during(models.Silence{}), gate, true},
		"its product":                 {during(models.Silence{ProductID: 7}), gate, true},
		"another product":             {during(models.Silence{ProductID: 8}), gate, false},
		"its group":                   {during(models.Silence{GroupID: 3}), gate, true},
		"another group":               {during(models.Silence{GroupID: 4}), gate, false},
		"its type":                    {during(models.Silence{Type: "gate.changed"}), gate, true},
		"another type":                {during(models.Silence{Type: "waiver.expiring"}), gate, false},
		"text of the name":            {during(models.Silence{Text: "gate FAILED"}), gate, true},
		"text of the message":         {during(models.Silence{Text: "cve-1"}), gate, true},
		"text of neither":             {during(models.Silence{Text: "cve-2"}), gate, false},
		"at its end":                  {models.Silence{StartsAt: at.Add(-time.Hour), EndsAt: at}, gate, false},
		"before it":                   {models.Silence{StartsAt: at.Add(1), EndsAt: at.Add(time.Hour)}, gate, false},
		"a task's message, all":       {during(models.Silence{Text: "secret"}), task, true},
		"a task's message, a product": {during(models.Silence{ProductID: 7, Text: "secret"}), task, false},
		"a task's name, a product":    {during(models.Silence{ProductID: 7, Text: "exception"}), task, true},
		"connector.error":             {during(models.Silence{}), mandatory(event.ConnectorBroken), false},
		"connector.recovered":         {during(models.Silence{}), mandatory(event.ConnectorRecovered), false},
		"silence.ended":               {during(models.Silence{}), mandatory(event.SilenceHasEnded), false},
	} {
		if got := silence.Matches(test.s, test.sub); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
