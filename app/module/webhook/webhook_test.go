package webhook

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"gatecrier/app/fault"
	"gatecrier/app/module"
	"gatecrier/app/module/moduletest"
	"gatecrier/app/outbound"
)

// example is the secret of the specification's published example.
const example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func TestConform(t *testing.T) {
	moduletest.Conform(t,
		func(c *outbound.Client) module.Sender { return New(c, time.Now) },
		func(url string) module.Config { return module.Config{"url": url, "secret": example} })
}

func newTest(t *testing.T, now func() time.Time) *Webhook {
	t.Helper()
	return New(moduletest.NewClient(t), now)
}

type received struct {
	header http.Header
	body   []byte
}

func receiver(t *testing.T) (url string, got <-chan received) {
	t.Helper()
	requests := make(chan received, 10)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if r.Method != http.MethodPost {
			t.Errorf("method = %s", r.Method)
		}
		requests <- received{r.Header, body}
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(s.Close)
	return s.URL, requests
}

func TestSend(t *testing.T) {
	url, got := receiver(t)
	now := time.Now()
	w := newTest(t, func() time.Time { return now })
	config, err := w.Prepare(module.Config{"url": url})
	if err != nil {
		t.Fatal(err)
	}
	m := module.Message{
		ID:      "msg_1",
		Type:    "gate.changed",
		Version: 1,
		Time:    time.Date(2026, 5, 4, 3, 2, 1, 500, time.FixedZone("", 7200)),
		Title:   "not sent",
		Why:     "not sent",
		Actor:   "eve",
		Link:    "https://gates.example.org/products/1",
		Data:    json.RawMessage(`{ "a": "<b>" }`),
	}
	if result := w.Send(t.Context(), config, m); result.Kind() != module.KindDelivered ||
		result.Reason != "204 No Content" {
		t.Fatalf("result = %+v", result)
	}
	r := <-got
	want := `{"type":"gate.changed","version":1,"timestamp":"2026-05-04T01:02:01.0000005Z","actor":"eve",` +
		`"link":"https://gates.example.org/products/1","data":{"a":"<b>"}}`
	if diff := cmp.Diff(want, string(r.body)); diff != "" {
		t.Error(diff)
	}
	if r.header.Get("Content-Type") != "application/json" || r.header.Get("webhook-id") != "msg_1" ||
		r.header.Get("webhook-timestamp") != strconv.FormatInt(now.Unix(), 10) {
		t.Errorf("header = %v", r.header)
	}
	checkSignature(t, config["secret"], r)
}

// checkSignature verifies a request as receivers do.
func checkSignature(t *testing.T, secret string, r received) {
	t.Helper()
	verifier, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	if err := verifier.Verify(r.body, r.header); err != nil {
		t.Error(err)
	}
	err = verifier.Verify(append(bytes.Clone(r.body), ' '), r.header)
	if !errors.Is(err, standardwebhooks.ErrNoMatchingSignature) {
		t.Errorf("a changed body is accepted: %v", err)
	}
}

// Each attempt has the same ID and body, and its own timestamp.
func TestAttemptsHaveTheirOwnTimestamp(t *testing.T) {
	url, got := receiver(t)
	now := time.Now().Add(-time.Minute)
	w := newTest(t, func() time.Time { now = now.Add(10 * time.Second); return now })
	config := module.Config{"url": url, "secret": example}
	m := module.Message{ID: "msg_1", Type: "gate.changed", Version: 1, Time: now, Test: true}
	w.Send(t.Context(), config, m)
	w.Send(t.Context(), config, m)
	first, second := <-got, <-got
	checkSignature(t, example, first)
	checkSignature(t, example, second)
	if first.header.Get("webhook-id") != second.header.Get("webhook-id") || !bytes.Equal(first.body, second.body) {
		t.Errorf("attempts differ: %v %s, %v %s", first.header, first.body, second.header, second.body)
	}
	if first.header.Get("webhook-timestamp") == second.header.Get("webhook-timestamp") {
		t.Error("both attempts have the same timestamp")
	}
	if !strings.HasSuffix(string(first.body), `"test":true,"data":{}}`) {
		t.Errorf("body = %s", first.body)
	}
}

// This is the example that the specification's libraries are tested with.
func TestSign_PublishedExample(t *testing.T) {
	w := New(nil, func() time.Time { return time.Unix(1614265330, 0) })
	header, err := w.sign(module.Config{"secret": example}, "msg_p5jXN8AQM9LWM0D4loKWxJek", []byte(`{"test": 2432232314}`))
	if err != nil {
		t.Fatal(err)
	}
	want := http.Header{
		"Content-Type":      {"application/json"},
		"Webhook-Id":        {"msg_p5jXN8AQM9LWM0D4loKWxJek"},
		"Webhook-Timestamp": {"1614265330"},
		"Webhook-Signature": {"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
	}
	if diff := cmp.Diff(want, header); diff != "" {
		t.Error(diff)
	}
}

// A receiver that knows one of the two secrets can verify while both are valid, and after that
// only with the new one.
func TestRotate(t *testing.T) {
	url, got := receiver(t)
	now := time.Now()
	w := newTest(t, func() time.Time { return now })
	until := now.Add(24 * time.Hour)
	config, err := w.Prepare(w.Rotate(module.Config{"url": url, "secret": example}, until))
	if err != nil {
		t.Fatal(err)
	}
	if config["secret"] == example || !validSecret(config["secret"]) ||
		!w.RotatedUntil(config).Equal(until.Truncate(time.Second)) {
		t.Errorf("rotated: %v", config)
	}
	send := func() received {
		t.Helper()
		if r := w.Send(t.Context(), config, module.Message{ID: "msg_1", Type: "x"}); r.Kind() != module.KindDelivered {
			t.Fatalf("%+v", r)
		}
		return <-got
	}
	both := send()
	checkSignature(t, example, both)
	checkSignature(t, config["secret"], both)
	if n := len(strings.Fields(both.header.Get("webhook-signature"))); n != 2 {
		t.Errorf("%d signatures", n)
	}
	now = until
	one := send()
	if n := len(strings.Fields(one.header.Get("webhook-signature"))); n != 1 || !w.RotatedUntil(config).IsZero() {
		t.Errorf("after a day: %d signatures", n)
	}
	now = time.Now() // the verifier looks at the clock
	last := w.Rotate(w.Rotate(module.Config{"url": url, "secret": example}, until), until)
	config = last
	if n := len(strings.Fields(send().header.Get("webhook-signature"))); n != 2 {
		t.Errorf("rotated twice: %d signatures", n)
	}
	if last["old_secret"] == example {
		t.Error("the first secret counts after the second rotation")
	}
}

func TestSekoiaEnvelope(t *testing.T) {
	url, got := receiver(t)
	w := newTest(t, time.Now)
	m := moduletest.Usual()
	m.ID, m.Key = "msg_0198f0a4-7a11-7cc3-98c4-dc0c0c07398f", "gate/7"
	config := module.Config{"url": url, "secret": example, "format": "sekoia_v2"}
	if r := w.Send(t.Context(), config, m); r.Kind() != module.KindDelivered {
		t.Fatalf("%+v", r)
	}
	r := <-got
	want := `{"type":"gate","action":"updated","attributes":{"uuid":"0198f0a4-7a11-7cc3-98c4-dc0c0c07398f",` +
		`"short_id":"gate/7",` +
		`"title":"Security gate of Shop failed","reason":"You are a member of Shop",` +
		`"link":"https://gates.example/products/7"},` +
		`"metadata":{"version":2,"created_at":"2026-05-04T03:02:01Z",` +
		`"community_uuid":null,"avatar_uuid":null,"user_uuid":null,"permissions":[]}}`
	if diff := cmp.Diff(want, string(r.body)); diff != "" {
		t.Error(diff)
	}
	checkSignature(t, example, r)
	for verb, want := range map[string]string{
		"alert.created": "created", "report.deleted": "deleted", "alert.status_changed": "updated",
		"gatecrier.test": "created",
	} {
		if got := envelopeOf(module.Message{Type: verb}).Action; got != want {
			t.Errorf("%s: %s", verb, got)
		}
	}
}

func TestSend_TooLarge(t *testing.T) {
	url, got := receiver(t)
	w := newTest(t, time.Now)
	config := module.Config{"url": url, "secret": example}
	send := func(size int) module.Result {
		data := json.RawMessage(`"` + strings.Repeat("a", size) + `"`)
		return w.Send(t.Context(), config, module.Message{ID: "1", Type: "x", Data: data})
	}
	if r := send(20 << 10); r.Kind() != module.KindPermanent || !strings.Contains(r.Reason, "20 KB") {
		t.Errorf("result = %+v", r)
	}
	if r := send(20<<10 - 200); r.Kind() != module.KindDelivered {
		t.Errorf("result = %+v", r)
	}
	if len(got) != 1 {
		t.Errorf("%d requests", len(got))
	}
	if r := w.Send(t.Context(), config, module.Message{Data: json.RawMessage(`{"a":`)}); r.Kind() != module.KindPermanent {
		t.Errorf("result = %+v", r)
	}
}

func TestPrepareMakesASecret(t *testing.T) {
	w := newTest(t, time.Now)
	seen := map[string]bool{}
	for range 10 {
		c, err := w.Prepare(module.Config{"url": " https://example.com/hook "})
		if err != nil {
			t.Fatal(err)
		}
		if c["url"] != "https://example.com/hook" || !validSecret(c["secret"]) || seen[c["secret"]] {
			t.Errorf("config = %v", c)
		}
		seen[c["secret"]] = true
	}
}

func TestPrepareChecksSecrets(t *testing.T) {
	w := newTest(t, time.Now)
	of := func(n int) string { return "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, n)) }
	for secret, want := range map[string]bool{
		example: true, of(24): true, of(64): true, of(23): false, of(65): false, "whsec_": false,
		strings.TrimPrefix(example, "whsec_"): false, "whsec_%%%%": false, "whsec_" + strings.Repeat("_-", 16): false,
	} {
		_, err := w.Prepare(module.Config{"url": "https://example.com", "secret": secret})
		if (err == nil) != want ||
			err != nil && (!fault.Is(err, fault.Invalid) || strings.Contains(err.Error(), secret) && secret != "whsec_") {
			t.Errorf("secret %q: %v", secret, err)
		}
	}
}

func TestHint(t *testing.T) {
	w := New(nil, time.Now)
	config := module.Config{"url": "https://u:p@hooks.example.com:8443/services/T0/abcdefgh1234"}
	if got := w.Hint(config); got != "hooks.example.com:8443 …1234" {
		t.Errorf("hint = %q", got)
	}
}
