package ilert

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"gatecrier/app/fault"
	"gatecrier/app/module"
	"gatecrier/app/module/moduletest"
	"gatecrier/app/outbound"
)

// example has the format of a key.
const example = "il1api0460d849fcdc753d4f"

func TestConform(t *testing.T) {
	moduletest.Conform(t,
		func(c *outbound.Client) module.Sender { return New(c) },
		func(url string) module.Config { return module.Config{"url": url, "integration_key": example} })
}

// receiver answers each event with its own status, and all further ones with the last status.
func receiver(t *testing.T, statuses ...int) (config module.Config, got <-chan string) {
	t.Helper()
	bodies := make(chan string, 10)
	answers := make(chan int, len(statuses))
	for _, status := range statuses {
		answers <- status
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json; charset=utf-8" {
			t.Errorf("%s %v %v", r.Method, r.Header, err)
		}
		bodies <- string(body)
		select {
		case status := <-answers:
			w.WriteHeader(status)
		default:
			t.Error("one event too many")
		}
	}))
	t.Cleanup(server.Close)
	return module.Config{"url": server.URL, "integration_key": example}, bodies
}

// usual returns the body of the usual message; middle is its type, key and priority.
func usual(middle string) string {
	text := `","summary":"Security gate of Shop failed",` +
		`"details":"You are a member of Shop\n\n- critical, known exploited: CVE-2024-3094 in xz 5.6.0 · fix: 5.6.2\n` +
		`- high: CVE-2021-44228 in log4j-core 2.14.1","alertKey":"`
	return `{"integrationKey":"il1api0460d849fcdc753d4f","eventType":"` + strings.Replace(middle, " ", text, 1) +
		`,"links":[{"href":"https://gates.example/products/7","text":"Open in Gatecrier"},` +
		`{"href":"https://advisories.example/CVE-2024-3094?from=(gate)&lang=en","text":"CVE-2024-3094"}],` +
		`"customDetails":{"Gate":"from Passed to Failed","Product":"Shop","id":"0198f0a4-7a11-7cc3-98c4-dc0c0c07398f",` +
		`"time":"2026-05-04T03:02:01Z","type":"gate.changed"}}`
}

func TestSend(t *testing.T) {
	about := func(key string, tone module.Tone) module.Message {
		m := moduletest.Usual()
		m.Key, m.Tone = key, tone
		return m
	}
	const noKey = `ALERT gatecrier/message/0198f0a4-7a11-7cc3-98c4-dc0c0c07398f","priority":"LOW"`
	for want, m := range map[string]module.Message{
		usual(noKey): moduletest.Usual(),
		usual(`ALERT gatecrier/gate/7","priority":"HIGH"`): about("gate/7", module.ToneBad),
		usual(`RESOLVE gatecrier/gate/7"`):                 about("gate/7", module.ToneGood),
		usual(`RESOLVE gatecrier/gate/8"`):                 about("gate/8", module.TonePlain),
	} {
		config, got := receiver(t, http.StatusAccepted)
		r := New(moduletest.NewClient(t)).Send(t.Context(), config, m)
		if r.Kind() != module.KindDelivered || r.Status != 202 {
			t.Errorf("result = %+v", r)
		}
		if diff := cmp.Diff(want, <-got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestATestLeavesNoAlertOpen(t *testing.T) {
	m := moduletest.Usual()
	m.Test, m.Key = true, "gate/7"
	opened := usual(`ALERT gatecrier/test/0198f0a4-7a11-7cc3-98c4-dc0c0c07398f","priority":"LOW"`)
	closed := usual(`RESOLVE gatecrier/test/0198f0a4-7a11-7cc3-98c4-dc0c0c07398f"`)
	tests := []struct {
		statuses []int
		want     module.Kind
		sent     []string
	}{
		{[]int{202, 202}, module.KindDelivered, []string{opened, closed}},
		{[]int{202, 503}, module.KindTransient, []string{opened, closed}},
		{[]int{202, 400}, module.KindRejected, []string{opened, closed}},
		{[]int{500}, module.KindTransient, []string{opened}},
	}
	for _, tt := range tests {
		config, got := receiver(t, tt.statuses...)
		i := New(moduletest.NewClient(t))
		r := i.Send(t.Context(), config, m)
		if r.Kind() != tt.want || r.Status != tt.statuses[len(tt.statuses)-1] {
			t.Errorf("%v: %+v", tt.statuses, r)
		}
		var sent []string
		for len(got) > 0 {
			sent = append(sent, <-got)
		}
		if diff := cmp.Diff(tt.sent, sent); diff != "" {
			t.Error(diff)
		}
		shown, err := i.Show(t.Context(), config, m)
		if want := strings.ReplaceAll(opened+"\n"+closed, example, "[hidden]"); shown.Body != want || err != nil {
			t.Errorf("shown %s, %v", shown.Body, err)
		}
	}
}

func TestEventsOf_MinimalMessage(t *testing.T) {
	m := module.Message{
		ID:    "1",
		Type:  "x",
		Actor: " eve\n",
		Link:  "javascript:alert(1)",
		Facts: []module.Fact{
			{},
			{Value: "v"},
			{Label: "l"},
			{Label: "type", Value: "mine"},
			{Label: "a", Value: "1"},
			{Label: "a", Value: "2"},
		},
	}
	body, err := module.JSON(eventsOf(module.Config{"integration_key": example}, m)[0])
	want := `{"integrationKey":"il1api0460d849fcdc753d4f","eventType":"ALERT","summary":"Gatecrier",` +
		`"alertKey":"gatecrier/message/1","priority":"LOW",` +
		`"customDetails":{"Detail":"v","a":"1","actor":"eve","id":"1","type":"x"}}`
	if diff := cmp.Diff(want, string(body)); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

func TestDefaultURL(t *testing.T) {
	for given, want := range map[string]string{
		"": "https://api.ilert.com/api/events", "https://ilert.example/x": "https://ilert.example/x",
	} {
		c, err := New(moduletest.NewClient(t)).Prepare(module.Config{"url": given, "integration_key": example})
		if err != nil {
			t.Fatal(err)
		}
		if r, err := requestOf(c, event{}); r.URL != want || err != nil {
			t.Errorf("%q: %s, %v", given, r.URL, err)
		}
	}
}

func TestPrepare(t *testing.T) {
	i := New(moduletest.NewClient(t))
	for key, ok := range map[string]bool{
		example: true, "44c7afdc-0b3e-4344-b48a-5378a963231f": true, "12345678": true,
		"": false, "1234567": false, "with a space": false, `with"quotes`: false, `with\slashes`: false,
		"schlüssel-lang": false,
	} {
		if _, err := i.Prepare(module.Config{"integration_key": key}); (err == nil) != ok ||
			err != nil && !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", key, err)
		}
	}
	for url, ok := range map[string]bool{
		"https://ilert.example/x": true, "ftp://ilert.example/": false, "https://10.0.0.1/x": false,
	} {
		if _, err := i.Prepare(module.Config{"integration_key": example, "url": url}); (err == nil) != ok {
			t.Errorf("%q: %v", url, err)
		}
	}
}

func TestHint(t *testing.T) {
	for want, c := range map[string]module.Config{
		"api.ilert.com …3d4f": {"integration_key": example},
		"h.example:8443":      {"integration_key": "12345678", "url": "https://u:p@h.example:8443/x"},
	} {
		if got := New(nil).Hint(c); got != want {
			t.Errorf("hint = %q, want %q", got, want)
		}
	}
}

func TestItemsSayHowManyAreLeftOut(t *testing.T) {
	if got := texts.List(make([]module.Item, 25), module.Rest{}); strings.Count(got, "\n") != 20 ||
		!strings.HasSuffix(got, "\n- and 5 more") {
		t.Errorf("%q", got)
	}
	long := make([]module.Item, 20)
	for i := range long {
		long[i].Text = strings.Repeat("x", 300)
	}
	if got := texts.List(long, module.Rest{}); strings.Count(got, "\n") != 11 ||
		!strings.HasSuffix(got, "…\n- and 9 more") {
		t.Errorf("%q", got)
	}
}

// worst returns the texts that take the most space when they are encoded.
func worst() []string {
	return append(
		moduletest.HostileTexts(),
		strings.Repeat("🚨", 10_000),
		strings.Repeat(`\"`, 5000),
		strings.Repeat("](", 5000),
		strings.Repeat("漢", 10_000),
		"[x]: https://evil.example [x][x]",
	)
}

func FuzzEncode(f *testing.F) {
	for _, text := range worst() {
		f.Add(text, "https://gates.example/"+text)
	}
	f.Fuzz(func(t *testing.T, text, link string) {
		m := moduletest.Hostile(text)
		m.Link, m.Actor = link, text
		checkEvents(t, m)
	})
}

func TestHostileTexts(t *testing.T) {
	for _, text := range worst() {
		m := moduletest.Hostile(text)
		m.Link, m.Actor, m.Test = "https://gates.example/"+strings.Repeat("a", 1900), text, true
		for i := range m.Facts {
			m.Facts[i].Label = strings.Repeat("漢", i) + text // each is a detail of its own
		}
		checkEvents(t, m)
	}
}

var active = regexp.MustCompile(`\][(\[:]|<[^\x{200b}]`)

// checkEvents checks the limits, and that the details have no active Markdown.
func checkEvents(t *testing.T, m module.Message) {
	t.Helper()
	for _, e := range eventsOf(module.Config{"integration_key": example}, m) {
		body, err := module.JSON(e)
		if err != nil || !utf8.Valid(body) || len(body) > 28<<10 {
			t.Fatalf("%d bytes, %v", len(body), err)
		}
		var got event
		if err := json.Unmarshal(body, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(e, got); diff != "" {
			t.Error(diff)
		}
		summary, details := module.UTF16Len(got.Summary), module.UTF16Len(got.Details)
		if got.Summary == "" || summary > 250 || details > 4000 || len(got.CustomDetails) > 14 ||
			strings.Contains(got.Summary, "\n") {
			t.Errorf("summary of %d, details of %d, %d more", summary, details, len(got.CustomDetails))
		}
		if found := active.FindString(got.Details); found != "" {
			t.Errorf("%q in %.200q", found, got.Details)
		}
		if got.CustomDetails["type"] != m.Type || got.CustomDetails["time"] != m.Time.Format(time.RFC3339) {
			t.Errorf("details = %v", got.CustomDetails)
		}
	}
}

// A stale product opens an alert and its next report resolves it; an expiring waiver opens an
// alert of its own, of low priority.
func TestStaleProductsAndWaiversOpenAlerts(t *testing.T) {
	for want, m := range map[string]module.Message{
		"ALERT HIGH gatecrier/stale/7":  {ID: "1", Type: "product.stale", Key: "stale/7", Tone: module.ToneBad},
		"RESOLVE  gatecrier/stale/7":    {ID: "2", Type: "product.stale", Key: "stale/7", Tone: module.ToneGood},
		"ALERT LOW gatecrier/message/3": {ID: "3", Type: "waiver.expiring", Key: "waivers/7", Tone: module.TonePlain},
	} {
		kind, priority, key := alertOf(m)
		if got := kind + " " + priority + " " + key; got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
