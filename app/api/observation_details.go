package api

import (
	"time"

	"gatecrier/app/fault"
	"gatecrier/models"
)

// DetailsBody is what the report knows of an observation beyond its main texts.
type DetailsBody struct {
	CVSS         *cvssBody  `json:"cvss" doc:"null: not in the report"`
	EPSS         *epssBody  `json:"epss" doc:"null: not in the report"`
	KEV          bool       `json:"kev" doc:"In CISA's catalog of known exploited vulnerabilities, according to the report"`
	CWEs         []string   `json:"cwes" nullable:"false" doc:"Weaknesses, such as CWE-79"`
	Aliases      []string   `json:"aliases" nullable:"false" doc:"Other IDs of the vulnerability"`
	References   []string   `json:"references" nullable:"false" doc:"As in the report: not checked, and not always URLs"`
	PURL         string     `json:"purl" doc:"The package URL of the component"`
	Locations    []string   `json:"locations" nullable:"false" doc:"More locations, in addition to location"`
	FixAvailable *bool      `json:"fix_available" doc:"true: a fix exists, see fix; false: no version fixes it yet; null: not in the report"`
	Rule         string     `json:"rule" doc:"The ID or the name of the rule or the vulnerability, if the title differs"`
	Kind         string     `json:"kind" doc:"Its kind, such as license or secret; empty if the title says it"`
	Moved        *movedBody `json:"moved" doc:"The last time that it moved or was renamed in a report, or null"`
}

// cvssBody is a CVSS score with its vector.
type cvssBody struct {
	Score  *float64 `json:"score" doc:"0.1 to 10, or null"`
	Vector string   `json:"vector" doc:"Its metrics, such as CVSS:3.1/AV:N/..., or empty"`
}

// epssBody is how likely a vulnerability is exploited.
type epssBody struct {
	Probability float64  `json:"probability" doc:"The probability that it is exploited within 30 days, from 0 to 1"`
	Percentile  *float64 `json:"percentile" doc:"The share of vulnerabilities with a lower probability, from 0 to 1, or null"`
}

// movedBody is the last move of an observation.
type movedBody struct {
	At   time.Time `json:"at"`
	From string    `json:"from" doc:"Its previous location or name"`
}

func detailsOf(o models.Observation) DetailsBody {
	d := o.Details.Decode()
	b := DetailsBody{
		KEV:        o.KEV,
		CWEs:       orEmpty(d.CWEs),
		Aliases:    orEmpty(d.Aliases),
		References: orEmpty(d.References),
		PURL:       d.PURL,
		Locations:  orEmpty(d.Locations),
		Rule:       d.Rule,
		Kind:       d.Kind,
	}
	if d.Score != 0 || d.Vector != "" {
		b.CVSS = &cvssBody{Score: unlessZero(d.Score), Vector: d.Vector}
	}
	if d.EPSS != 0 || d.Percentile != 0 {
		b.EPSS = &epssBody{Probability: d.EPSS, Percentile: unlessZero(d.Percentile)}
	}
	if fixable := o.Fix != ""; fixable || o.Unfixed {
		b.FixAvailable = &fixable
	}
	if !o.MovedAt.IsZero() {
		b.Moved = &movedBody{At: o.MovedAt, From: o.MovedFrom}
	}
	return b
}

// weaknessOf returns the weakness that a filter names, or an error of the field.
func weaknessOf(field, text string) (string, error) {
	if text == "" {
		return "", nil
	}
	id, ok := models.WeaknessID(text)
	if !ok {
		return "", fault.BadField(field, "Enter a weakness such as CWE-79, or its number")
	}
	return id, nil
}

// orEmpty returns a list that JSON has as a list, also without elements.
func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
