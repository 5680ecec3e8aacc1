package ingest

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// signatures are the first bytes of data that is no text, with what it is.
var signatures = []struct{ start, says string }{
	{"PK\x03\x04", "a zip archive"},
	{"PK\x05\x06", "an empty zip archive"},
	{"%PDF-", "a PDF"},
	{"\xd0\xcf\x11\xe0", "an Office file, such as an Excel workbook"},
	{"BZh", "data packed with bzip2; only gzip is unpacked"},
	{"\xfd7zXZ", "data packed with xz; only gzip is unpacked"},
	{"\x28\xb5\x2f\xfd", "data packed with zstd; only gzip is unpacked"},
	{"\x04\x22\x4d\x18", "data packed with lz4; only gzip is unpacked"},
	{"7z\xbc\xaf", "a 7z archive"},
	{"Rar!", "a RAR archive"},
	{"\x89PNG", "a PNG picture"},
	{"\xff\xd8\xff", "a JPEG picture"},
	{"SQLite format 3\x00", "an SQLite database"},
	{"PAR1", "a Parquet file"},
	{"\x7fELF", "a program"},
}

// isBinary reports whether data is no text.
func isBinary(head []byte) bool {
	return bytes.IndexByte(head, 0) >= 0 || binaryName(head) != binaryData
}

const binaryData = "binary data"

// binaryName returns what data is that is no text, by its first bytes.
func binaryName(head []byte) string {
	for _, s := range signatures {
		if !bytes.HasPrefix(head, []byte(s.start)) {
			continue
		}
		for _, part := range []string{"[Content_Types].xml", "xl/workbook"} {
			if bytes.Contains(head, []byte(part)) {
				return "an Office file, such as an Excel workbook"
			}
		}
		return s.says
	}
	const tarAt = 257
	if len(head) > tarAt && bytes.HasPrefix(head[tarAt:], []byte("ustar")) {
		return "a tar archive"
	}
	return binaryData
}

var htmlStart = regexp.MustCompile(`(?i)^(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body|title|meta|script)\b`)

// describeMarkup describes HTML and XML.
func (d *described) describeMarkup(text []byte) {
	if htmlStart.Match(text) {
		d.kind, d.says, d.plain = "HTML", "HTML", true
		d.hint = "If a server sent this page in place of a report, check the address and the sign-in"
		return
	}
	root := markXML(d.marks, text)
	if root == "" {
		d.describeText(text)
		return
	}
	d.kind, d.says = "XML", "XML (root element "+clean(root, maxMarkText)+")"
}

// xmlDepth is the deepest element whose marks are kept.
const xmlDepth = 3

// markXML adds the marks of the elements of a text that can be cut anywhere, and returns the
// name of its root. It expands no entities.
func markXML(marks map[string]bool, text []byte) (root string) {
	dec := xml.NewDecoder(bytes.NewReader(text))
	dec.Strict = false
	// Only names are read, and they are ASCII in all encodings that tools write.
	dec.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	var path []string
	for {
		t, err := dec.Token()
		if err != nil {
			return root
		}
		switch t := t.(type) {
		case xml.StartElement:
			root = first(root, t.Name.Local)
			path = append(path, markText(t.Name.Local))
			if len(path) <= xmlDepth {
				markElement(marks, "<"+strings.Join(path, ">"), t)
			}
		case xml.EndElement:
			if len(path) > 0 {
				path = path[:len(path)-1]
			}
		}
	}
}

func markElement(marks map[string]bool, name string, t xml.StartElement) {
	marks[name] = true
	if t.Name.Space != "" {
		marks[name+"@xmlns="+markText(t.Name.Space)] = true
	}
	for _, a := range t.Attr {
		marks[name+"@"+markText(a.Name.Local)] = true
		marks[name+"@"+markText(a.Name.Local)+"="+markText(a.Value)] = true
	}
}

var (
	yamlStart = regexp.MustCompile(`^(---\s*\n|%YAML|[A-Za-z_][\w.-]*:(\s*\n\s+\S| \S))`)
	escapes   = regexp.MustCompile(`\x1b\[[0-9;?]*[A-Za-z]`)
)

// describeText describes CSV, YAML and other text.
func (d *described) describeText(text []byte) {
	d.kind, d.plain = "text", true
	d.head = escapes.ReplaceAll(text, nil)
	if columns := columnsOf(d.head); columns != nil {
		d.kind, d.says = "CSV", "CSV"
		for _, c := range columns {
			d.marks["csv:"+strings.ToLower(markText(strings.TrimSpace(c)))] = true
		}
		return
	}
	if yamlStart.Match(d.head) {
		d.kind, d.says = "YAML", "YAML"
		return
	}
	line, _, _ := strings.Cut(strings.ToValidUTF8(string(d.head), "�"), "\n")
	d.says = "text that begins with " + strconv.QuoteToGraphic(clean(line, maxMarkText))
	if bytes.Contains(d.head, []byte("\n{")) || bytes.Contains(d.head, []byte("\n[")) {
		d.hint = "If the report follows messages of the tool, write it to a file without them"
	}
}

// columnsOf returns the columns of CSV, nil if the text is none: at least three short names in
// the first line, and as many fields in the second.
func columnsOf(text []byte) []string {
	for _, comma := range ",;\t" {
		r := csv.NewReader(bytes.NewReader(text))
		r.Comma, r.LazyQuotes, r.TrimLeadingSpace = comma, true, true
		columns, err := r.Read()
		if err != nil || len(columns) < 3 || !areNames(columns) {
			continue
		}
		if _, err := r.Read(); !errors.Is(err, csv.ErrFieldCount) {
			return columns
		}
	}
	return nil
}

func areNames(columns []string) bool {
	for _, c := range columns {
		if len(c) > maxMarkText || len(strings.Fields(c)) > 6 {
			return false
		}
	}
	return true
}
