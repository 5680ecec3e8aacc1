package sentry

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatecrier/app/exception"
	"gatecrier/app/fault"
)

func readSample(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// read reads a whole envelope.
func read(in io.Reader) (e *Envelope, list []exception.Report, err error) {
	if e, err = Open(in); err != nil {
		return nil, nil, err
	}
	for {
		r, err := e.Next()
		if errors.Is(err, io.EOF) {
			return e, list, nil
		}
		if err != nil {
			return e, list, err
		}
		list = append(list, r)
	}
}

// reportOf is the report of an event, in an envelope of its own.
func reportOf(t *testing.T, event string) exception.Report {
	t.Helper()
	_, list, err := read(strings.NewReader("{}\n{\"type\":\"event\"}\n" + event + "\n"))
	if err != nil || len(list) != 1 {
		t.Fatalf("%d reports, %v: %.200s", len(list), err, event)
	}
	return list[0]
}

func TestEnvelope_RealSDKs(t *testing.T) {
	const paid = "order 4711 cannot be paid"
	for _, test := range []struct{ file, class, message, cause, function, platform string }{
		{"node-11.12.0.envelope", "Error", paid, "connect ECONNREFUSED 10.0.0.7:5432", "pay", "node"},
		{
			"python-1.9.10.envelope", "ConnectionRefusedError", paid,
			"[Errno 111] Connection refused: 10.0.0.7:5432", "pay", "python",
		},
	} {
		e, list, err := read(bytes.NewReader(readSample(t, test.file)))
		if err != nil || len(list) != 1 || len(e.EventID) != 32 {
			t.Fatalf("%s: %d reports, id %q, %v", test.file, len(list), e.EventID, err)
		}
		r := list[0]
		if r.Class != test.class || r.Message != test.message || r.Platform != test.platform ||
			r.Frames[0].Function != test.function ||
			!r.Frames[0].InApp ||
			r.Frames[0].Line == 0 {
			t.Errorf("%s: %+v", test.file, r)
		}
		if len(r.Chain) != 2 || r.Chain[1].Message != test.cause || r.Chain[1].Frames[0].Function != "connect" {
			t.Errorf("%s: chain %+v", test.file, r.Chain)
		}
		if r.Release != "shop@1.4.2" || r.Environment != "production" || r.Server != "web-1" || r.User != "ann" ||
			r.Tags["region"] != "eu" {
			t.Errorf("%s: %+v", test.file, r)
		}
	}
	_, list, err := read(bytes.NewReader(readSample(t, "node-11.12.0-session.envelope")))
	if err != nil || len(list) != 0 {
		t.Errorf("a session: %d reports, %v", len(list), err)
	}
}

func TestEnvelope_Items(t *testing.T) {
	event := `{"message":"m"}`
	const start = "{}\n{\"type\":\"event\"}\n" // of an envelope with an event
	withLength := fmt.Sprintf("{\"type\":\"event\",\"length\":%d}\n%s", len(event), event)
	for name, test := range map[string]struct {
		text string
		n    int
		kind fault.Kind
	}{
		"empty":                  {"", 0, fault.Malformed},
		"no JSON":                {"hello\n", 0, fault.Malformed},
		"a list":                 {"[]\n", 0, fault.Malformed},
		"header alone":           {"{}", 0, 0},
		"no end of line":         {start + event, 1, 0},
		"length":                 {"{}\n" + withLength + "\n" + withLength, 2, 0},
		"length without newline": {"{}\n" + withLength + withLength, 2, 0},
		"newlines in an item":    {"{}\n{\"type\":\"attachment\",\"length\":6}\na\nb\nc\n\n" + withLength, 1, 0},
		"others": {
			"{}\n{\"type\":\"client_report\"}\n{}\n{\"type\":\"session\"}\n{}\n" +
				"{\"type\":\"what\"}\nany\n{\"type\":\"event\"}\n" + event, 1, 0,
		},
		"other kinds of line":     {"{}\r\n{\"type\":\"event\"}\r\n" + event + "\r\n", 1, 0},
		"a transaction":           {start + "{\"type\":\"transaction\"}\n", 0, 0},
		"shorter than its length": {"{}\n{\"type\":\"event\",\"length\":99}\n" + event, 0, fault.Malformed},
		"others shorter":          {"{}\n{\"type\":\"x\",\"length\":99999999999}\n" + event, 0, fault.Malformed},
		"negative":                {"{}\n{\"type\":\"event\",\"length\":-1}\n" + event, 0, fault.Malformed},
		"no length":               {"{}\n{\"type\":\"event\",\"length\":\"x\"}\n" + event, 0, fault.Malformed},
		"no event":                {start + "[1]\n", 0, fault.Malformed},
		"broken":                  {start + "{\"message\":\n", 0, fault.Malformed},
		"deep":                    {start + "{\"extra\":" + strings.Repeat("[", 100_000) + "\n", 0, fault.Malformed},
		"a long header":           {"{\"dsn\":\"" + strings.Repeat("x", maxHeader) + "\"}\n", 0, fault.TooLarge},
		"a long item header":      {"{}\n{\"type\":\"" + strings.Repeat("x", maxHeader) + "\"}\n", 0, fault.TooLarge},
		"a long event":            {start + "{\"message\":\"" + strings.Repeat("x", 10<<20) + "\"}\n", 0, fault.TooLarge},
		"a long event with length": {
			"{}\n{\"type\":\"event\",\"length\":10485760}\n{\"message\":\"" + strings.Repeat("x", 10<<20) + "\"}\n",
			0, fault.TooLarge,
		},
		"bad UTF-8":         {start + "{\"message\":\"\xff\xfe\"}\n", 1, 0},
		"a million items":   {"{}\n" + strings.Repeat("{\"type\":\"event\"}\n{}\n", 500_000), maxItems, 0},
		"a million others":  {"{}\n" + strings.Repeat("{\"type\":\"session\"}\n{}\n", 500_000) + withLength, 0, 0},
		"a long attachment": {"{}\n{\"type\":\"attachment\"}\n" + strings.Repeat("x", 10<<20) + "\n" + withLength, 1, 0},
	} {
		_, list, err := read(strings.NewReader(test.text))
		if len(list) != test.n || (err != nil) != (test.kind != 0) || err != nil && fault.KindOf(err) != test.kind {
			t.Errorf("%s: %d events, %v", name, len(list), err)
		}
	}
}

func TestEnvelope_EventIDs(t *testing.T) {
	for header, want := range map[string]string{
		`{"event_id":"9EC79C33EC9942AB8353589FCB2E04DC"}`:     "9ec79c33ec9942ab8353589fcb2e04dc",
		`{"event_id":"9ec79c33-ec99-42ab-8353-589fcb2e04dc"}`: "9ec79c33ec9942ab8353589fcb2e04dc",
		`{"event_id":"<script>"}`:                             "fc6d8c0c43fc4630ad850ee518f1b9d0",
		`{}`:                                                  "fc6d8c0c43fc4630ad850ee518f1b9d0",
	} {
		e, _, err := read(
			strings.NewReader(header + "\n{\"type\":\"event\"}\n{\"event_id\":\"fc6d8c0c43fc4630ad850ee518f1b9d0\"}\n"),
		)
		if err != nil || e.EventID != want {
			t.Errorf("%s: %q, %v", header, e.EventID, err)
		}
	}
}

func TestKeyOf(t *testing.T) {
	for _, test := range []struct{ header, query, want string }{
		{"Sentry sentry_version=7, sentry_key=abc, sentry_client=x/1", "", "abc"},
		{"sentry_key=abc", "", "abc"},
		{"Sentry sentry_version=7,sentry_key=abc", "?sentry_key=other", "abc"},
		{"", "?sentry_version=7&sentry_key=abc", "abc"},
		{"Sentry", "", ""},
		{"", "", ""},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/"+test.query, nil)
		r.Header.Set("X-Sentry-Auth", test.header)
		if got := KeyOf(r); got != test.want {
			t.Errorf("%+v: %q", test, got)
		}
	}
	if e, err := Open(strings.NewReader(`{"dsn":"https://abc@gate.example/7"}`)); err != nil || e.Key != "abc" {
		t.Errorf("%+v, %v", e, err)
	}
}
