package models

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
)

// Flags are what a gate can look at in an observation beside its severity.
type Flags struct {
	KEV     bool // it is known to be exploited
	Unfixed bool // it has no fix
}

// Flags returns the observation's flags.
func (o Observation) Flags() Flags { return Flags{KEV: o.KEV, Unfixed: o.Unfixed} }

// Counting is the part of a gate policy that says what counts. The zero value counts all active
// observations by their severity.
type Counting struct {
	OnlyFixable   bool `gorm:"column:only_fixable"`    // an observation without a fix does not count
	KEVAsCritical bool `gorm:"column:kev_as_critical"` // a known exploited one counts as critical
}

// Any reports whether something counts otherwise than by its severity.
func (c Counting) Any() bool { return c != Counting{} }

// CountsAs returns the severity as which an active observation counts, and whether it counts at
// all. An observation without a fix does not count with OnlyFixable, known to be exploited or not.
func (c Counting) CountsAs(s Severity, f Flags) (as Severity, counts bool) {
	if c.KEVAsCritical && f.KEV {
		s = Critical
	}
	return s, !c.OnlyFixable || !f.Unfixed
}

// Breakdown counts active observations by severity: all of them, and those with flags. Bare
// counts have no flags.
type Breakdown struct {
	Counts     Counts // all
	Unfixed    Counts // those without a fix
	KEV        Counts // those known to be exploited
	UnfixedKEV Counts // those known to be exploited that have no fix
}

// Add changes the number of observations of a severity and with some flags by n.
func (b *Breakdown) Add(s Severity, f Flags, n int64) {
	b.Counts.Add(s, n)
	if f.Unfixed {
		b.Unfixed.Add(s, n)
	}
	if f.KEV {
		b.KEV.Add(s, n)
	}
	if f.Unfixed && f.KEV {
		b.UnfixedKEV.Add(s, n)
	}
}

// Plus returns the sum.
func (b Breakdown) Plus(o Breakdown) Breakdown {
	return Breakdown{
		Counts:     b.Counts.Plus(o.Counts),
		Unfixed:    b.Unfixed.Plus(o.Unfixed),
		KEV:        b.KEV.Plus(o.KEV),
		UnfixedKEV: b.UnfixedKEV.Plus(o.UnfixedKEV),
	}
}

// Minus returns the difference.
func (b Breakdown) Minus(o Breakdown) Breakdown {
	return Breakdown{
		Counts:     b.Counts.Minus(o.Counts),
		Unfixed:    b.Unfixed.Minus(o.Unfixed),
		KEV:        b.KEV.Minus(o.KEV),
		UnfixedKEV: b.UnfixedKEV.Minus(o.UnfixedKEV),
	}
}

// Effective returns how many observations count, by the severity as which they count.
func (b Breakdown) Effective(c Counting) Counts {
	counts, kev := b.Counts, b.KEV
	if c.OnlyFixable {
		counts, kev = counts.Minus(b.Unfixed), kev.Minus(b.UnfixedKEV)
	}
	if c.KEVAsCritical {
		counts = counts.Minus(kev)
		counts.Critical += kev.Total()
	}
	return counts
}

// flaggedColumn is a Breakdown as the column flagged of sources and branches, which leaves out what
// the columns of the severities have.
type flaggedColumn struct {
	Counts     Counts `json:"-"`
	Unfixed    Counts `json:"unfixed,omitzero"`
	KEV        Counts `json:"kev,omitzero"`
	UnfixedKEV Counts `json:"unfixed_kev,omitzero"`
}

// Value implements driver.Valuer.
func (f flaggedColumn) Value() (driver.Value, error) {
	if f.Counts = (Counts{}); f == (flaggedColumn{}) {
		return "", nil
	}
	text, err := json.Marshal(f)
	return string(text), err
}

// Scan implements sql.Scanner.
func (f *flaggedColumn) Scan(src any) error {
	var text []byte
	switch v := src.(type) {
	case string:
		text = []byte(v)
	case []byte:
		text = v
	default:
		return fmt.Errorf("counts of flagged observations in a %T", src)
	}
	read := flaggedColumn{Counts: f.Counts}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &read); err != nil {
			return fmt.Errorf("read the counts of flagged observations: %w", err)
		}
	}
	*f = read
	return nil
}

func (b *Breakdown) dst() []any { return append(b.Counts.dst(), (*flaggedColumn)(b)) }

func (b Breakdown) args() []any { return append(b.Counts.args(), flaggedColumn(b)) }
