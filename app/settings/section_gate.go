package settings

import (
	"strings"
	"time"

	"gatecrier/models"
)

func gateSection() Section {
	s := Section{
		Name:  SectionGate,
		Title: "Security gate",
		Summary: "What counts for products in standard mode. A change looks at all their gates again in the " +
			"background, and announces what has changed.",
		Fields: []Field{{
			Name:    "active",
			Label:   "SECURITY_GATE_ACTIVE",
			Kind:    KindBool,
			Default: true,
			Help:    "Off: standard products have no gate; those with thresholds of their own keep theirs.",
		}},
	}
	for _, sev := range models.Severities() {
		s.Fields = append(s.Fields, Field{
			Name:    "threshold_" + sev.String(),
			Label:   "SECURITY_GATE_THRESHOLD_" + strings.ToUpper(sev.String()),
			Kind:    KindInt,
			Default: DefaultGate().Thresholds.Of(sev),
			Min:     0,
			Max:     models.MaxThreshold,
			Help:    "The gate fails with more active " + sev.String() + " observations than this.",
		})
	}
	s.Fields = append(s.Fields, Field{
		Name:    "hold_seconds",
		Label:   "SECURITY_GATE_HOLD",
		Kind:    KindInt,
		Default: int64(0),
		Max:     int64(MaxHold / time.Second),
		Unit:    "seconds",
		Help: "How long a new state has to stand before it is announced; 0: at once. " +
			"One that returns before that is in the history alone. A product may have its own time.",
	})
	return s
}
