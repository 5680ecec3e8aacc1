package ingest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"golang.org/x/text/encoding"
	"golang.org/x/text/transform"

	"gatecrier/app/fault"
	"gatecrier/app/vex"
)

// vexHead is how many bytes of a text are looked at to recognize a VEX document, which is no report.
const vexHead = 256 << 10

// vexReader reads a VEX document.
type vexReader interface {
	member(key string) error // reads the value of a top-level key
	end() (*vex.Document, error)
}

// readVEX reads a text that is a VEX document, and returns a report of it; ok is false for other
// texts, which it leaves as they are. The error of a document that is not valid is a fault that names
// the place.
func readVEX(in *bufio.Reader) (report Report, ok bool, err error) {
	head, _ := in.Peek(vexHead) //nolint:errcheck // an error returns when the text is read
	format := vexFormat(head)
	if format == "" {
		return Report{}, false, nil
	}
	d := newDocument(fullReader{transform.NewReader(in, encoding.UTF8Validator)})
	d.typeErrs = &typeErrors{}
	var r vexReader = &openVEX{doc: d, made: vex.Document{Format: format}}
	if format == vex.FormatCSAF {
		r = &csaf{doc: d, made: vex.Document{Format: format}}
	}
	err = d.object(r.member)
	if err == nil {
		err = d.end()
	}
	var made *vex.Document
	if err == nil {
		made, err = r.end()
	}
	if err == nil {
		err = d.typeErrs.first
	}
	if err != nil {
		return Report{}, true, explainVEX(d, err)
	}
	return Report{Format: format, Findings: newFindings(newTexts()), VEX: made, Warnings: made.Warnings}, true, nil
}

// vexFormat returns the format of a VEX document by the beginning of its text, "" for another text.
func vexFormat(head []byte) string {
	if !bytes.Contains(head, []byte("openvex")) && !bytes.Contains(head, []byte("csaf_")) {
		return ""
	}
	format := ""
	d := newDocument(bytes.NewReader(head))
	err := d.object(func(key string) error {
		switch key {
		case "@context":
			var raw json.RawMessage
			if err := d.dec.Decode(&raw); err != nil {
				return err
			}
			if bytes.Contains(raw, []byte("openvex.dev")) {
				format = vex.FormatOpenVEX
				return io.EOF
			}
			return nil
		case "document":
			return d.object(func(key string) error {
				text, err := d.textOrEmpty()
				if key == "csaf_version" || key == "category" && strings.HasPrefix(text, "csaf_") {
					format = vex.FormatCSAF
					return io.EOF
				}
				return err
			})
		}
		return d.skip()
	})
	if err != nil && format == "" { // the head can end within the document
		return ""
	}
	return format
}

// explainVEX turns an error into a fault with its place.
func explainVEX(d *document, err error) error {
	var tooLarge *http.MaxBytesError
	var typeErr *typeError
	switch {
	case errors.As(err, &tooLarge):
		return TooLarge(tooLarge.Limit, err)
	case fault.KindOf(err) != fault.Internal: // of decode
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fault.Wrap(fault.Unavailable, "The document was not read to its end: send it again", err)
	case errors.As(err, &typeErr):
		return unreadableVEX(typeErr.Error(), err)
	}
	return unreadableVEX(d.locationPrefix(d.location())+d.userText(err), err)
}

func unreadableVEX(why string, cause error) error {
	return &fault.Error{
		Kind: fault.Invalid, Text: "The VEX document cannot be read", Cause: cause,
		Fields: []fault.Field{{Name: "report", Message: why}},
	}
}

// wrongVEX returns the error for a value of a VEX document that is missing or not valid.
func wrongVEX(place, why string) error { return &typeError{"in " + place + ": " + why} }

// tooManyStatements is the error for more statements than a document can have.
func tooManyStatements(place string) error {
	return wrongVEX(place, "more than 10,000 statements: split the document, each part with an ID of its own")
}

// vexTime parses a time of a VEX document.
func vexTime(place, text string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339, strings.TrimSpace(text))
	if err != nil || at.Year() < 1970 || at.Year() > 9999 {
		return time.Time{}, wrongVEX(place, "expected a time such as 2026-01-31T12:00:00Z")
	}
	return at.UTC().Truncate(time.Microsecond), nil // the precision of the database
}

// vexID returns the ID of a document or why it is none.
func vexID(place, text string) (string, error) {
	switch text = strings.TrimSpace(text); {
	case text == "":
		return "", wrongVEX(place, "the document needs an ID, so that its next version replaces it")
	case len(text) > maxURL || strings.Contains(text, "\x00"):
		return "", wrongVEX(place, "at most 1,000 characters")
	}
	return text, nil
}

// vexNames returns the IDs of a vulnerability, each once, the main one first.
func vexNames(main string, others []string) []string {
	var names []string
	seen := map[string]bool{}
	for _, name := range append([]string{main}, others...) {
		name = strings.TrimSpace(strings.ReplaceAll(name, "\x00", ""))
		if name == "" || len(name) > maxTitle || seen[name] || len(names) == 100 {
			continue
		}
		seen[name] = true
		names = append(names, name)
	}
	return names
}
