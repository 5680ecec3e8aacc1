package ingest

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

// reverseXML returns a document with the children of each element in reversed order, unless several
// have a name: that is a list.
func reverseXML(t testing.TB, text []byte) []byte {
	t.Helper()
	dec := xml.NewDecoder(bytes.NewReader(text))
	for {
		token, err := dec.RawToken()
		if err != nil {
			t.Fatal(err)
		}
		if start, ok := token.(xml.StartElement); ok {
			return reverseElement(t, dec, start)
		}
	}
}

func reverseElement(t testing.TB, dec *xml.Decoder, start xml.StartElement) []byte {
	full := func(n xml.Name) string { return strings.TrimPrefix(n.Space+":"+n.Local, ":") }
	var names []string
	var parts [][]byte
	for {
		token, err := dec.RawToken()
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			names = append(names, full(token.Name))
			parts = append(parts, reverseElement(t, dec, token))
		case xml.CharData:
			parts = append(parts, escapeXML(t, string(token)))
		case xml.EndElement:
			slices.Sort(names)
			if len(slices.Compact(names)) == len(names) {
				slices.Reverse(parts)
			}
			var b bytes.Buffer
			b.WriteString("<" + full(start.Name))
			for _, a := range start.Attr {
				b.WriteString(" " + full(a.Name) + `="`)
				b.Write(escapeXML(t, a.Value))
				b.WriteString(`"`)
			}
			b.WriteString(">" + string(bytes.Join(parts, nil)) + "</" + full(start.Name) + ">")
			return b.Bytes()
		}
	}
}

func escapeXML(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := xml.EscapeText(&b, []byte(text)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// elementsOf are the names of the elements of CycloneDX's lists.
var elementsOf = map[string]string{
	"components": "component", "services": "service", "vulnerabilities": "vulnerability", "ratings": "rating",
	"cwes": "cwe", "advisories": "advisory", "affects": "target", "versions": "version", "references": "reference",
	"tools": "tool",
}

// toXML returns CycloneDX in JSON as XML.
func toXML(t testing.TB, text []byte) string {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var b strings.Builder
	valueToXML(t, dec, &b, "bom")
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return b.String()
}

// valueToXML writes the next value as an element. References, types and the namespace are attributes.
func valueToXML(t testing.TB, dec *json.Decoder, b *strings.Builder, name string) {
	token, err := dec.Token()
	if err != nil {
		t.Fatal(err)
	}
	delim, nested := token.(json.Delim)
	if !nested {
		if token != nil {
			b.WriteString("<" + name + ">" + string(escapeXML(t, fmt.Sprint(token))) + "</" + name + ">")
		}
		return
	}
	inner := &strings.Builder{}
	attributes := ""
	if name == "bom" {
		attributes = ` xmlns="` + cyclonedxNamespace + `1.6"`
	}
	for dec.More() {
		if delim == '[' {
			valueToXML(t, dec, inner, first(elementsOf[name], "item"))
			continue
		}
		key, err := dec.Token()
		if err != nil {
			t.Fatal(err)
		}
		switch key := key.(string); key {
		case "bom-ref", "type":
			value, err := dec.Token()
			if err != nil {
				t.Fatal(err)
			}
			attributes += " " + key + `="` + string(escapeXML(t, value.(string))) + `"`
		case "$schema":
			if _, err := dec.Token(); err != nil {
				t.Fatal(err)
			}
		default:
			valueToXML(t, dec, inner, key)
		}
	}
	if _, err := dec.Token(); err != nil {
		t.Fatal(err)
	}
	b.WriteString("<" + name + attributes + ">" + inner.String() + "</" + name + ">")
}
