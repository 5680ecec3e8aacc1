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
		Summary: "The thresholds of products in standard mode. After a change, all their gates are evaluated again " +
			"in the background; gates that change send notifications.",
		Fields: []Field{{
			Name:     "active",
			Label:    "Security gates",
			Constant: "SECURITY_GATE_ACTIVE",
			Kind:     KindBool,
			Default:  true,
			Help:     "If off, only products with their own thresholds have a gate.",
		}},
	}
	for _, sev := range models.Severities() {
		s.Fields = append(s.Fields, Field{
			Name:     "threshold_" + sev.String(),
			Label:    "Threshold for " + sev.String(),
			Constant: "SECURITY_GATE_THRESHOLD_" + strings.ToUpper(sev.String()),
			Kind:     KindInt,
			Default:  DefaultGate().Thresholds.Of(sev),
			Min:      0,
			Max:      models.MaxThreshold,
			NoLimit:  NoLimit,
			Help:     "The gate fails with more active observations of this severity. 99,999 or more: no threshold.",
		})
	}
	s.Fields = append(s.Fields, countingFields()...)
	s.Fields = append(s.Fields, Field{
		Name:     "hold_seconds",
		Label:    "Hold time",
		Constant: "SECURITY_GATE_HOLD",
		Kind:     KindInt,
		Default:  int64(0),
		Max:      int64(MaxHold / time.Second),
		Unit:     "seconds",
		Help: "How long a new state must last before it sends notifications. 0: immediately. A gate that " +
			"returns earlier notifies no one; the history shows it. A product can have its own time.",
	})
	return s
}

// countingFields are the settings that decide which observations count.
func countingFields() []Field {
	return []Field{
		{
			Name:     "only_fixable",
			Label:    "Count only observations with a fix",
			Constant: "SECURITY_GATE_ONLY_FIXABLE",
			Kind:     KindBool,
			Default:  false,
			Help:     OnlyFixableHelp,
		},
		{
			Name:     "kev_as_critical",
			Label:    "Count known exploited observations as critical",
			Constant: "SECURITY_GATE_KEV_AS_CRITICAL",
			Kind:     KindBool,
			Default:  false,
			Help:     KEVAsCriticalHelp,
		},
	}
}

// The help of the settings that decide which observations count. Products and groups have them too.
const (
	OnlyFixableHelp = "A vulnerability of a package that has no fixed version does not count, known exploited or not. " +
		"All others count: code, secrets, misconfigurations, licenses, bare counts, and reports that do not name fixes."
	KEVAsCriticalHelp = "An observation that its report names as known to be exploited (CISA's KEV catalog) counts as " +
		"critical, whatever its severity."
)
