package sentry

import (
	"bytes"
	"testing"

	"gatecrier/app/exception"
	"gatecrier/app/fault"
)

// Any input is read within bounds or refused with a fault.
func FuzzEnvelope(f *testing.F) {
	for _, name := range []string{"node-11.12.0.envelope", "node-11.12.0-session.envelope", "python-1.9.10.envelope"} {
		f.Add(readSample(f, name))
	}
	for _, seed := range []string{
		"",
		"{}",
		"{}\n{\"type\":\"event\"}\n" +
			`{"message":{"message":"a"},"tags":[["a",1]],"fingerprint":["{{ default }}"]}`,
		"{\"dsn\":\"http://a@b/1\"}\n{\"type\":\"event\",\"length\":2}\n{}{\"type\":\"event\",\"length\":2}\n{}",
		"{}\n{\"type\":\"event\"}\n" +
			`{"exception":[{"stacktrace":{"frames":[null,{"lineno":"7","in_app":1}]}}],"threads":{"values":[{"current":true}]}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		e, list, err := read(bytes.NewReader(text))
		if kind := fault.KindOf(err); err != nil && kind != fault.Malformed && kind != fault.TooLarge {
			t.Errorf("error of another kind: %v", err)
		}
		if e != nil && e.EventID != "" && len(e.EventID) != 32 {
			t.Errorf("id %q", e.EventID)
		}
		if len(list) > maxItems {
			t.Errorf("%d events", len(list))
		}
		for _, r := range list {
			if len(r.Frames) > 250 || len(r.Chain) > 11 || len(r.Tags) > maxPairs+1 || len(r.Fingerprint) > maxWords {
				t.Errorf("%d frames, %d causes, %d tags, %d words", len(r.Frames), len(r.Chain), len(r.Tags), len(r.Fingerprint))
			}
			if key, _ := exception.Key(exception.GroupSmart, r); key == "" {
				t.Error("no key")
			}
		}
	})
}
