package ingest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// foreign is what a document shows of itself while it is read, for the refusal of one that no
// format recognizes: its first bytes and its top-level keys.
type foreign struct {
	watched bool // false = the user has named the format: nothing is kept
	head    []byte
	keys    map[string]bool
}

const (
	maxHead     = 16 << 10 // bytes
	maxTopKeys  = 200
	maxMarkText = 80 // bytes of a key or a value
)

// capture returns r, and keeps the first bytes that are read from it.
func (f *foreign) capture(r io.Reader) io.Reader {
	f.watched = true
	return io.TeeReader(r, (*headWriter)(f))
}

// headWriter keeps the first bytes that are written to it.
type headWriter foreign

// Write keeps what has room. It returns no error.
func (w *headWriter) Write(p []byte) (int, error) {
	w.head = append(w.head, p[:min(len(p), maxHead-len(w.head))]...)
	return len(p), nil
}

// isOther reports whether the document is known to be something else than JSON.
func (f *foreign) isOther() bool { return f.watched && f.describe().kind != kindJSON }

// note notes a top-level key.
func (f *foreign) note(key string) {
	if f.keys == nil {
		f.keys = map[string]bool{}
	}
	if len(f.keys) < maxTopKeys {
		f.keys[markText(key)] = true
	}
}

// foreignTool is a document that is not read, but known.
type foreignTool struct {
	what string // for users, such as "Checkov output"
	way  string // what to do instead; "" = the tool writes nothing that is read
	// marks are alternatives, separated by " | ". All conditions of one must hold: marks of the
	// document with * for any text, separated by spaces; or texts after "text:", separated by " & ".
	marks string
}

// convert is the way out for any tool.
const convert = "convert it to the generic JSON format (format=generic), or send the numbers with PUT .../counts"

// refusal returns the text for a document of the tool.
func (t foreignTool) refusal(kind string) string {
	text := fmt.Sprintf("This is %s (%s), which is not read. ", t.what, kind)
	switch t.way {
	case scanSBOM: // has no findings to convert
		return text + t.way
	case "":
		return text + strings.ToUpper(convert[:1]) + convert[1:]
	}
	return text + t.way + ". Or " + convert
}

// matches reports whether one of the tool's alternatives holds for a document.
func (t foreignTool) matches(d described) bool {
	for rule := range strings.SplitSeq(t.marks, " | ") {
		if d.has(rule) {
			return true
		}
	}
	return false
}

// recognize returns the tool that wrote a document.
func recognize(d described) (foreignTool, bool) {
	for _, t := range foreignTools {
		if t.matches(d) {
			return t, true
		}
	}
	return foreignTool{}, false
}

// has reports whether all conditions of a rule hold.
func (d described) has(rule string) bool {
	if texts, ok := strings.CutPrefix(rule, "text:"); ok {
		for text := range strings.SplitSeq(texts, " & ") {
			if !d.plain || !bytes.Contains(d.head, []byte(text)) {
				return false
			}
		}
		return true
	}
	for condition := range strings.FieldsSeq(rule) {
		if !d.shows(condition) {
			return false
		}
	}
	return true
}

// shows reports whether the document has a mark.
func (d described) shows(pattern string) bool {
	if !strings.Contains(pattern, "*") {
		return d.marks[pattern]
	}
	for mark := range d.marks {
		if glob(pattern, mark) {
			return true
		}
	}
	return false
}

// glob reports whether a text matches a pattern with * for any text.
func glob(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	text, ok := strings.CutPrefix(text, parts[0])
	if !ok {
		return false
	}
	last := len(parts) - 1
	for _, part := range parts[1:last] {
		_, after, found := strings.Cut(text, part)
		if !found {
			return false
		}
		text = after
	}
	return strings.HasSuffix(text, parts[last])
}

// unknown returns the text for a document of no known format.
func (det *detector) unknown() string {
	d := det.foreign.describe()
	if d.kind == kindEmpty {
		return "the document is empty. Check that the scanner ran, and that it wrote its report to this file"
	}
	if tool, ok := recognize(d); ok {
		return tool.refusal(d.kind)
	}
	text := "This is "
	if d.says != "" {
		text += d.says + ", "
	}
	text += "no report of a known format (" + det.titles() + ")"
	if d.kind == kindJSON {
		text += det.difference()
	}
	text += ". "
	if d.hint != "" {
		text += d.hint + ". "
	}
	return text + "Let the tool write one of these formats, " + convert
}

// followed is the error of a document that something follows.
type followed struct {
	document bool // another one
	at       int64
}

// Error returns what follows.
func (f *followed) Error() string { return "something follows the end of the document" }

// end returns an error if something follows the document.
func (d *document) end() error {
	t, err := d.dec.Token()
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil && !errors.As(err, &syntax):
		return err
	case err == nil && (t == json.Delim('{') || t == json.Delim('[')):
		return &followed{document: true, at: d.dec.InputOffset() - 1}
	}
	return &followed{at: d.dec.InputOffset()}
}

// several returns the text for a file with more than its document: another one, or other text.
func (det *detector) several(f *followed) string {
	known, d := det.isKnown() || !det.foreign.watched, det.foreign.describe()
	if det.foreign.isOther() { // such as CSV: its first value can be a value of JSON too
		return det.unknown()
	}
	if !known {
		if f.document {
			d.kind = "JSON Lines"
		}
		if tool, ok := recognize(d); ok {
			return tool.refusal(d.kind)
		}
	}
	if !f.document {
		return fmt.Sprintf("at byte %d: something follows the end of the document. Send the report alone, without "+
			"messages of the tool", f.at)
	}
	text := fmt.Sprintf("at byte %d: another document follows the first one, but a file has one report. Send each in "+
		"its own request, or as a file of its own with push", f.at)
	if !known {
		text += ". The first one is no report of a known format (" + det.titles() + "): " + convert
	}
	return text
}

// isKnown reports whether a format recognizes the document.
func (det *detector) isKnown() bool {
	for _, f := range det.formats {
		if f.recognized() {
			return true
		}
	}
	return false
}
