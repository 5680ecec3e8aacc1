package ingest

import (
	"slices"
	"strconv"
	"strings"

	"gatecrier/models"
)

// leftovers are the observations whose identity no finding of a report has. There can be as many
// as a report has findings, so they are compact.
type leftovers struct {
	list   []leftover
	names  map[int32][]shortDigest // of vulnerabilities, by number in list
	legacy int                     // how many were stored before there were match keys
}

// leftover is an observation without its texts.
type leftover struct {
	id                         int64
	key                        matchKey
	line                       int32
	status, reported, assessed uint8 // numbers of statuses; assessed is 0 for none
	severity                   uint8
	reportSeverity             uint8 // noSeverity unless users have assessed the severity
	kev, unfixed               bool
	resolved                   bool // by an earlier import
	legacy                     bool // its key comes from its texts
	paired                     bool
}

func (l *leftovers) add(o *models.Observation) {
	key, ok := storedMatchKey(o.MatchKey)
	switch {
	case !ok:
		key = legacyKey(o.Title, o.Component, o.Location, o.Description)
		l.legacy++
	case key.component != (shortDigest{}):
		if l.names == nil {
			l.names = map[int32][]shortDigest{}
		}
		l.names[int32(len(l.list))] = namesIn(key.component, o.Title, o.Details) //nolint:gosec // fewer rows
	}
	left := leftover{
		id: o.ID, key: key, line: lineIn(o.Location), status: statusNumber(o.Status), reported: statusNumber(o.ReportStatus),
		assessed: statusNumber(o.Assessed.Status), severity: uint8(o.Severity), //nolint:gosec // six severities
		reportSeverity: noSeverity, resolved: !o.InReport(), legacy: !ok,
		kev: o.KEV, unfixed: o.Unfixed,
	}
	if s := o.Assessed.ReportSeverity; s != nil {
		left.reportSeverity = uint8(*s) //nolint:gosec // six severities
	}
	l.list = append(l.list, left)
}

// observation returns what matchKnown needs of the observation.
func (l *leftover) observation(d *diff) *models.Observation {
	o := &models.Observation{
		ID: l.id, Severity: models.Severity(l.severity), Status: allStatuses[l.status],
		ReportStatus: allStatuses[l.reported], Assessed: models.Assessed{Status: allStatuses[l.assessed]},
		KEV: l.kev, Unfixed: l.unfixed,
	}
	if l.reportSeverity != noSeverity {
		s := models.Severity(l.reportSeverity)
		o.Assessed.ReportSeverity = &s
	}
	if l.resolved {
		o.ResolvedAt = d.now
	}
	return o
}

func (l *leftover) flags() models.Flags { return models.Flags{KEV: l.kev, Unfixed: l.unfixed} }

// milder reports whether users have assessed the observation as less severe than its report says.
func (l *leftover) milder() bool {
	return l.assessed != 0 && !allStatuses[l.assessed].Active() ||
		l.reportSeverity != noSeverity && l.severity > l.reportSeverity
}

// allStatuses are the statuses of observations by number; 0 is none.
var allStatuses = [...]models.Status{
	"", models.StatusOpen, models.StatusAffected, models.StatusInReview, models.StatusResolved, models.StatusDuplicate,
	models.StatusFalsePositive, models.StatusNotAffected, models.StatusNotSecurity, models.StatusRiskAccepted,
}

func statusNumber(s models.Status) uint8 {
	return uint8(max(0, slices.Index(allStatuses[:], s))) //nolint:gosec // ten statuses
}

// namesIn returns the hashes of the names of a vulnerability in a component: its title, if that is an
// ID, and its aliases.
func namesIn(component shortDigest, title string, details models.EncodedDetails) []shortDigest {
	var list []shortDigest
	for _, name := range append(details.Decode().Aliases, idIn(title)) {
		if name = strings.ToUpper(strings.TrimSpace(name)); name != "" && !sharedID.MatchString(name) {
			list = append(list, digestOf(string(component[:]), name).short())
		}
	}
	return list
}

// legacyKey returns a key of the texts of an observation that was stored before there were match
// keys: print has all of them, stable the ones that name it, component those without the line
// and the tag of an image.
func legacyKey(title, component, location, description string) matchKey {
	return matchKey{
		print:     digestOf(title, component, location, description).short(),
		stable:    digestOf(title, component, location).short(),
		component: digestOf(title, component, withoutMarks(location)).short(),
	}
}

// withoutMarks returns a location without what follows a blank, a digest, a line or a tag.
func withoutMarks(location string) string {
	location, _, _ = strings.Cut(location, " (")
	location, _, _ = strings.Cut(location, "@sha256:")
	if colon := strings.LastIndexByte(location, ':'); colon > strings.LastIndexByte(location, '/') {
		location = location[:colon]
	}
	return location
}

// lineIn returns the line at the end of a location, 0 for none.
func lineIn(location string) int32 {
	colon := strings.LastIndexByte(location, ':')
	if colon < 0 {
		return 0
	}
	n, err := strconv.ParseInt(location[colon+1:], 10, 32)
	if err != nil {
		return 0
	}
	return int32(n)
}
