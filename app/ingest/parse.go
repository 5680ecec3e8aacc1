package ingest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/transform"

	"gatecrier/app/fault"
)

// Parse reads a report in any order of its keys and detects its format by its content;
// newDetector lists the formats. The error of an unreadable report, or of an unknown
// format, is a fault that names the location; so is the error of a report whose scan did not
// run. Parse reads the text as a stream and holds only the findings. decode says how the
// text can be encoded and packed; Parse has no limit of its size.
func Parse(r io.Reader) (Report, error) { return parse(r, false) }

// parse is Parse. If clean, the user says that the scan ran and found nothing: a report that
// does not say so itself is accepted too.
func parse(r io.Reader, clean bool) (Report, error) {
	return parseText(decode(r, math.MaxInt64), clean)
}

// parseFor parses a report for a destination, which can name its format. r is UTF-8.
func parseFor(dest Destination, r io.Reader) (Report, error) {
	if dest.Format == FormatGeneric {
		return parseGeneric(r)
	}
	report, err := parseText(r, dest.Clean)
	if err == nil && report.Format == formatList && dest.Scanner == "" {
		return Report{}, errEmptyList
	}
	return report, err
}

// parseText is parse for a text in UTF-8.
func parseText(r io.Reader, clean bool) (Report, error) {
	in := bufio.NewReaderSize(r, vexHead)
	if report, ok, err := readVEX(in); ok || err != nil {
		return report, err
	}
	shown := &foreign{}
	valid := transform.NewReader(shown.capture(in), encoding.UTF8Validator)
	text := bufio.NewReaderSize(fullReader{valid}, decodeBuffer)
	det := newDetector(newDocument(fullReader{text}))
	det.clean, det.foreign = clean, shown
	var report Report
	var err error
	if isMarkup(text) {
		report, err = det.readXML(text)
	} else {
		report, err = det.read()
	}
	if err != nil {
		return Report{}, det.explain(err)
	}
	return report, nil
}

// fullReader fills the whole buffer of each read. The decoder scans white space from its
// beginning again after each read: the time is linear with few large reads, quadratic
// with many small ones.
type fullReader struct{ r io.Reader }

// Read returns less than len(p) only at the end or before an error.
func (f fullReader) Read(p []byte) (int, error) {
	n, err := io.ReadFull(f.r, p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return n, io.EOF
	}
	return n, err
}

// format reads its parts of a document whose format is not known yet. grype.go is the model
// of a format whose findings are complete; trivy.go of one where the value that completes a
// finding can come after it.
type format interface {
	// member returns a function that reads the value of a top-level key, or nil to leave the
	// value to the formats after this one; they do not see the key if it is not nil. It can
	// note the key itself, as a mark of the format, but reads nothing before it returns.
	member(key string) func() error
	// recognized reports, after the whole document, whether it has this format. It must be true
	// only for what no other tool writes: a document that is recognized by mistake looks like a
	// clean scan, and resolves all observations of its source.
	recognized() bool
	// check returns, of a recognized document, the first type error, or a refusal if it is not
	// the report of a scan that ran. If clean, the user says that the scan ran and found nothing.
	check(clean bool) error
	// report returns the tool and the findings. It is called once, after check.
	report() Report
	// typeErrors returns the format's own. The detector sets them in the document before it
	// calls a function of member.
	typeErrors() *typeErrors
}

// namedFormat is a format with its names.
type namedFormat struct {
	format
	id    string // of Report.Format, in the API and the database
	title string // for users
}

// detector reads a document of unknown format for all formats at once.
type detector struct {
	doc        *document
	clean      bool // the user says that the scan ran and found nothing
	foreign    *foreign
	cyclonedx  *cyclonedx
	sarif      *sarif
	trivy      *trivy
	grype      *grype
	gitlab     *gitlab
	npm        *npmAudit
	osv        *osv
	semgrep    *semgrep
	zap        *zap
	gitleaks   *gitleaks
	trufflehog *truffleHog
	ocsf       *ocsf
	formats    []namedFormat
	emptyList  bool // the document is an empty list
}

// newDetector lists the formats. The detector asks them for a key, and for the whole
// document, in this order. A new format comes before those whose marks are more common than
// its own: CycloneDX names itself, GitLab's "version" and "vulnerabilities" mark it least.
func newDetector(d *document) *detector {
	t := newTexts()
	det := &detector{
		doc: d, foreign: &foreign{}, cyclonedx: newCycloneDX(d, t), sarif: newSARIF(d, t), trivy: newTrivy(d, t),
		grype: newGrype(d, t), gitlab: newGitLab(d, t), npm: newNPMAudit(d, t), osv: newOSV(d, t), semgrep: newSemgrep(d, t),
		zap: newZAP(d, t), gitleaks: newGitleaks(d, t), trufflehog: newTruffleHog(d, t), ocsf: newOCSF(d, t),
	}
	det.formats = []namedFormat{
		{det.cyclonedx, "cyclonedx", "CycloneDX (JSON, XML)"},
		{det.sarif, "sarif", "SARIF 2.1.0"},
		{det.trivy, "trivy", "Trivy JSON"},
		{det.grype, "grype", "Grype JSON"},
		{det.zap, "zap", "ZAP JSON"},
		{det.gitleaks, "gitleaks", "Gitleaks JSON"},
		{det.trufflehog, "trufflehog", "TruffleHog JSON"},
		{det.ocsf, "ocsf", "OCSF findings"},
		{det.gitlab, "gitlab", "GitLab security report"},
		{det.npm, "npm-audit", "npm audit JSON"},
		{det.osv, "osv-scanner", "OSV-Scanner JSON"},
		{det.semgrep, "semgrep", "Semgrep JSON"},
	}
	return det
}

// Formats names all formats of reports and VEX documents, for users.
func Formats() string { return newDetector(&document{}).titles() }

// titles returns the titles of all formats, as the error for an unknown one lists them.
func (det *detector) titles() string {
	var titles []string
	for _, f := range det.formats {
		titles = append(titles, f.title)
	}
	return strings.Join(append(titles, "VEX documents of OpenVEX and CSAF"), ", ")
}

// difference returns why a document that shares a key with a format is not of that format,
// "" if it shares none.
func (det *detector) difference() string {
	switch {
	case det.gitleaks.objects.n > 0:
		return ". In " + det.gitleaks.objects.foreignAt + ": a leak of Gitleaks has RuleID, File and Secret"
	case det.trufflehog.objects.n > 0:
		return ". In " + det.trufflehog.objects.foreignAt + ": a secret of TruffleHog has SourceMetadata and DetectorName"
	case det.ocsf.objects.n > 0:
		return ". In " + det.ocsf.objects.foreignAt + ": a finding of OCSF has class_uid and finding_info"
	case det.sarif.hasRuns:
		return ". In runs: a run of SARIF has tool.driver"
	case det.trivy.foreignAt != "":
		return ". In " + det.trivy.foreignAt + ": a result of Trivy has Target"
	case det.grype.foreignAt != "":
		return ". In " + det.grype.foreignAt + ": a match of Grype has vulnerability and artifact"
	case det.gitlab.hasVersion && det.gitlab.foreignAt != "":
		return ". In " + det.gitlab.foreignAt + ": a vulnerability of GitLab has identifiers or location"
	}
	return ""
}

var errUnknownFormat = errors.New("this is no report of a known format")

func (det *detector) read() (Report, error) {
	t, err := det.doc.dec.Token()
	switch {
	case err != nil:
		return Report{}, err
	case t == json.Delim('{'):
		err = det.objects()
	case t == json.Delim('['):
		err = det.list()
	}
	if err == nil {
		err = det.doc.end()
	}
	if err != nil {
		return Report{}, err
	}
	return det.choose()
}

// member reads the value of a top-level key. No format gets "version", "metadata",
// "vulnerabilities" and "results", which several have.
func (det *detector) member(key string) error {
	det.grype.note(key)
	det.foreign.note(key)
	det.npm.note(key)
	switch key {
	case "version":
		return det.version()
	case "vulnerabilities":
		return det.vulnerabilities()
	case "metadata":
		return det.metadata()
	case "results":
		return det.results()
	}
	for _, f := range det.formats {
		if read := f.member(key); read != nil {
			det.doc.typeErrs = f.typeErrors()
			return read()
		}
	}
	return det.doc.skip()
}

// version reads a value of any type. SARIF needs its text, GitLab only the key.
func (det *detector) version() (err error) {
	det.gitlab.hasVersion = true
	det.sarif.version, err = det.doc.textOrEmpty()
	return err
}

// choose returns the report of the first format that recognizes the document.
func (det *detector) choose() (Report, error) {
	for _, f := range det.formats {
		if !f.recognized() {
			continue
		}
		if err := f.check(det.clean); err != nil {
			return Report{}, err
		}
		report := f.report()
		report.Format = f.id
		return report, nil
	}
	switch {
	case !det.emptyList:
		return Report{}, errUnknownFormat
	case !det.clean:
		return Report{}, errEmptyList
	}
	return Report{Format: formatList, Findings: newFindings(newTexts())}, nil
}

// explain turns an error into a fault with its location. An error of the transport gives
// its own fault.
func (det *detector) explain(err error) error {
	var tooLarge *http.MaxBytesError
	var typeErr *typeError
	var r *refusal
	var f *followed
	switch {
	case errors.As(err, &tooLarge):
		return TooLarge(tooLarge.Limit, err)
	case fault.KindOf(err) != fault.Internal: // of decode
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fault.Wrap(fault.Unavailable, "The report was not read to its end: send it again", err)
	case errors.Is(err, errUnknownFormat):
		return fault.BadField("report", det.unknown())
	case errors.As(err, &f):
		return fault.BadField("report", det.several(f))
	case errors.As(err, &r):
		return refused(r)
	case errors.As(err, &typeErr):
		return unreadable(typeErr.Error(), err)
	case det.foreign.isOther():
		return fault.BadField("report", det.unknown())
	}
	d := det.doc
	return unreadable(d.locationPrefix(d.location())+d.userText(err), err)
}

func unreadable(why string, cause error) error {
	return &fault.Error{
		Kind: fault.Invalid, Text: "The report cannot be read", Cause: cause,
		Fields: []fault.Field{{Name: "report", Message: why}},
	}
}

// userText returns an error of the decoder as a text for a user.
func (d *document) userText(err error) string {
	early := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	switch {
	case early:
		return "the document ends too early"
	case errors.Is(err, encoding.ErrInvalidUTF8):
		return "the text is not UTF-8"
	}
	return strings.TrimPrefix(err.Error(), "json: ")
}
