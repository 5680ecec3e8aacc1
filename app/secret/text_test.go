package secret

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

const plain = "whsec_do-not-tell"

func sealed(t *testing.T) Text {
	t.Helper()
	text, err := newRing(t, 1).Seal("connections/1/config", plain)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestTextPrintsNothing(t *testing.T) {
	text := sealed(t)
	holder := struct{ Config Text }{text}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%10s"} {
		for _, value := range []any{text, &text, holder, []Text{text}, map[string]Text{"a": text}} {
			got := fmt.Sprintf(verb, value)
			if !strings.Contains(got, hidden) || strings.Contains(got, text.sealed) {
				t.Errorf("%s of %T = %q", verb, value, got)
			}
		}
	}
	if got := fmt.Sprint(text, text.String(), text.GoString()); strings.Count(got, hidden) != 3 {
		t.Errorf("Sprint = %q", got)
	}
}

func TestTextEncodesNothing(t *testing.T) {
	text := sealed(t)
	asJSON, err := json.Marshal(map[string]any{"value": text, "pointer": &text})
	if want := `{"pointer":"[sealed]","value":"[sealed]"}`; err != nil || string(asJSON) != want {
		t.Errorf("json = %s, %v, want %s", asJSON, err, want)
	}
	asKey, err := json.Marshal(map[Text]int{text: 1})
	if want := `{"[sealed]":1}`; err != nil || string(asKey) != want {
		t.Errorf("json key = %s, %v, want %s", asKey, err, want)
	}
	var log bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(h).Info("saved", "config", text, "all", struct{ C Text }{text})
	}
	if got := strings.Count(log.String(), hidden); got != 4 {
		t.Errorf("%d of 4 values sealed in the log: %s", got, log.String())
	}
}

func TestTextGoesThroughTheDatabase(t *testing.T) {
	text := sealed(t)
	value, err := text.Value()
	if err != nil {
		t.Fatal(err)
	}
	for _, src := range []any{value, string(value.([]byte))} {
		var back Text
		if err := back.Scan(src); err != nil || back != text {
			t.Errorf("scan of %T: %v, same %v", src, err, back == text)
		}
	}
	back := text
	if err := back.Scan(nil); err != nil || !back.Empty() {
		t.Errorf("scan of NULL: %v, empty %v", err, back.Empty())
	}
	if value, err := back.Value(); value != nil || err != nil {
		t.Errorf("value of none = %v, %v", value, err)
	}
	if err := back.Scan(7); err == nil {
		t.Error("scan of a number succeeds")
	}
}
