package sentry

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

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
