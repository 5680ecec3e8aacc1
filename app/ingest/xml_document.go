package ingest

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"golang.org/x/text/encoding"
)

// xmlDocument reads a report in XML as document reads one in JSON: as a stream, and not deeper than
// maxDepth. It reads the elements of the root's namespace and skips others. It expands no entities
// but those of XML itself, and refuses a document type.
type xmlDocument struct {
	dec     *xml.Decoder
	space   string // the namespace of the root
	hasType bool   // it has a document type before the root
	path    []xmlStep
}

// xmlStep is an element, and its number among neighbors of the same name, from 1.
type xmlStep struct {
	name   string
	number int
}

var (
	errDocumentType = errors.New("a document type (DTD) is not read. Remove it")
	errFollowed     = errors.New("something follows the end of the document")
)

// newXMLDocument returns a document whose text is UTF-8, whatever its declaration says: it has been
// converted, or checked.
func newXMLDocument(r io.Reader) *xmlDocument {
	dec := xml.NewDecoder(r)
	dec.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	return &xmlDocument{dec: dec}
}

// isMarkup reports whether a text begins with an element, a declaration or the like.
func isMarkup(text *bufio.Reader) bool {
	head, _ := text.Peek(512) //nolint:errcheck // it returns when the text is read
	return bytes.HasPrefix(bytes.TrimSpace(head), []byte("<"))
}

// root reads the start of the root.
func (d *xmlDocument) root() (xml.StartElement, error) {
	for {
		t, err := d.dec.Token()
		if err != nil {
			return xml.StartElement{}, err
		}
		switch t := t.(type) {
		case xml.Directive:
			d.hasType = true
		case xml.StartElement:
			d.space, d.path = t.Name.Space, []xmlStep{{name: t.Name.Local}}
			return t, nil
		}
	}
}

// token returns the start or the end of an element, or a text.
func (d *xmlDocument) token() (xml.Token, error) {
	for {
		t, err := d.dec.Token()
		if err != nil {
			return nil, err
		}
		switch t.(type) {
		case xml.Directive:
			return nil, errDocumentType
		case xml.StartElement, xml.EndElement, xml.CharData:
			return t, nil
		}
	}
}

// children calls child for each child of an element whose start has been read. It must read the
// child: its children, its text, or nothing of it by skip.
func (d *xmlDocument) children(child func(name string, attributes []xml.Attr) error) error {
	at := len(d.path)
	if at >= maxDepth {
		return errTooDeep
	}
	last := xmlStep{}
	for {
		t, err := d.token()
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.EndElement:
			d.path = d.path[:at]
			return nil
		case xml.StartElement:
			if last.name != t.Name.Local {
				last = xmlStep{name: t.Name.Local}
			}
			last.number++
			d.path = append(d.path[:at], last)
			if t.Name.Space == d.space {
				err = child(t.Name.Local, t.Attr)
			} else {
				err = d.skip()
			}
			if err != nil {
				return err
			}
			d.path = d.path[:at]
		}
	}
}

// list is children for those with a name. It skips others.
func (d *xmlDocument) list(name string, child func(attributes []xml.Attr) error) error {
	return d.children(func(found string, attributes []xml.Attr) error {
		if found != name {
			return d.skip()
		}
		return child(attributes)
	})
}

// texts reads the texts of the children with some names, and skips others.
func (d *xmlDocument) texts(into map[string]*string) error {
	return d.children(func(name string, _ []xml.Attr) error {
		if text, ok := into[name]; ok {
			return d.text(text)
		}
		return d.skip()
	})
}

// text reads the text of an element, without those of its children, and trims it.
func (d *xmlDocument) text(into *string) error {
	var b strings.Builder
	for {
		t, err := d.token()
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.EndElement:
			*into = strings.TrimSpace(b.String())
			return nil
		case xml.CharData:
			b.Write(t)
		case xml.StartElement:
			if err := d.skip(); err != nil {
				return err
			}
		}
	}
}

// skip skips the rest of an element whose start has been read.
func (d *xmlDocument) skip() error {
	for depth := 1; depth > 0; {
		t, err := d.token()
		if err != nil {
			return err
		}
		switch t.(type) {
		case xml.StartElement:
			if depth++; len(d.path)+depth > maxDepth {
				return errTooDeep
			}
		case xml.EndElement:
			depth--
		}
	}
	return nil
}

// end returns an error if something follows the root.
func (d *xmlDocument) end() error {
	for {
		t, err := d.token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if text, ok := t.(xml.CharData); !ok || len(bytes.TrimSpace(text)) > 0 {
			return errFollowed
		}
	}
}

// explain returns an error of the document with its place; one of the transport as it is.
func (d *xmlDocument) explain(err error) error {
	var syntax *xml.SyntaxError
	why := err.Error()
	switch {
	case errors.As(err, &syntax):
		if why = syntax.Msg; why == "unexpected EOF" {
			why = "the document ends too early"
		}
	case errors.Is(err, encoding.ErrInvalidUTF8):
		why = "the text is not UTF-8"
	case errors.Is(err, errTooDeep):
		why = "elements are nested too deeply"
	case errors.Is(err, errDocumentType), errors.Is(err, errFollowed):
	default:
		return err
	}
	return unreadable(fmt.Sprintf("in %s, at byte %d: %s", d.location(), d.dec.InputOffset(), why), err)
}

// location returns the path of the element that is read, such as bom/components/component[2].
func (d *xmlDocument) location() string {
	var b strings.Builder
	for i, s := range d.path {
		if i > 0 {
			b.WriteByte('/')
		}
		b.WriteString(s.name)
		if s.number > 1 {
			b.WriteString("[" + strconv.Itoa(s.number) + "]")
		}
	}
	return shorten(b.String())
}

// attribute returns the value of an attribute, "" for none.
func attribute(list []xml.Attr, name string) string {
	for _, a := range list {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}
