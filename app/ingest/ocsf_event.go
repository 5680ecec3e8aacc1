package ingest

import (
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatecrier/models"
)

// ocsfEvent is an event of OCSF.
type ocsfEvent struct {
	hasClass, hasInfo                   bool
	class, activity                     float64
	severityID, statusID, stateID       float64
	severity, status, state, statusCode string
	statusDetail, message, risk         string
	time, timeText                      string
	product, code                       string // of the metadata; the code is Prowler's name of the check
	info                                ocsfInfo
	remediation                         ocsfRemediation
	compliance                          ocsfCompliance
	cloud                               ocsfCloud
	resources                           []ocsfResource // the first ones
	exact, stable                       digestSum      // of all resources, stable without their IDs
	tried                               int            // vulnerabilities
	vulnerabilities                     []ocsfVulnerability
}

type ocsfInfo struct {
	Title       anyText         `json:"title"`
	UID         anyText         `json:"uid"`
	Description anyText         `json:"desc"`
	URL         anyText         `json:"src_url"`
	Remediation ocsfRemediation `json:"remediation"` // before OCSF 1.1
}

type ocsfRemediation struct {
	Description anyText          `json:"desc"`
	References  firstFew[string] `json:"references"`
}

type ocsfCompliance struct {
	Status   anyText `json:"status"`
	StatusID score   `json:"status_id"`
}

type ocsfCloud struct {
	Account struct {
		UID anyText `json:"uid"`
	} `json:"account"`
	Region anyText `json:"region"`
}

type ocsfResource struct{ uid, name, kind, region, namespace string }

// digestSum is the hash of a set, in any order.
type digestSum [2]uint64

func (s *digestSum) add(d digest) {
	s[0] += binary.LittleEndian.Uint64(d[:8])
	s[1] += binary.LittleEndian.Uint64(d[8:])
}

func (s *digestSum) text() string {
	var text [16]byte
	binary.LittleEndian.PutUint64(text[:8], s[0])
	binary.LittleEndian.PutUint64(text[8:], s[1])
	return string(text[:])
}

// maxOCSFDetails bounds the resources and the vulnerabilities of an event that are kept.
const maxOCSFDetails = 20

func (e *ocsfEvent) addResource(r ocsfResource) {
	e.exact.add(digestOf(first(r.uid, r.name), r.kind, r.region, r.namespace))
	e.stable.add(digestOf(first(r.name, r.uid), r.kind, r.region, r.namespace))
	if len(e.resources) < maxOCSFDetails {
		e.resources = append(e.resources, r)
	}
}

// isFinding reports whether the class is one of findings. An incident (2005) is none: it groups
// findings.
func (e *ocsfEvent) isFinding() bool {
	switch e.class {
	case 2001, 2002, 2003, 2004, 2006, 2007:
		return true
	}
	return false
}

// passedWords are the status codes of checks that found nothing, and notRunWords of those that have
// not run.
var (
	passedWords = map[string]bool{"pass": true, "passed": true, "success": true, "ok": true, "compliant": true}
	notRunWords = map[string]bool{
		"manual": true, "skipped": true, "info": true, "not_applicable": true, "not_available": true,
	}
)

// passed reports whether a check found nothing. An unknown status code counts as a failure.
func (e *ocsfEvent) passed() bool {
	return e.statusCode == "" && e.compliance.StatusID.value == 1 || passedWords[e.result()]
}

// notRun reports whether a check has not run.
func (e *ocsfEvent) notRun() bool { return !e.passed() && notRunWords[e.result()] }

// result returns the word for what a check found.
func (e *ocsfEvent) result() string {
	return strings.ToLower(first(e.statusCode, string(e.compliance.Status)))
}

// statusOf returns the status. Findings of the class 2001 have a state in its place.
func (e *ocsfEvent) statusOf() models.Status {
	id, word := e.statusID, e.status
	if e.class == 2001 && (e.stateID != 0 || e.state != "") {
		id, word = e.stateID, e.state
	}
	if id == 0 || id == 99 {
		id = map[string]float64{"in progress": 2, "suppressed": 3, "resolved": 4}[strings.ToLower(word)]
	}
	const closed = 3 // an activity
	switch {
	case id == 3:
		return models.StatusRiskAccepted
	case id == 4, e.activity == closed:
		return models.StatusResolved
	case id == 2 && e.class != 2001:
		return models.StatusInReview
	}
	return models.StatusOpen
}

// severityOf returns the severity, else that of the vulnerabilities.
func (e *ocsfEvent) severityOf() models.Severity {
	switch e.severityID {
	case 6, 5: // fatal, critical
		return models.Critical
	case 4:
		return models.High
	case 3:
		return models.Medium
	case 2:
		return models.Low
	case 1:
		return models.None
	}
	worst := severityOf(e.severity)
	if strings.EqualFold(e.severity, "fatal") {
		worst = models.Critical
	}
	if worst != models.Unknown {
		return worst
	}
	for i := range e.vulnerabilities {
		worst = min(worst, e.vulnerabilities[i].severity())
	}
	return worst
}

// madeAt returns the time of the event: in milliseconds, or in seconds as Prowler writes it.
func (e *ocsfEvent) madeAt() time.Time {
	if at := timeOf(e.timeText); !at.IsZero() {
		return at
	}
	n, err := strconv.ParseFloat(e.time, 64)
	const year5138 = 1e11 // in seconds; in milliseconds 1973
	switch {
	case err != nil || n <= 0 || n >= year5138*1000:
		return time.Time{}
	case n < year5138:
		return time.Unix(int64(n), 0).UTC()
	}
	return time.UnixMilli(int64(n)).UTC()
}

// rule returns what names the check, in each report.
func (e *ocsfEvent) rule() string { return first(e.code, string(e.info.Title), e.message) }

func (e *ocsfEvent) account() string { return string(e.cloud.Account.UID) }

func (e *ocsfEvent) identity() digest {
	parts := []string{e.product, e.rule(), string(e.info.UID), e.account(), string(e.cloud.Region), e.exact.text()}
	for i := range e.vulnerabilities {
		parts = e.vulnerabilities[i].identify(parts, true)
	}
	return digestOf(parts...)
}

// matchKey comes from the check and the resources by their names, without the finding's ID: some
// tools make another one in each scan.
func (e *ocsfEvent) matchKey() matchKey {
	parts := []string{e.product, first(e.code, e.title()), e.account(), string(e.cloud.Region), e.stable.text()}
	for i := range e.vulnerabilities {
		parts = e.vulnerabilities[i].identify(parts, false)
	}
	key := matchKey{stable: digestOf(parts...).short()}
	if v := e.vulnerability(); v != nil && len(v.Packages.v) > 0 {
		key.component = digestOf("component", e.account(), e.stable.text(), v.packageNames()).short()
	}
	return key
}

// vulnerability returns the only vulnerability if it has a name of its own, else nil.
func (e *ocsfEvent) vulnerability() *ocsfVulnerability {
	if len(e.vulnerabilities) != 1 || e.vulnerabilities[0].id() == "" {
		return nil
	}
	return &e.vulnerabilities[0]
}

func (e *ocsfEvent) title() string {
	if v := e.vulnerability(); v != nil {
		return v.id()
	}
	message, _, _ := strings.Cut(strings.TrimSpace(e.message), "\n")
	return first(strings.TrimSpace(string(e.info.Title)), message, e.code, string(e.info.UID), "Finding")
}

// finding returns the finding without its identity.
func (e *ocsfEvent) finding() Finding {
	f := Finding{
		Match: e.matchKey(), Title: e.title(), Severity: e.severityOf(), Status: e.statusOf(),
		Description: first(e.statusDetail, e.message, string(e.info.Description), e.risk),
		Fix:         first(string(e.remediation.Description), string(e.info.Remediation.Description)),
		URL:         string(e.info.URL), Component: e.resource(), Location: e.place(),
	}
	d := models.Details{References: append(e.remediation.References.v, e.info.Remediation.References.v...)}
	var ratings []rating
	for i := range e.vulnerabilities {
		ratings = append(ratings, e.vulnerabilities[i].addTo(&f, &d)...)
	}
	highestRating(ratings...).addTo(&d)
	if names := e.packages(); names != "" {
		f.Component, f.Location = names, first(f.Location, e.resource())
	}
	if f.URL == "" && len(d.References) > 0 {
		f.URL, d.References = d.References[0], d.References[1:]
	}
	if e.code != f.Title {
		d.Rule = e.code
	}
	for _, r := range e.resources[min(len(e.resources), 1):] {
		d.Locations = append(d.Locations, first(r.uid, r.name))
	}
	f.Details = d.Encode()
	return f
}

// resource returns the name of the first resource.
func (e *ocsfEvent) resource() string {
	if len(e.resources) == 0 {
		return ""
	}
	r := e.resources[0]
	if strings.Contains(r.uid, r.name) { // such as an ARN
		return r.uid
	}
	return first(r.name, r.uid)
}

// place returns the file, else the namespace, else the account and the region.
func (e *ocsfEvent) place() string {
	for i := range e.vulnerabilities {
		for _, c := range e.vulnerabilities[i].Code.v {
			if file := first(string(c.File.v.Path), string(c.File.v.Name)); file != "" {
				return fileLine(file, lineOf(c.Line.value))
			}
		}
	}
	region := string(e.cloud.Region)
	if len(e.resources) > 0 {
		if e.resources[0].namespace != "" {
			return e.resources[0].namespace
		}
		region = first(e.resources[0].region, region)
	}
	return strings.Trim(e.account()+"/"+region, "/")
}

// packages returns the names and versions of the affected packages.
func (e *ocsfEvent) packages() string {
	var names []string
	for i := range e.vulnerabilities {
		for _, p := range e.vulnerabilities[i].Packages.v {
			name := strings.TrimSpace(string(p.Name + " " + p.Version))
			if name != "" && !slices.Contains(names, name) && len(names) < maxOCSFDetails {
				names = append(names, name)
			}
		}
	}
	return strings.Join(names, ", ")
}
