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

// Parse reads a report, whose format it recognises by its content whatever the
// order of its keys: CycloneDX JSON, SARIF 2.1.0, Trivy JSON, Grype JSON or a
// GitLab security report. An unreadable or unknown one is a fault that names
// the place. The text is read as a stream: what is held is what is kept.
func Parse(r io.Reader) (Report, error) {
	d := newDocument(filling{transform.NewReader(withoutMark(r), encoding.UTF8Validator)})
	report, err := newReading(d).read()
	if err != nil {
		return Report{}, d.explain(err)
	}
	return report, nil
}

// filling fills what it is asked to read into. The decoder looks at white space
// from its beginning again after each read: with few large reads that takes time
// by its length, with many small ones by its square.
type filling struct{ r io.Reader }

// Read reads less only at the end or before an error.
func (f filling) Read(p []byte) (int, error) {
	n, err := io.ReadFull(f.r, p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return n, io.EOF
	}
	return n, err
}

// withoutMark passes over a byte order mark, which some tools on Windows write.
func withoutMark(r io.Reader) io.Reader {
	b := bufio.NewReaderSize(r, 32<<10)
	// An error comes again when the text is read.
	if start, err := b.Peek(3); err == nil && string(start) == "\xef\xbb\xbf" {
		if _, err := b.Discard(len(start)); err != nil {
			return r
		}
	}
	return b
}

// format reads what concerns it in a document, as long as the document may be
// of its kind.
type format interface {
	// member returns what reads a key at the top, or nil.
	member(key string) func() error
	// recognised says, at the end, whether the document is of this format.
	recognised() bool
	// report is what was read.
	report() Report
	problem() *problem
}

// reading is a document of a format that is not known yet.
type reading struct {
	d         *document
	cyclonedx *cyclonedx
	trivy     *trivy
	gitlab    *gitlab
	formats   []format // in the order in which they are tried
}

func newReading(d *document) *reading {
	t := newTexts()
	r := &reading{d: d, cyclonedx: newCycloneDX(d, t), trivy: newTrivy(d, t), gitlab: newGitLab(d, t)}
	r.formats = []format{r.cyclonedx, newSARIF(d, t), r.trivy, newGrype(d, t), r.gitlab}
	return r
}

var errUnknownFormat = errors.New("this is no report of a known format")

func (r *reading) read() (Report, error) {
	t, err := r.d.dec.Token()
	switch {
	case err != nil:
		return Report{}, err
	case t == json.Delim('{'):
		err = r.d.members(r.member)
	case t == json.Delim('['):
		r.d.blame = r.trivy.problem()
		err = r.d.elements(r.trivy.listed)
	}
	if err == nil {
		err = r.d.end()
	}
	if err != nil {
		return Report{}, err
	}
	return r.choose()
}

// member reads the value of a key at the top.
func (r *reading) member(key string) error {
	if key == "vulnerabilities" {
		return r.vulnerabilities()
	}
	for _, f := range r.formats {
		if read := f.member(key); read != nil {
			r.d.blame = f.problem()
			return read()
		}
	}
	return r.d.skip()
}

// vulnerabilities is a list that two formats have. While it is not known which
// one this is, both read it.
func (r *reading) vulnerabilities() error {
	r.gitlab.listed = true
	if r.cyclonedx.recognised() {
		r.d.blame = r.cyclonedx.problem()
		return r.d.array(r.cyclonedx.vulnerability)
	}
	var both problem
	r.d.blame = &both
	err := r.d.array(func() error {
		var text json.RawMessage
		if ok, err := r.d.decode(&text); !ok {
			return err
		}
		r.d.blame = r.cyclonedx.problem()
		r.cyclonedx.vulnerabilityText(text)
		r.d.blame = r.gitlab.problem()
		r.gitlab.vulnerabilityText(text)
		return nil
	})
	for _, p := range []*problem{r.cyclonedx.problem(), r.gitlab.problem()} {
		if p.err == nil {
			p.err = both.err
		}
	}
	return err
}

// choose takes the first format that recognises the document.
func (r *reading) choose() (Report, error) {
	for _, f := range r.formats {
		if !f.recognised() {
			continue
		}
		if p := f.problem(); p.err != nil {
			return Report{}, p.err
		}
		return f.report(), nil
	}
	return Report{}, errUnknownFormat
}

// end makes sure that nothing follows the document.
func (d *document) end() error {
	if _, err := d.dec.Token(); !errors.Is(err, io.EOF) {
		if err != nil {
			return err
		}
		return errors.New("something follows the end of the document")
	}
	return nil
}

// explain turns an error into a fault with the place. What the transport says
// of its own limits is passed on.
func (d *document) explain(err error) error {
	var tooLarge *http.MaxBytesError
	var wrong *wrongType
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
	case errors.As(err, &wrong):
		return unreadable(wrong.Error(), err)
	}
	return unreadable(d.at(d.place())+d.plain(err), err)
}

func unreadable(why string, cause error) error {
	return &fault.Error{
		Kind: fault.Invalid, Text: "The report cannot be read", Cause: cause,
		Fields: []fault.Field{{Name: "report", Message: why}},
	}
}

// plain is an error of the decoder in words for a user.
func (d *document) plain(err error) string {
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
