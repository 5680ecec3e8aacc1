package event_test

import (
	"encoding/json"
	"strings"
	"testing"

	"gatecrier/app/event"
	"gatecrier/models"
)

// What an audience cannot read is neither in the words nor in the data.
func TestAudience_For(t *testing.T) {
	secrets := []string{"SECRETMESSAGE", "SECRETFUNCTION", "SECRETARGUMENT", "SECRETFRAME", "SECRETREFERENCE"}
	exception := func(kind models.ExceptionKind) string {
		text, err := json.Marshal(event.Exception{
			Group: 3, From: kind, Product: &event.Product{ID: 7, Name: "Shop"}, Class: "E", Message: secrets[0],
			Function: secrets[1], Arguments: map[string]string{"a": secrets[2]}, Trace: []string{secrets[3]},
			Reference: secrets[4], User: "USERDATA", Suppressed: 3,
		})
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	task, reported := exception(models.ExceptionTask), exception(models.ExceptionReported)
	const broken, alert = `{"connection":{"id":1,"name":"hook"},"reason":"HOST"}`, `{"title":"ALERT"}`
	member, all := event.Audience{UserData: true}, event.Audience{Administrator: true, AllData: true, UserData: true}
	target, system := event.Audience{AllData: true}, event.Audience{Administrator: true, AllData: true}
	for name, test := range map[string]struct {
		audience event.Audience
		kind     event.Type
		payload  string
		product  int64
		hidden   []string // nowhere
		shown    []string // in the data
	}{
		"administrator, task":       {all, event.ExceptionTask, task, 0, nil, append(secrets, "USERDATA")},
		"system's target, task":     {system, event.ExceptionTask, task, 0, []string{"USERDATA"}, secrets},
		"product's target, task":    {target, event.ExceptionTask, task, 7, append(secrets, "USERDATA"), []string{"Shop"}},
		"member, task":              {member, event.ExceptionTask, task, 7, append(secrets, "USERDATA"), nil},
		"member, exception":         {member, event.ExceptionReported, reported, 7, nil, append(secrets, "USERDATA")},
		"target, exception":         {target, event.ExceptionReported, reported, 7, []string{"USERDATA"}, secrets},
		"member, unreadable task":   {member, event.ExceptionTask, `{"class":5,"a":"HOST"}`, 7, []string{"HOST"}, nil},
		"all, unreadable task":      {all, event.ExceptionTask, `{"class":5,"a":"HOST"}`, 7, nil, []string{"HOST"}},
		"target, unreadable report": {target, event.ExceptionReported, `{"class":5,"user":"HOST"}`, 7, []string{"HOST"}, nil},
		"member, connection":        {member, event.ConnectorBroken, broken, 7, nil, nil},
		"target, connection":        {target, event.ConnectorBroken, broken, 7, nil, []string{"HOST"}},
		"member, from outside":      {member, "alert.created", alert, 7, nil, []string{"ALERT"}},
		"outside, no product":       {member, "alert.created", alert, 0, nil, nil},
		"not JSON":                  {all, "alert.created", "{", 7, []string{"{"}, nil},
	} {
		e := models.Event{Type: string(test.kind), Version: 1, ProductID: test.product, Payload: []byte(test.payload)}
		n, data, err := test.audience.For(e)
		words, encodeErr := json.Marshal(n)
		if encodeErr != nil {
			t.Fatal(encodeErr)
		}
		if wrong := strings.Contains(test.payload, `"class":5`); (err != nil) != wrong {
			t.Errorf("%s: %v", name, err)
		}
		for _, text := range test.hidden {
			if strings.Contains(string(data), text) || text != "{" && strings.Contains(string(words), text) {
				t.Errorf("%s reads %s: %s %s", name, text, words, data)
			}
		}
		for _, text := range test.shown {
			if !strings.Contains(string(data), text) {
				t.Errorf("%s does not read %s: %s", name, text, data)
			}
		}
		if test.shown == nil && data != nil {
			t.Errorf("%s reads data: %s", name, data)
		}
		if redacts := models.Redacts(test.audience.Administrator, e.Type); redacts && err == nil && n.Message != "…" {
			t.Errorf("%s reads the message %q", name, n.Message)
		}
	}
}
