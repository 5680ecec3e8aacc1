package ingest

import (
	"encoding/json"

	"gatecrier/app/fault"
)

// elementFormat is a format whose findings are objects of their own: the elements of a list or,
// as JSON Lines, documents one after the other.
type elementFormat interface {
	format
	// startElement begins an object.
	startElement()
	// element is member for a key of the object.
	element(key string) func() error
	// endElement ends the object, and notes whether it is one of the format.
	endElement()
}

// ownObjects counts the objects of a format.
type ownObjects struct {
	n         int
	foreignAt string // the place of an object of another tool; "" = none
}

// note notes an object, and reports whether it is one of the format. One with a value of another
// type can be one: its error is reported.
func (o *ownObjects) note(own bool, d *document, errs typeErrors) bool {
	switch {
	case own:
		o.n++
	case errs.first == nil:
		o.foreignAt = first(o.foreignAt, d.location(), "the document")
	}
	return own
}

// all reports whether there are objects, and all are of the format.
func (o *ownObjects) all() bool { return o.n > 0 && o.foreignAt == "" }

// formatList is the format of an empty list. It names no tool: Gitleaks writes one where it found
// nothing, and so do others. An import accepts it if it names the scanner, and says that the scan
// found nothing.
const formatList = "list"

// errEmptyList is the error of an empty list where the import does not do both.
var errEmptyList = fault.BadField("report", "An empty list names no tool, and does not say that a scan ran. If one "+
	"did, and found nothing, say so and name the scanner, such as clean=true and scanner=Gitleaks, or push --clean "+
	"--scanner Gitleaks")

// list reads a top-level list, for all formats that are one.
func (det *detector) list() error {
	det.emptyList = true
	return det.doc.elements(func() error {
		det.emptyList = false
		return det.element(det.trivy, det.gitleaks, det.trufflehog, det.ocsf)
	})
}

// objects reads a document that is an object, and those that follow it if they are JSON Lines.
func (det *detector) objects() error {
	det.trufflehog.startElement()
	det.ocsf.startElement()
	if err := det.doc.members(det.member); err != nil {
		return err
	}
	det.trufflehog.endElement()
	det.ocsf.endElement()
	for n := 1; det.trufflehog.recognized() || det.ocsf.recognized(); n++ {
		if !det.doc.dec.More() {
			return nil
		}
		det.doc.path = append(det.doc.path[:0], step{index: n})
		if err := det.element(det.trufflehog, det.ocsf); err != nil {
			return err
		}
		det.doc.path = det.doc.path[:0]
	}
	return nil
}

// element reads an object for some formats.
func (det *detector) element(formats ...elementFormat) error {
	var errs typeErrors // of the object itself
	det.doc.typeErrs = &errs
	for _, f := range formats {
		f.startElement()
	}
	err := det.doc.object(func(key string) error {
		for _, f := range formats {
			if read := f.element(key); read != nil {
				det.doc.typeErrs = f.typeErrors()
				return read()
			}
		}
		return det.doc.skip()
	})
	for _, f := range formats {
		if own := f.typeErrors(); own.first == nil {
			own.first = errs.first
		}
		f.endElement()
	}
	return err
}

// into returns a function that reads a value into v. It notes a value of another type.
func (d *document) into(v any) func() error {
	return func() error {
		_, err := d.decodeStrict(v)
		return err
	}
}

// textInto returns a function that reads a text, or a number as one, into v. Other values are
// no text.
func (d *document) textInto(v *string) func() error {
	return func() (err error) {
		*v, err = d.scalar()
		return err
	}
}

// scalar reads a value of any type, and returns it if it is a text or a number, else "".
func (d *document) scalar() (string, error) {
	t, err := d.dec.Token()
	if err != nil {
		return "", err
	}
	switch t := t.(type) {
	case string:
		return t, nil
	case json.Number:
		return t.String(), nil
	}
	return "", d.skipRest(t)
}
