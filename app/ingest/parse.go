package ingest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/transform"

	"gatecrier/app/fault"
)

// Parse reads a report and detects its format by its content, in any order of its keys:
// CycloneDX JSON, SARIF 2.1.0, Trivy JSON, Grype JSON or a GitLab security report. The
// error of an unreadable report, or of an unknown format, is a fault that names the
// location. Parse reads the text as a stream and holds only the findings.
func Parse(r io.Reader) (Report, error) {
	d := newDocument(fullReader{transform.NewReader(skipBOM(r), encoding.UTF8Validator)})
	report, err := newDetector(d).read()
	if err != nil {
		return Report{}, d.explain(err)
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

// skipBOM skips a byte order mark, which some tools on Windows write.
func skipBOM(r io.Reader) io.Reader {
	b := bufio.NewReaderSize(r, 32<<10)
	// An error returns when the text is read.
	if start, err := b.Peek(3); err == nil && string(start) == "\xef\xbb\xbf" {
		if _, err := b.Discard(len(start)); err != nil {
			return r
		}
	}
	return b
}

// format reads its parts of a document whose format is not known yet.
type format interface {
	// member returns a function that reads a top-level key's value, nil if it is not the format's.
	member(key string) func() error
	// recognized reports, after the whole document, whether it has this format.
	recognized() bool
	// report returns the report, once.
	report() Report
	typeErrors() *typeErrors
}

// detector reads a document of unknown format for all formats at once.
type detector struct {
	doc       *document
	cyclonedx *cyclonedx
	trivy     *trivy
	gitlab    *gitlab
	formats   []format // in the order of preference
}

func newDetector(d *document) *detector {
	t := newTexts()
	r := &detector{doc: d, cyclonedx: newCycloneDX(d, t), trivy: newTrivy(d, t), gitlab: newGitLab(d, t)}
	r.formats = []format{r.cyclonedx, newSARIF(d, t), r.trivy, newGrype(d, t), r.gitlab}
	return r
}

var errUnknownFormat = errors.New("this is no report of a known format")

func (r *detector) read() (Report, error) {
	t, err := r.doc.dec.Token()
	switch {
	case err != nil:
		return Report{}, err
	case t == json.Delim('{'):
		err = r.doc.members(r.member)
	case t == json.Delim('['):
		r.doc.typeErrs = r.trivy.typeErrors()
		err = r.doc.elements(r.trivy.listedResult)
	}
	if err == nil {
		err = r.doc.end()
	}
	if err != nil {
		return Report{}, err
	}
	return r.choose()
}

// member reads the value of a top-level key.
func (r *detector) member(key string) error {
	if key == "vulnerabilities" {
		return r.vulnerabilities()
	}
	for _, f := range r.formats {
		if read := f.member(key); read != nil {
			r.doc.typeErrs = f.typeErrors()
			return read()
		}
	}
	return r.doc.skip()
}

// vulnerabilities reads a list that two formats have: for both until it is known which of
// them the document has.
func (r *detector) vulnerabilities() error {
	r.gitlab.hasVulnerabilities = true
	if r.cyclonedx.recognized() {
		r.doc.typeErrs = r.cyclonedx.typeErrors()
		return r.doc.array(r.cyclonedx.vulnerability)
	}
	var both typeErrors
	r.doc.typeErrs = &both
	err := r.doc.array(func() error {
		var text json.RawMessage
		if ok, err := r.doc.decodeStrict(&text); !ok {
			return err
		}
		r.doc.typeErrs = r.cyclonedx.typeErrors()
		r.cyclonedx.rawVulnerability(text)
		r.doc.typeErrs = r.gitlab.typeErrors()
		r.gitlab.rawVulnerability(text)
		return nil
	})
	for _, p := range []*typeErrors{r.cyclonedx.typeErrors(), r.gitlab.typeErrors()} {
		if p.first == nil {
			p.first = both.first
		}
	}
	return err
}

// choose returns the report of the first format that recognizes the document.
func (r *detector) choose() (Report, error) {
	for _, f := range r.formats {
		if !f.recognized() {
			continue
		}
		if p := f.typeErrors(); p.first != nil {
			return Report{}, p.first
		}
		return f.report(), nil
	}
	return Report{}, errUnknownFormat
}

// end returns an error if something follows the document.
func (d *document) end() error {
	if _, err := d.dec.Token(); !errors.Is(err, io.EOF) {
		if err != nil {
			return err
		}
		return errors.New("something follows the end of the document")
	}
	return nil
}

// explain turns an error into a fault with its location. An error of the transport gives
// its own fault.
func (d *document) explain(err error) error {
	var tooLarge *http.MaxBytesError
	var mismatch *typeError
	switch {
	case errors.As(err, &tooLarge):
		return fault.Wrap(fault.TooLarge, fmt.Sprintf("The report is larger than %d MiB", tooLarge.Limit>>20), err)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fault.Wrap(fault.Unavailable, "The report was not read to its end: send it again", err)
	case errors.Is(err, errUnknownFormat):
		return fault.BadField(
			"report",
			"This is no report of a known format (CycloneDX JSON, SARIF 2.1.0, Trivy JSON, Grype JSON, GitLab security report)",
		)
	case errors.As(err, &mismatch):
		return unreadable(mismatch.Error(), err)
	}
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
	case early && d.dec.InputOffset() == 0 && len(d.path) == 0:
		return "the document ends too early, perhaps it is empty"
	case early:
		return "the document ends too early"
	case errors.Is(err, encoding.ErrInvalidUTF8):
		return "the text is not UTF-8"
	}
	return strings.TrimPrefix(err.Error(), "json: ")
}
