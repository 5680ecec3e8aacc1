package ingest

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"gatecrier/models"
)

// zap reads the Traditional JSON Report of ZAP (zap-baseline.py -J): sites with alerts.
//
// An alert of a site is one finding, and its instances are the locations of it: users fix an alert,
// such as a missing header, once for all addresses, and a crawler finds other ones in each scan.
type zap struct {
	doc        *document
	typeErrs   typeErrors
	program    string
	hasVersion bool // it has ZAP's own keys for its version and time, as reports without a program
	hasTime    bool
	hasSites   bool
	foreignAt  string // the place of a site without a name or alerts; "" = none
	generated  time.Time
	created    time.Time
	subjects   subjects
	hasSite    bool   // it has one, perhaps without alerts
	failedAt   string // the place where an insight says that the scan failed; "" = it did not
	site       zapSite
	unfinished chunks[zapFinding] // of the current site
	findings   *Findings
}

// zapSite is what names a site.
type zapSite struct {
	name, host, port string
	hasAlerts        bool
}

// zapFinding is a finding whose identity and match key lack the site.
type zapFinding struct {
	compactFinding
	hasPlace bool // it has an instance
}

func newZAP(d *document, t *texts) *zap { return &zap{doc: d, findings: newFindings(t)} }

func (z *zap) typeErrors() *typeErrors { return &z.typeErrs }

func (z *zap) recognized() bool {
	if z.program != "" {
		return strings.Contains(strings.ToUpper(z.program), "ZAP") // also OWASP ZAP
	}
	return z.hasVersion && z.hasTime && z.hasSites && z.foreignAt == ""
}

// check refuses a report without a site: ZAP has reached none. It also refuses one of a scan that
// failed and found nothing.
func (z *zap) check(clean bool) error {
	switch {
	case z.typeErrs.first != nil:
		return z.typeErrs.first
	case z.failedAt != "" && !z.findings.hasActive():
		return &refusal{z.failedAt, "the scan failed and found nothing. Repeat it, and send its report"}
	case z.foreignAt != "" && !clean:
		return &refusal{
			z.foreignAt,
			"the site has no @name or no list of alerts. Repeat the scan, and send its report. " + sayClean,
		}
	case !z.hasSite && !clean:
		return &refusal{"site", "the report has no site: ZAP has reached none. Check the address of the target. " + sayClean}
	}
	return nil
}

func (z *zap) report() Report {
	r := Report{Tool: "ZAP", Subject: z.subjects.text(), MadeAt: z.created, Findings: z.findings}
	if r.MadeAt.IsZero() {
		r.MadeAt = z.generated
	}
	if z.failedAt != "" {
		r.Partial, r.Warnings = true, []string{brokeOff(z.failedAt)}
	}
	return r
}

func (z *zap) member(key string) func() error {
	switch key {
	case "@programName":
		return z.doc.textInto(&z.program)
	case "@version":
		z.hasVersion = true
	case "@generated", "created":
		z.hasTime = z.hasTime || key == "@generated"
		return func() error { return z.time(key) }
	case "site":
		return z.sites
	case "insights":
		return z.insights
	}
	return nil
}

// time reads when the report was made. @generated has no zone; created, of later versions, has one.
func (z *zap) time(key string) error {
	text, err := z.doc.scalar()
	if key == "created" {
		z.created, _ = time.Parse(time.RFC3339Nano, text) //nolint:errcheck // zero for another text
		z.created = z.created.UTC()
		return err
	}
	z.generated, _ = time.Parse("Mon, 2 Jan 2006 15:04:05", text) //nolint:errcheck // zero for another text
	return err
}

// insights reads what ZAP says of the scan itself: one of level High, such as a full disk or a
// sign-in that fails, spoils it; so does a network that always fails.
func (z *zap) insights() error {
	z.doc.typeErrs = nil
	return z.doc.array(func() error {
		var level, key, statistic string
		err := z.doc.object(func(name string) error {
			switch name {
			case "level":
				return z.doc.textInto(&level)()
			case "key":
				return z.doc.textInto(&key)()
			case "statistic":
				return z.doc.textInto(&statistic)()
			}
			return z.doc.skip()
		})
		if strings.EqualFold(level, "high") || key == "insight.network.failure" && statistic == "100" {
			z.failedAt = first(z.failedAt, z.doc.location())
		}
		return err
	})
}

// sites reads a list of sites, or the only one.
func (z *zap) sites() error {
	single := false
	z.site = zapSite{}
	given, err := z.doc.given(func(key string) error {
		single = true
		return z.siteMember(key)
	}, z.readSite)
	z.hasSites = z.hasSites || given
	if single {
		z.finishSite()
	}
	return err
}

func (z *zap) readSite() error {
	z.site = zapSite{}
	err := z.doc.object(z.siteMember)
	z.finishSite()
	return err
}

func (z *zap) siteMember(key string) error {
	switch key {
	case "@name":
		return z.doc.textInto(&z.site.name)()
	case "@host":
		return z.doc.textInto(&z.site.host)()
	case "@port":
		return z.doc.textInto(&z.site.port)()
	case "alerts":
		given, err := z.doc.given(nil, z.alert)
		z.site.hasAlerts = z.site.hasAlerts || given
		return err
	}
	return z.doc.skip()
}

// finishSite completes the findings of a site with its name.
func (z *zap) finishSite() {
	s := z.site
	if s.name == "" || !s.hasAlerts {
		z.foreignAt = first(z.foreignAt, z.doc.location())
	}
	z.hasSite = true
	z.subjects.add(s.subject())
	z.unfinished.drain(func(r *zapFinding) {
		r.identity = digestOf(s.name, string(r.identity[:]))
		r.stable = digestOf(s.name, string(r.stable[:])).short()
		r.component = z.findings.texts.put(s.name, maxComponent)
		if !r.hasPlace {
			r.location = r.component
		}
		z.findings.addCompact(r.compactFinding)
	})
}

// subject returns the host of a site, with its port unless that is the usual one.
func (s zapSite) subject() string {
	switch {
	case s.host == "":
		return s.name
	case s.port == "" || s.port == "80" || s.port == "443":
		return s.host
	}
	return s.host + ":" + s.port
}

// zapAlert has the texts of an alert; later versions write numbers as numbers too.
type zapAlert struct {
	plugin, reference, alert, name, risk, riskText, confidence, description, solution, links, cwe, wasc string
	places                                                                                              []string
}

// alert reads an alert with its instances.
func (z *zap) alert() error {
	var v zapAlert
	texts := map[string]*string{
		"pluginid": &v.plugin, "alertRef": &v.reference, "alert": &v.alert, "name": &v.name, "riskcode": &v.risk,
		"riskdesc": &v.riskText, "confidence": &v.confidence, "desc": &v.description, "solution": &v.solution,
		"reference": &v.links, "cweid": &v.cwe, "wascid": &v.wasc,
	}
	given, err := z.doc.given(func(key string) error {
		if text, ok := texts[key]; ok {
			return z.doc.textInto(text)()
		}
		if key == "instances" {
			return z.doc.array(func() error { return z.instance(&v) })
		}
		return z.doc.skip()
	}, nil)
	if given {
		z.add(&v)
	}
	return err
}

// instance reads where an alert was found. It keeps the first places in alphabetical order: that
// of the instances changes with each scan.
func (z *zap) instance(v *zapAlert) error {
	var uri, method, param string
	texts := map[string]*string{"uri": &uri, "method": &method, "param": &param}
	err := z.doc.object(func(key string) error {
		if text, ok := texts[key]; ok {
			return z.doc.textInto(text)()
		}
		return z.doc.skip()
	})
	if uri == "" {
		return err
	}
	place := uri
	if method != "" && !strings.EqualFold(method, "GET") {
		place += " " + method
	}
	if param != "" {
		place += " (" + param + ")"
	}
	at, found := slices.BinarySearch(v.places, place)
	if !found && at < maxZAPPlaces {
		v.places = slices.Insert(v.places, at, place)
		v.places = v.places[:min(len(v.places), maxZAPPlaces)]
	}
	return err
}

// maxZAPPlaces bounds the places of an alert, as the details do.
const maxZAPPlaces = 21

func (z *zap) add(v *zapAlert) {
	f := Finding{
		Title: first(v.alert, v.name, v.reference, v.plugin, "Alert"), Description: plainText(v.description),
		Fix: plainText(v.solution), Severity: v.severity(), Status: models.StatusOpen,
	}
	if v.confidence == "0" || strings.EqualFold(v.confidence, "false positive") {
		f.Status = models.StatusFalsePositive
	}
	d := models.Details{CWEs: cweNames([]string{v.cwe}), References: strings.Split(plainText(v.links), "\n")}
	if rule := first(v.reference, v.plugin); rule != f.Title {
		d.Rule = rule
	}
	if strings.HasPrefix(d.References[0], "http") {
		f.URL, d.References = d.References[0], d.References[1:]
	}
	if n, err := strconv.ParseUint(v.wasc, 10, 16); err == nil && n > 0 {
		f.Description = strings.TrimSpace(f.Description + "\nWASC-" + v.wasc)
	}
	if len(v.places) > 0 {
		f.Location, d.Locations = v.places[0], v.places[1:]
	}
	f.Details = d.Encode()
	f.Match.stable = digestOf(v.plugin, f.Title).short() // an older ZAP writes no alertRef
	r := zapFinding{hasPlace: len(v.places) > 0}
	r.compactFinding = z.findings.texts.compact(digestOf(first(v.reference, v.plugin), f.Title), f)
	z.unfinished.add(r)
}

// severity returns the severity of the risk code, else that of the word before the confidence.
func (v *zapAlert) severity() models.Severity {
	switch v.risk {
	case "3":
		return models.High
	case "2":
		return models.Medium
	case "1":
		return models.Low
	case "0":
		return models.None
	}
	word, _, _ := strings.Cut(v.riskText, "(")
	return severityOf(word)
}
