package event_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatecrier/app/event"
	"gatecrier/models"
)

// An event of an unknown type is described from its data, or by its type alone.
func TestDescribe_Foreign(t *testing.T) {
	high, low, critical := models.High, models.Low, models.Critical
	alert := event.Notice{
		Name: "Ransomware", Title: "Ransomware: Shop", Message: "urgency 80, Pending", Tone: event.ToneBad,
		Key: "alert/AL1", Severity: &high, Facts: []event.Fact{{Label: "Product", Value: "Shop"}},
		Items: []event.Item{{Text: "Open where it happened", URL: "https://soc.example/AL1"}},
	}
	plain := event.Notice{Name: "alert.created", Title: "alert.created: Shop", Facts: alert.Facts, Tone: event.TonePlain}
	words := plain
	words.Message = "a b"
	urgent := plain
	urgent.Severity, urgent.Message = &low, "urgency 49.5"
	named := plain
	named.Severity, named.Tone, named.Message = &critical, event.ToneBad, "urgency 10"
	deep := `{"title":"x","a":` + strings.Repeat("[", 20) + strings.Repeat("]", 20) + "}"
	for payload, want := range map[string]event.Notice{
		`{"title":"Ransom\u0000ware","uuid":"AL1","urgency":80,"status":"Pending","url":"https://soc.example/AL1"}`: {},
		`{"name":"Ransomware","id":"AL1","urgency":80.0,"status":"Pending","url":"https://soc.example/AL1"}`:        alert,
		`{"description":" a\n\tb","url":"javascript:x(1)","severity":"bad"}`:                                        words,
		`{"urgency":49.5,"title":""}`:          urgent,
		`{"urgency":10,"severity":"CRITICAL"}`: named,
		"{}":                                   plain,
		"":                                     plain,
		"null":                                 plain,
		"[1]":                                  plain,
		"{":                                    plain,
		deep:                                   plain,
		`{"title":{"a":1},"name":[1],"message":true}`: plain,
	} {
		if want.Name == "" {
			want = alert
			want.Name, want.Title = "Ransom ware", "Ransom ware: Shop"
		}
		e := models.Event{Type: "alert.created", Version: 1, ProductID: 7, Product: "Shop", Payload: []byte(payload)}
		n, err := event.Describe(e)
		if diff := cmp.Diff(want, n); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", payload, err, diff)
		}
	}
}

// Data beyond the limits is refused; other data is stored as it came.
func TestNewForeign(t *testing.T) {
	nested := func(n int) string { return `{"a":` + strings.Repeat("[", n-1) + strings.Repeat("]", n-1) + "}" }
	long := func(n int) string { return `{"a":"` + strings.Repeat("x", n-len(`{"a":""}`)) + `"}` }
	for data, ok := range map[string]bool{
		`{"b":1.50,"a":[{}]}`:             true,
		nested(event.MaxForeignDepth):     true,
		nested(event.MaxForeignDepth + 1): false,
		long(event.MaxForeignData):        true,
		long(event.MaxForeignData + 1):    false,
		"[]":                              false,
		"null":                            false,
		"":                                false,
		`{"a":1}{}`:                       false,
		`{"a":`:                           false,
	} {
		f, err := event.NewForeign("alert.created", []byte(data))
		if (err == nil) != ok {
			t.Errorf("%.40s: %v", data, err)
		}
		if err != nil {
			continue
		}
		got, err := event.Encode(f)
		if err != nil || string(got) != data {
			t.Errorf("%.40s is stored as %.40s, %v", data, got, err)
		}
		if kind, version := f.Kind(); kind != "alert.created" || version != 1 || !json.Valid(got) {
			t.Errorf("%s, version %d", kind, version)
		}
	}
}
