package ingest

import (
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

// Parse reads a report, whose format it recognises by its content. An
// unreadable or unknown one is a fault that names the place.
func Parse(r io.Reader) (Report, error) {
	d := &document{dec: json.NewDecoder(transform.NewReader(r, encoding.UTF8Validator))}
	report, err := d.read()
	if err != nil {
		return Report{}, d.explain(err)
	}
	return report, nil
}

// document is a report on its way through the decoder; path says how far it
// has come, for errors.
type document struct {
	dec  *json.Decoder
	path string
}

var errUnknownFormat = errors.New("this is no report of a known format (Grype JSON)")

func (d *document) read() (Report, error) {
	if err := d.open('{'); err != nil {
		return Report{}, err
	}
	report := Report{Findings: map[string]Finding{}}
	for d.dec.More() {
		key, err := d.key()
		if err != nil {
			return Report{}, err
		}
		if err := d.member(key, &report); err != nil {
			return Report{}, err
		}
	}
	if _, err := d.dec.Token(); err != nil {
		return Report{}, err
	}
	if report.Format == "" {
		return Report{}, errUnknownFormat
	}
	return report, d.end()
}

// member reads the value of a key at the top, as the format that has it says.
func (d *document) member(key string, report *Report) error {
	d.path = key
	switch key {
	case "matches":
		report.Format = formatGrype
		return d.elements(func() error { return grypeMatch(d.dec, report) })
	case "descriptor":
		return grypeDescriptor(d.dec, report)
	}
	return d.skip()
}

// elements calls read for each element of an array.
func (d *document) elements(read func() error) error {
	name := d.path
	if err := d.open('['); err != nil {
		return err
	}
	for i := 0; d.dec.More(); i++ {
		d.path = fmt.Sprintf("%s[%d]", name, i)
		if err := read(); err != nil {
			return err
		}
	}
	d.path = name
	_, err := d.dec.Token()
	return err
}

func (d *document) open(want json.Delim) error {
	t, err := d.dec.Token()
	if err != nil {
		return err
	}
	if got, ok := t.(json.Delim); !ok || got != want {
		return fmt.Errorf("expected %q", want.String())
	}
	return nil
}

func (d *document) key() (string, error) {
	t, err := d.dec.Token()
	if err != nil {
		return "", err
	}
	key, ok := t.(string)
	if !ok {
		return "", fmt.Errorf("expected a key")
	}
	return key, nil
}

// skip reads past one value without keeping it.
func (d *document) skip() error {
	for depth := 0; ; {
		t, err := d.dec.Token()
		if err != nil {
			return err
		}
		if delim, ok := t.(json.Delim); ok {
			if delim == '{' || delim == '[' {
				depth++
			} else {
				depth--
			}
		}
		if depth == 0 {
			return nil
		}
	}
}

// end makes sure that nothing follows the document.
func (d *document) end() error {
	d.path = ""
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
	if errors.As(err, &tooLarge) {
		return fault.Wrap(fault.TooLarge, fmt.Sprintf("The report is larger than %d MiB", tooLarge.Limit>>20), err)
	}
	if errors.Is(err, errUnknownFormat) {
		return fault.BadField("report", "This is no report of a known format (Grype JSON)")
	}
	where := fmt.Sprintf("at byte %d", d.dec.InputOffset())
	if d.path != "" {
		where = "in " + d.path + ", " + where
	}
	return &fault.Error{
		Kind: fault.Invalid, Text: "The report cannot be read", Cause: err,
		Fields: []fault.Field{{Name: "report", Message: where + ": " + plain(err)}},
	}
}

// plain is an error of the decoder in words for a user.
func plain(err error) string {
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the document ends too early"
	case errors.Is(err, encoding.ErrInvalidUTF8):
		return "the text is not UTF-8"
	}
	return strings.TrimPrefix(err.Error(), "json: ")
}
