package exception

import (
	"errors"
	"fmt"
	"testing"

	"gatecrier/app/fault"
	"gatecrier/models"
)

func TestNormalize(t *testing.T) {
	for message, want := range map[string]string{
		"user 4711 not found in 0x7ffe at 2026-11-25T22:59:01Z":  "user <number> not found in <hex> at <date>",
		"user 12 not found in 0xbeef at 2025-01-02 03:04:05.678": "user <number> not found in <hex> at <date>",
		"dial tcp 10.1.2.3:5432: connection refused after 3.5s":  "dial tcp <ip>: connection refused after <duration>",
		"dial tcp [fe80::1]:443: no route":                       "dial tcp <ip>: no route",
		"request 3f2b8c1e-5d6a-4b7c-8d9e-0f1a2b3c4d5e failed":    "request <uuid> failed",
		"object d41d8cd98f00b204e9800998ecf8427e is gone":        "object <hex> is gone",
		"GET https://shop.example/orders/77?x=1: 502":            "GET <url> <number>",
		"mail to ann@example.org bounced":                        "mail to <email> bounced",
		"no space left on device":                                "no space left on device",
		"first line\nsecond line\nthird line 1":                  "first line second line",
		"deadbeef and facade are words":                          "deadbeef and facade are words",
	} {
		if got := Normalize(message); got != want {
			t.Errorf("%q: %q, want %q", message, got, want)
		}
	}
}

func TestKey_SmartGrouping(t *testing.T) {
	at := func(line int, calls ...string) []Frame {
		var list []Frame
		for _, c := range calls {
			list = append(
				list,
				Frame{Module: "shop/cart", Function: c, Line: line, InApp: true},
				Frame{Module: "net/http", Function: "HandlerFunc.ServeHTTP", Line: line},
			)
		}
		return list
	}
	base := Report{
		Kind:    models.ExceptionReported,
		Class:   "ValueError",
		Message: "order 17 is lost",
		Frames:  at(10, "Total", "Checkout"),
	}
	key := func(change func(r *Report)) string {
		r := base
		change(&r)
		key, _ := Key(GroupSmart, r)
		return key
	}
	same := key(func(*Report) {})
	for name, change := range map[string]func(r *Report){
		"message":   func(r *Report) { r.Message = "order 18 is lost" },
		"lines":     func(r *Report) { r.Frames = at(99, "Total", "Checkout") },
		"recursion": func(r *Report) { r.Frames = at(10, "Total", "Total", "Total", "Checkout") },
		"closures":  func(r *Report) { r.Frames = at(10, "Total.func1", "Checkout[go.shape.int]") },
		"arguments": func(r *Report) { r.Arguments = map[string]string{"id": "1"} },
		"release":   func(r *Report) { r.Release = "2.0" },
		"default":   func(r *Report) { r.Fingerprint = nil },
	} {
		if got := key(change); got != same {
			t.Errorf("another %s makes it another exception", name)
		}
	}
	for name, change := range map[string]func(r *Report){
		"class":                 func(r *Report) { r.Class = "KeyError" },
		"path":                  func(r *Report) { r.Frames = at(10, "Total", "Refund") },
		"kind":                  func(r *Report) { r.Kind = models.ExceptionTask },
		"fingerprint":           func(r *Report) { r.Fingerprint = []string{"mine"} },
		"more than the default": func(r *Report) { r.Fingerprint = []string{"{{ default }}", "mine"} },
	} {
		if got := key(change); got == same {
			t.Errorf("another %s makes it no other exception", name)
		}
	}
	if a, b := key(func(r *Report) { r.Fingerprint = []string{"mine"} }), key(func(r *Report) {
		r.Fingerprint = []string{"mine"}
		r.Class = "Other"
	}); a != b {
		t.Error("the sender's word does not count alone")
	}
}

// The examples are SecObserve's own.
func TestExactKey_MatchesSecObserve(t *testing.T) {
	for want, r := range map[string]Report{
		"builtins.Exception/test_exception/None/": {Class: "builtins.Exception", Message: "test_exception"},
		"builtins.Exception/test_exception/test_function/{'argument': 'test_argument'}": {
			Class: "builtins.Exception", Message: "test_exception", Function: "test_function",
			Arguments: map[string]string{"argument": "test_argument"},
		},
	} {
		if got := ExactKey(r); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	a, by := Key(GroupExact, Report{Class: "a", Message: "1"})
	b, _ := Key(GroupExact, Report{Class: "a", Message: "2"})
	if a == b || by != ByExact {
		t.Error("another message is no other exception, exactly")
	}
}

func TestOf_Error(t *testing.T) {
	root := errors.New("disk full")
	err := fmt.Errorf("save: %w", fault.WithStack(fmt.Errorf("write: %w", root)))
	r := FromError(models.ExceptionTask, "retention", err)
	if r.Class != "*errors.errorString" || r.Message != "save: write: disk full" || len(r.Frames) == 0 ||
		r.Frames[0].Function != "TestOf_Error" ||
		!r.Frames[0].InApp {
		t.Errorf("%+v", r)
	}
	if err := fault.WithStack(fault.NewNotFound("page")); fault.StackOf(err) != nil {
		t.Error("a fault for the user has a stack")
	}
}

func TestOf_Panic(t *testing.T) {
	var got *Panic
	func() {
		defer func() { got = FromPanic(recover()) }()
		thrown(nil)
	}()
	r := FromError(models.ExceptionRequest, "GET /x", got)
	if r.Class != "panic" && r.Class != "runtime.boundsError" || r.Frames[0].Function != "thrown" {
		t.Errorf("%+v", r)
	}
}

func thrown(list []int) int { return list[3] }
