package ingest

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"gatecrier/models"
)

// truffleHog reads the JSON of TruffleHog 3 (trufflehog git --json): JSON Lines, or a list of their
// objects. Messages of TruffleHog, which it writes to the standard error output, can be among the
// secrets: a scan that found nothing consists of them. Without them, the file is empty, and refused.
type truffleHog struct {
	doc      *document
	typeErrs typeErrors
	objects  ownObjects
	findings *Findings
	current  truffleHogObject
	scan     truffleHogScan
}

// truffleHogObject is a secret, or a message.
type truffleHogObject struct {
	hasSource, hasDetector        bool
	detector, about               string
	verified                      bool
	raw, rawV2, verificationError string
	place                         truffleHogPlace
	name, guide                   string // of ExtraData
	logger, level, message        string
	counts                        [2]string // of truffleHogCounts
}

func newTruffleHog(d *document, t *texts) *truffleHog {
	return &truffleHog{doc: d, findings: newFindings(t)}
}

func (t *truffleHog) typeErrors() *typeErrors { return &t.typeErrs }
func (t *truffleHog) recognized() bool        { return t.objects.all() }
func (t *truffleHog) startElement()           { t.current = truffleHogObject{} }

// check refuses a scan that found nothing, and did not end or had errors: TruffleHog ends without a
// failure after some, such as that of a branch that does not exist. It also refuses messages that
// count secrets without these.
func (t *truffleHog) check(clean bool) error {
	switch at := t.scan.lostAt(); {
	case t.typeErrs.first != nil:
		return t.typeErrs.first
	case t.findings.Len() > 0:
		return nil
	case at != "":
		return &refusal{at, "the scan found secrets that the file does not have. TruffleHog writes them to its standard " +
			"output, and its messages to the error output: send both, trufflehog git --json ... > FILE 2>&1"}
	case clean:
		return nil
	case t.scan.failedAt != "":
		return &refusal{t.scan.failedAt, "the scan had errors and found nothing. Repeat it, and send its report. " + sayClean}
	case !t.scan.finished:
		return &refusal{"msg", "no message says that the scan finished. Repeat it, and send its report. " + sayClean}
	}
	return nil
}

func (t *truffleHog) report() Report {
	r := Report{Tool: "TruffleHog", Findings: t.findings}
	if t.findings.Len() == 0 {
		return r
	}
	place := first(t.scan.failedAt, t.scan.lostAt())
	if place == "" && t.scan.messages && !t.scan.finished {
		place = "msg"
	}
	if place != "" {
		r.Partial, r.Warnings = true, []string{brokeOff(place)}
	}
	return r
}

func (t *truffleHog) member(key string) func() error { return t.element(key) }

func (t *truffleHog) element(key string) func() error {
	c := &t.current
	switch key {
	case "SourceMetadata":
		c.hasSource = true
		return t.source
	case "DetectorName":
		c.hasDetector = true
		return t.doc.into(&c.detector)
	case "DetectorDescription":
		return t.doc.textInto(&c.about)
	case "Verified":
		return t.doc.into(&c.verified)
	case "VerificationError":
		return t.doc.textInto(&c.verificationError)
	case "Raw":
		return t.doc.into(&c.raw)
	case "RawV2":
		return t.doc.into(&c.rawV2)
	case "ExtraData":
		return t.extraData
	case "logger":
		return t.doc.textInto(&c.logger)
	case "level":
		return t.doc.textInto(&c.level)
	case "msg":
		return t.doc.textInto(&c.message)
	case truffleHogCounts[0]:
		return t.doc.textInto(&c.counts[0])
	case truffleHogCounts[1]:
		return t.doc.textInto(&c.counts[1])
	}
	return nil
}

// source reads where the secret is: the fields of the only object in Data.
func (t *truffleHog) source() error {
	return t.doc.object(func(key string) error {
		if key != "Data" {
			return t.doc.skip()
		}
		return t.doc.object(func(kind string) error {
			place := &t.current.place
			place.kind = kind
			return t.doc.object(func(name string) error {
				value, err := t.doc.scalar()
				place.add(name, value)
				return err
			})
		})
	})
}

// extraData reads what a detector adds. It accepts any types.
func (t *truffleHog) extraData() error {
	t.doc.typeErrs = nil
	return t.doc.object(func(key string) error {
		switch key {
		case "name": // of a detector that users define
			return t.doc.textInto(&t.current.name)()
		case "rotation_guide":
			return t.doc.textInto(&t.current.guide)()
		}
		return t.doc.skip()
	})
}

func (t *truffleHog) endElement() {
	c := &t.current
	isMessage := strings.HasPrefix(c.logger, "trufflehog") && !c.hasSource
	if !t.objects.note(isMessage || c.hasSource && c.hasDetector, t.doc, t.typeErrs) {
		return
	}
	if isMessage {
		t.scan.note(c, t.doc.location())
		return
	}
	t.scan.secrets++
	t.add(c)
}

// add adds a secret. It is hashed, and stored nowhere: not even Redacted, which can be most of it.
//
// One that TruffleHog has used with success is critical. All others are high, as a secret of
// Gitleaks: that no one has tried it, or that a trial failed, does not make it harmless.
func (t *truffleHog) add(c *truffleHogObject) {
	rule := c.detector
	if c.name != "" && strings.HasPrefix(c.detector, "Custom") {
		rule = c.name
	}
	secret, link := c.raw+"\x00"+c.rawV2, c.place.get("link")
	f := Finding{
		Title: first(rule, "Secret"), Component: c.place.component(), Location: c.place.location(), URL: c.guide,
		Severity: models.High, Status: models.StatusOpen,
		Match: matchKey{stable: digestOf(c.place.stable(c.detector, rule)...).short()},
	}
	if c.raw+c.rawV2 != "" {
		f.Match.snippet = secretDigest(secret)
	}
	lines := []string{"The secret is not verified."}
	switch {
	case c.verified:
		f.Severity = models.Critical
		lines[0] = "The secret is verified: TruffleHog has used it, and it works."
	case c.verificationError != "":
		lines[0] = "The secret is not verified: the attempt failed."
	}
	if commit := c.place.get("commit"); commit != "" {
		lines = append(lines, "Commit "+commit)
	}
	f.Description = strings.TrimSpace(strings.Join(append(lines, c.about), "\n"))
	for _, text := range []*string{&f.Title, &f.Description, &f.URL, &link} {
		*text = redact(redact(*text, c.rawV2), c.raw) // the second can contain the first
	}
	f.Details = models.Details{Kind: kindSecret, References: []string{link}}.Encode()
	t.findings.add(digestOf(append(c.place.exact(c.detector, rule), secret)...), f)
}

// truffleHogPlace is where a secret is: the kind of the source, such as Git, and its fields.
type truffleHogPlace struct {
	kind   string
	fields []truffleHogField
}

type truffleHogField struct{ name, value string }

// maxPlaceFields bounds the fields of a place; TruffleHog has some fifteen.
const maxPlaceFields = 50

// add adds a field. Addresses lose their user, which can be a token of the machine that ran the scan.
func (p *truffleHogPlace) add(name, value string) {
	if value != "" && len(p.fields) < maxPlaceFields {
		p.fields = append(p.fields, truffleHogField{name, withoutUser(value)})
	}
}

func withoutUser(address string) string {
	if !strings.Contains(address, "://") {
		return address
	}
	u, err := url.Parse(address)
	if err != nil || u.User == nil {
		return address
	}
	u.User = nil
	return u.String()
}

// get returns the first field that is not empty.
func (p *truffleHogPlace) get(names ...string) string {
	for _, name := range names {
		for _, f := range p.fields {
			if f.name == name {
				return f.value
			}
		}
	}
	return ""
}

// location returns the file with its line, else the address.
func (p *truffleHogPlace) location() string {
	if file := p.get("file", "filename", "path"); file != "" {
		line := int32(0)
		if n, err := json.Number(p.get("line")).Float64(); err == nil {
			line = lineOf(n)
		}
		return fileLine(file, line)
	}
	return p.get("link", "location", "page", "issue", "channel_name", "document_id")
}

// component returns the repository, or another container of the place, as it is shown.
func (p *truffleHogPlace) component() string {
	name := p.get("repository", "image", "bucket", "container", "package", "project_name", "project", "workspace_name",
		"space", "channel_name", "index", "hostname")
	if isLocalPath(name) {
		return ""
	}
	return name
}

// passing are fields that change while the secret stays where it is.
var passing = []string{"repository_local_path", "visibility", "acls", "updated_at"}

// moving are fields that change when the secret moves, or is written again.
var moving = []string{
	"line", "commit", "timestamp", "created_at", "email", "author", "username", "user_id", "link", "tag", "layer",
	"build_number", "buildNumber", "build_step", "job_number", "version", "release",
}

// exact returns what identifies a place, after some texts.
func (p *truffleHogPlace) exact(parts ...string) []string { return p.without(parts, passing) }

// stable returns what identifies a place without what changes when the secret moves.
func (p *truffleHogPlace) stable(parts ...string) []string {
	found := p.without(parts, slices.Concat(passing, moving))
	if len(found) == len(parts)+1 { // nothing is left
		return append(found, p.get("link"))
	}
	return found
}

func (p *truffleHogPlace) without(parts, names []string) []string {
	slices.SortStableFunc(p.fields, func(a, b truffleHogField) int { return strings.Compare(a.name, b.name) })
	parts = append(parts, p.kind)
	for _, f := range p.fields {
		if !slices.Contains(names, f.name) && !(f.name == "repository" && isLocalPath(f.value)) {
			parts = append(parts, f.name+"="+f.value)
		}
	}
	return parts
}
