package ingest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
)

// described is a document that no format has recognized, as far as its head shows.
type described struct {
	head []byte
	kind string // for users, in brackets
	says string // what it is, for users; "" = JSON, which needs no word
	hint string // what to do with it, if there is something special
	// plain is text of no structure, or of little: texts are looked for in it.
	plain bool
	// marks of JSON are paths and their values, such as "results.[].id" and "kind=List"; of XML
	// those of its elements, such as "<issues>issue" and "<issues@version=1"; of CSV its columns,
	// such as "csv:plugin_id". A blank or dot in a name is "_".
	marks map[string]bool
}

// The kinds that decide about more than a word.
const (
	kindEmpty = "empty"
	kindJSON  = "JSON"
)

// describe looks at the head of the document.
func (f *foreign) describe() described {
	d := described{head: f.head, marks: map[string]bool{}}
	text := bytes.TrimSpace(f.head)
	switch {
	case len(text) == 0:
		d.kind = kindEmpty
	case isJSON(text):
		d.kind = kindJSON
		for key := range f.keys {
			d.marks[key] = true
		}
		markJSON(d.marks, text)
	case isBinary(f.head):
		d.kind, d.says, d.hint, d.plain = "binary", binaryName(f.head), "Send the report itself, as text", true
	case text[0] == '<':
		d.describeMarkup(text)
	default:
		d.describeText(text)
	}
	return d
}

// isJSON reports whether a text can be JSON by its first two bytes: a line of a log can begin
// with a bracket, too.
func isJSON(text []byte) bool {
	rest := bytes.TrimSpace(text[1:])
	var next byte
	if len(rest) > 0 {
		next = rest[0]
	}
	switch text[0] {
	case '{':
		return next == 0 || next == '"' || next == '}'
	case '[':
		return next == 0 || strings.IndexByte(`{["]-0123456789`, next) >= 0 && !isLogLine(rest) || isWord(rest)
	case '"', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return json.Valid(text)
	}
	return isWord(text)
}

// isLogLine reports whether a list goes on like a time in brackets, such as [2031-01-02 ...].
func isLogLine(rest []byte) bool {
	digits := bytes.TrimLeft(rest, "0123456789")
	return len(digits) < len(rest) && len(digits) > 0 && strings.IndexByte(",.]eE \t\r\n", digits[0]) < 0
}

// isWord reports whether a text begins with a word of JSON.
func isWord(text []byte) bool {
	for _, word := range []string{"null", "true", "false"} {
		if rest, ok := bytes.CutPrefix(text, []byte(word)); ok {
			return len(rest) == 0 || strings.IndexByte(",] \t\r\n", rest[0]) >= 0
		}
	}
	return false
}

// markText makes a name or a value a part of a mark.
func markText(s string) string {
	if len(s) > maxMarkText {
		s = s[:maxMarkText]
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '.' {
			return '_'
		}
		return r
	}, s)
}

// markJSON adds the marks of the documents in a text that can be cut anywhere.
func markJSON(marks map[string]bool, text []byte) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	for markValue(marks, dec, "", 0) == nil {
	}
}

// maxMarkDepth is the deepest nesting of a mark.
const maxMarkDepth = 8

// markValue adds the marks of the next value.
func markValue(marks map[string]bool, dec *json.Decoder, path string, depth int) error {
	t, err := dec.Token()
	if err != nil {
		return err
	}
	if depth > 0 && depth <= maxMarkDepth {
		marks[path] = true
		if _, ok := t.(json.Delim); !ok {
			marks[path+"="+markText(fmt.Sprint(t))] = true
		}
	}
	if t != json.Delim('{') && t != json.Delim('[') {
		return nil
	}
	for dec.More() {
		key := "[]"
		if t == json.Delim('{') {
			k, err := dec.Token()
			if err != nil {
				return err
			}
			key = markText(fmt.Sprint(k))
		}
		if depth > 0 {
			key = path + "." + key
		}
		if err := markValue(marks, dec, key, depth+1); err != nil {
			return err
		}
	}
	_, err = dec.Token()
	return err
}
