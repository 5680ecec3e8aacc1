package ingest

import (
	"encoding/json"
	"time"
)

// ocsf reads findings in the Open Cybersecurity Schema Framework (schema.ocsf.io), as Prowler and
// others write them: a list of events, one event, or JSON Lines. Each event is one finding, with
// the resources that it is about; events of other classes are none.
type ocsf struct {
	doc       *document
	typeErrs  typeErrors
	objects   ownObjects
	isFinding bool // there is an event of a class of findings, perhaps one that passed
	hasRun    bool // one of them is of a check that ran
	event     ocsfEvent
	products  subjects
	accounts  subjects
	madeAt    time.Time
	findings  *Findings
}

func newOCSF(d *document, t *texts) *ocsf { return &ocsf{doc: d, findings: newFindings(t)} }

func (o *ocsf) typeErrors() *typeErrors { return &o.typeErrs }
func (o *ocsf) recognized() bool        { return o.objects.all() }
func (o *ocsf) startElement()           { o.event = ocsfEvent{} }

// check refuses events of which none is a finding: they are not what a scan found. It also refuses
// those of checks that did not run.
func (o *ocsf) check(clean bool) error {
	switch {
	case o.typeErrs.first != nil:
		return o.typeErrs.first
	case !o.isFinding:
		return &refusal{"class_uid", "no event is a finding of a scan. Send events of the classes 2001 to 2004, 2006 or 2007"}
	case !o.hasRun && !clean:
		return &refusal{"status_code", "no check ran: all events are manual, skipped or not available. Check the rights of " +
			"the scan, and repeat it. " + sayClean}
	}
	return nil
}

// report names a tool only if there is one.
func (o *ocsf) report() Report {
	r := Report{Subject: o.accounts.text(), MadeAt: o.madeAt, Findings: o.findings}
	if len(o.products.names) == 1 {
		r.Tool = o.products.text()
	}
	return r
}

func (o *ocsf) member(key string) func() error {
	if key == "vulnerabilities" || key == "metadata" {
		return nil // other formats have them too: the detector reads them
	}
	return o.element(key)
}

func (o *ocsf) element(key string) func() error {
	e := &o.event
	switch key {
	case "class_uid":
		e.hasClass = true
		return o.doc.into(&e.class)
	case "activity_id":
		return o.doc.into(&e.activity)
	case "severity_id":
		return o.doc.into(&e.severityID)
	case "severity":
		return o.doc.textInto(&e.severity)
	case "status_id":
		return o.doc.into(&e.statusID)
	case "state_id":
		return o.doc.into(&e.stateID)
	case "status":
		return o.doc.textInto(&e.status)
	case "state":
		return o.doc.textInto(&e.state)
	case "status_code":
		return o.doc.textInto(&e.statusCode)
	case "status_detail":
		return o.doc.textInto(&e.statusDetail)
	case "message":
		return o.doc.textInto(&e.message)
	case "risk_details":
		return o.doc.textInto(&e.risk)
	case "time":
		return o.doc.textInto(&e.time)
	case "time_dt":
		return o.doc.textInto(&e.timeText)
	case "finding_info", "finding":
		e.hasInfo = true
		return o.doc.into(&e.info)
	case "remediation":
		return o.doc.into(&e.remediation)
	case "compliance":
		return o.doc.into(&e.compliance)
	case "cloud":
		return o.doc.into(&e.cloud)
	case "resources":
		return func() error { return o.doc.array(o.resource) }
	case "resource":
		return o.resource
	case "vulnerabilities":
		return func() error { return o.doc.array(o.vulnerability) }
	case "metadata":
		return func() error {
			return o.doc.object(func(key string) error {
				if read := o.metadata(key); read != nil {
					return read()
				}
				return o.doc.skip()
			})
		}
	}
	return nil
}

// metadata is member for a key of the metadata.
func (o *ocsf) metadata(key string) func() error {
	switch key {
	case "product":
		return func() error {
			return o.doc.object(func(key string) error {
				if key != "name" {
					return o.doc.skip()
				}
				return o.doc.textInto(&o.event.product)()
			})
		}
	case "event_code":
		return o.doc.textInto(&o.event.code)
	}
	return nil
}

// resource reads a resource, and skips its data, which can be large.
func (o *ocsf) resource() error {
	var r ocsfResource
	texts := map[string]*string{
		"uid": &r.uid, "name": &r.name, "type": &r.kind, "region": &r.region, "namespace": &r.namespace,
	}
	given, err := o.doc.given(func(key string) error {
		if text, ok := texts[key]; ok {
			return o.doc.textInto(text)()
		}
		return o.doc.skip()
	}, nil)
	if given {
		o.event.addResource(r)
	}
	return err
}

func (o *ocsf) vulnerability() error {
	if len(o.event.vulnerabilities) == maxOCSFDetails {
		return o.doc.skip()
	}
	var v ocsfVulnerability
	ok, err := o.doc.decodeStrict(&v)
	if ok {
		o.event.vulnerabilities = append(o.event.vulnerabilities, v)
	}
	return err
}

// rawVulnerability is vulnerability for the text of an element, which can be of another format.
func (o *ocsf) rawVulnerability(raw json.RawMessage) {
	if o.event.tried == maxOCSFDetails {
		return
	}
	o.event.tried++
	var v ocsfVulnerability
	if json.Unmarshal(raw, &v) == nil {
		o.event.vulnerabilities = append(o.event.vulnerabilities, v)
	}
}

// endElement adds the event if it is a finding.
func (o *ocsf) endElement() {
	e := &o.event
	if !o.objects.note(e.hasClass && (e.hasInfo || !e.isFinding()), o.doc, o.typeErrs) {
		return
	}
	if !e.isFinding() {
		return
	}
	o.isFinding = true
	o.products.add(e.product)
	o.accounts.add(e.account())
	if at := e.madeAt(); at.After(o.madeAt) {
		o.madeAt = at
	}
	o.hasRun = o.hasRun || !e.notRun()
	if e.passed() || e.notRun() {
		return
	}
	o.findings.add(e.identity(), e.finding())
}
