package sentry

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
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

func TestEvent_Report(t *testing.T) {
	tests := []struct{ event, want string }{ // want is the class and the message
		{`{"message": "disk full"}`, "Message: disk full"},
		{`{"message": {"message": "disk %s", "formatted": "disk full"}}`, "Message: disk full"},
		{`{"logentry": {"message": "disk %s"}, "level": 5}`, "Message: disk %s"},
		{`{"exception": [{"type": "A", "value": 7}]}`, "A: 7"},
		{`{"exception": {"type": "A", "value": "b"}}`, "A: b"},
		{`{"exception": {"values": [null, {"type": "B", "value": null}]}, "message": "m"}`, ": m"},
		{
			`{"exception": {"values": [{"type": "IOException", "module": "java.io", "value": "x"}]}, "platform": "java"}`,
			"java.io.IOException: x",
		},
		{
			`{"exception": {"values": [{"type": "*shop.Err", "module": "shop", "value": "x"}]}, "platform": "go"}`,
			"*shop.Err: x",
		},
		{
			`{"exception": {"values": [{"type": "Cause", "value": "c"}, {"type": "Caught", "value": "d"}]}, "extra": [[[]]]}`,
			"Cause: d",
		},
		{`{}`, "Message: "},
	}
	for _, test := range tests {
		if r := reportOf(t, test.event); r.Class+": "+r.Message != test.want {
			t.Errorf("%s: %s: %s", test.event, r.Class, r.Message)
		}
	}
	r := reportOf(t, `{"fingerprint": ["a", 7], "tags": [["x", "1"], ["y", 2], 3, null], "user": {"id": 7}, `+
		`"transaction": "/pay", "level": "fatal"}`)
	if !slices.Equal(r.Fingerprint, []string{"a", "7"}) || r.Tags["x"] != "1" || r.Tags["y"] != "2" || r.User != "7" ||
		r.Function != "/pay" ||
		r.Level != "fatal" {
		t.Errorf("%+v", r)
	}
	r = reportOf(t, `{"exception": {"values": [{"type": "A"}]}, "threads": {"values": [`+
		`{"id": 1, "stacktrace": {"frames": [{"function": "idle"}]}}, `+
		`{"crashed": true, "stacktrace": {"frames": [{"function": "main"}, {"function": "work"}, {}]}}]}}`)
	if len(r.Frames) != 3 || r.Frames[1].Function != "work" {
		t.Errorf("frames of the thread that crashed: %+v", r.Frames)
	}
}

func TestFrame_InApp(t *testing.T) {
	for frame, want := range map[string]bool{
		`go {"module": "net/http", "abs_path": "/usr/local/go/src/net/http/server.go"}`:          false,
		`go {"module": "shop", "abs_path": "/home/ann/shop/pay.go"}`:                             true,
		`go {"module": "github.com/x/y", "abs_path": "/root/go/pkg/mod/github.com/x/y@v1/a.go"}`: false,
		`go {"module": "github.com/x/y", "filename": "github.com/x/y@v1.2.3/a.go"}`:              false,
		`go {"module": "net/http", "abs_path": "/x/net/http/server.go", "in_app": true}`:         true,
		`python {"module": "shop.pay", "abs_path": "/srv/shop/pay.py"}`:                          true,
		`python {"abs_path": "/usr/lib/python3.11/json/decoder.py"}`:                             false,
		`python {"abs_path": "/srv/venv/site-packages/flask/app.py"}`:                            false,
		`python {"abs_path": "/srv/shop/pay.py", "in_app": false}`:                               false,
		`node {"filename": "node:internal/modules/run_main"}`:                                    false,
		`node {"filename": "/srv/shop/node_modules/express/router.js"}`:                          false,
		`node {"filename": "/srv/shop/internal/pay.js", "in_app": null}`:                         true,
		`java {"module": "java.util.List"}`:                                                      false,
		`elixir {"module": "Shop.Pay"}`:                                                          true,
	} {
		platform, f, _ := strings.Cut(frame, " ")
		const event = `{"platform": %q, "exception": {"values": [{"type": "A", "stacktrace": {"frames": [%s]}}]}}`
		r := reportOf(t, fmt.Sprintf(event, platform, f))
		if r.Frames[0].InApp != want {
			t.Errorf("%s: %v", frame, r.Frames[0].InApp)
		}
	}
}

// A chain that is too long keeps its cause and the caught exception, a stack that is too long
// keeps its innermost calls.
func TestEvent_LongListsAreBounded(t *testing.T) {
	values := make([]string, 500)
	for i := range values {
		outer := strings.Repeat(`{"function": "f"},`, 50)
		values[i] = fmt.Sprintf(`{"type": "E%d", "stacktrace": {"frames": [%s{"function": "inner%d"}]}}`, i, outer, i)
	}
	r := reportOf(t, `{"exception": {"values": [`+strings.Join(values, ",")+`]}}`)
	if len(r.Chain) != 11 || r.Class != "E0" || r.Chain[0].Class != "E499" || r.Frames[0].Function != "inner499" {
		t.Errorf("%d in the chain, class %s, %+v", len(r.Chain), r.Class, r.Frames[0])
	}
	outer := strings.Repeat(`{},`, 100_000)
	r = reportOf(t, `{"exception": {"values": [{"stacktrace": {"frames": [`+outer+`{"function": "last"}]}}]}}`)
	if len(r.Frames) != 250 || r.Frames[0].Function != "last" {
		t.Errorf("%d frames", len(r.Frames))
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

func TestBody_Encodings(t *testing.T) {
	plain := readSample(t, "python-1.9.10.envelope")
	pack := map[string]func(io.Writer) io.WriteCloser{
		"gzip":    func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
		"deflate": func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) },
		"DEFLATE": func(w io.Writer) io.WriteCloser {
			f, _ := flate.NewWriter(w, 5) //nolint:errcheck // the level is valid
			return f
		},
	}
	packed := func(name string, parts ...[]byte) []byte {
		var b bytes.Buffer
		w := pack[name](&b)
		for _, part := range parts {
			if _, err := w.Write(part); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	million := bytes.Repeat([]byte("x"), 1<<20)
	sent := func(encoding string, body []byte) (int, error) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", bytes.NewReader(body))
		r.Header.Set("Content-Encoding", encoding)
		in, err := Body(httptest.NewRecorder(), r)
		if err != nil {
			return 0, err
		}
		_, list, err := read(in)
		return len(list), err
	}
	for name := range pack {
		if n, err := sent(name, packed(name, plain)); n != 1 || err != nil {
			t.Errorf("%s: %d, %v", name, n, err)
		}
		if _, err := sent(name, plain); !fault.Is(err, fault.Malformed) {
			t.Errorf("%s that is none: %v", name, err)
		}
		if _, err := sent(name, packed(name, plain)[:500]); !fault.Is(err, fault.Malformed) {
			t.Errorf("%s that breaks off: %v", name, err)
		}
		parts := [][]byte{[]byte("{}\n{\"type\":\"attachment\"}\n")}
		for range 24 { // 24 MB that compress well
			parts = append(parts, million)
		}
		bomb := packed(name, parts...)
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		if _, err := sent(name, bomb); !fault.Is(err, fault.TooLarge) {
			t.Errorf("a bomb of %s: %v", name, err)
		}
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > 2<<20 {
			t.Errorf("a bomb of %s takes %d bytes", name, took)
		}
	}
	for _, name := range []string{"br", "zstd", "gzip, gzip"} {
		if _, err := sent(name, plain); !errors.Is(err, ErrEncoding) {
			t.Errorf("%s: %v", name, err)
		}
	}
	tooLong := append([]byte("{}\n{\"type\":\"attachment\"}\n"), bytes.Repeat([]byte("x"), MaxBytes)...)
	if _, err := sent("identity", tooLong); !fault.Is(err, fault.TooLarge) {
		t.Errorf("21 MB: %v", err)
	}
}
