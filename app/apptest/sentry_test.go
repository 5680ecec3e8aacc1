package apptest_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/getsentry/sentry-go"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

// sendEnvelope sends an envelope with headers in pairs.
func sendEnvelope(t testing.TB, url string, body []byte, header ...string) apptest.Answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return apptest.Answer{Status: res.StatusCode, Header: res.Header, Text: string(text)}
}

func recordedEnvelope(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(apptest.Root(t), "app/sentry/testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

type outOfStock struct{ order int }

func (e *outOfStock) Error() string { return fmt.Sprintf("order %d is out of stock", e.order) }

// payOrder returns an error with a cause.
func payOrder(order int) error { return fmt.Errorf("pay: %w", &outOfStock{order}) }

// The unchanged Sentry SDK for Go reports to a product by its DSN.
func TestSentryGo(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		_, dsn := newIngestKey(c, s)
		options := sentry.ClientOptions{Dsn: dsn, Release: "shop@2.0", Environment: "production", AttachStacktrace: true}
		client, err := sentry.NewClient(options)
		if err != nil {
			t.Fatal(err)
		}
		hub := sentry.NewHub(client, sentry.NewScope())
		for order := range 3 {
			hub.CaptureException(payOrder(order))
			if !hub.Flush(10 * time.Second) { // before the next, which could overtake it
				t.Fatal("the SDK did not get rid of it")
			}
		}
		a := c.Must(http.StatusOK, "GET", fmt.Sprintf("/exceptions?product=%d", s.id), nil)
		if list, _ := a.Get("items").([]any); len(list) != 1 {
			t.Fatalf("%d groups: %s", len(list), a.Text)
		}
		d := c.Must(http.StatusOK, "GET", fmt.Sprintf("/exceptions/%d", a.ID("items.0.id")), nil)
		if d.Get("class") != "*apptest_test.outOfStock" || d.Get("message") != "pay: order 0 is out of stock" ||
			d.Get("kind") != "reported" {
			t.Errorf("%s", d.Text)
		}
		if d.Get("releases.0.name") != "shop@2.0" || d.Get("sample.environment") != "production" ||
			d.Get("sample.frames.0.function") == nil || d.Get("sample.chain.1.message") != "order 0 is out of stock" {
			t.Errorf("%s", d.Text)
		}
		if !strings.Contains(d.Text, "TestSentryGo") {
			t.Error("its frames do not lead here")
		}
	})
}

// Recorded envelopes of the SDKs for Node and Python are accepted, with each content encoding.
func TestEnvelopes_RecordedFromSDKs(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		for i, test := range []struct{ file, class, function, line string }{
			{"node-11.12.0.envelope", "Error", "pay.pay", "5"},
			{"python-1.9.10.envelope", "ConnectionRefusedError", "__main__.pay", "9"},
		} {
			s := newProduct(t, c, fmt.Sprint("Shop ", i), "")
			key, _ := newIngestKey(c, s)
			url, plain := fmt.Sprintf("%s/api/%d/envelope/", p.URL, s.id), recordedEnvelope(t, test.file)
			var zipped, deflated bytes.Buffer
			g, z := gzip.NewWriter(&zipped), zlib.NewWriter(&deflated)
			for _, w := range []io.WriteCloser{g, z} {
				_, err := w.Write(plain)
				if err := errors.Join(err, w.Close()); err != nil {
					t.Fatal(err)
				}
			}
			auth := "Sentry sentry_key=" + key + ", sentry_version=7"
			for name, send := range map[string]func() apptest.Answer{
				"query": func() apptest.Answer { return sendEnvelope(t, url+"?sentry_version=7&sentry_key="+key, plain) },
				"gzip": func() apptest.Answer {
					return sendEnvelope(t, url, zipped.Bytes(), "X-Sentry-Auth", auth, "Content-Encoding", "gzip")
				},
				"deflate": func() apptest.Answer {
					return sendEnvelope(t, url, deflated.Bytes(), "X-Sentry-Auth", auth, "Content-Encoding", "deflate")
				},
				"page": func() apptest.Answer {
					return sendEnvelope(t, strings.TrimSuffix(url, "/"), plain, "X-Sentry-Auth", auth, "Origin",
						"https://shop.example", "Sec-Fetch-Site", "cross-site", "Content-Type", "text/plain;charset=UTF-8")
				},
			} {
				res := send()
				if res.Status != http.StatusOK || !strings.HasPrefix(res.Text, `{"id":"`) ||
					res.Header.Get("Access-Control-Allow-Origin") != "*" ||
					res.Header.Get("Access-Control-Allow-Credentials") != "" ||
					res.Header.Get("Set-Cookie") != "" {
					t.Errorf("%s by %s: %d %s", test.file, name, res.Status, res.Text)
				}
			}
			if err := p.Exceptions.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			a := c.Must(http.StatusOK, "GET", fmt.Sprintf("/exceptions?product=%d", s.id), nil)
			d := c.Must(http.StatusOK, "GET", fmt.Sprintf("/exceptions/%d", a.ID("items.0.id")), nil)
			if d.Get("class") != test.class || d.Get("message") != "order 4711 cannot be paid" ||
				d.Get("function") != test.function || fmt.Sprint(d.Get("sample.frames.0.line")) != test.line ||
				d.Get("releases.0.name") != "shop@1.4.2" || d.ID("count") != 4 || d.ID("notified") != 1 ||
				d.ID("suppressed") != 3 || d.Get("sample.user") != "ann" {
				t.Errorf("%s", d.Text)
			}
		}
	})
}

const oneEvent = "{}\n{\"type\":\"event\"}\n{\"exception\":{\"values\":[{\"type\":\"E\",\"value\":\"m\"}]}}\n"

// Pages of other origins can only send envelopes, and without their cookies.
func TestEnvelopes_Preflight(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	ask := func(method, path string) apptest.Answer {
		req, err := http.NewRequestWithContext(t.Context(), method, p.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Origin", "https://shop.example")
		req.Header.Set("Sec-Fetch-Site", "cross-site")
		req.Header.Set("Access-Control-Request-Method", "POST")
		req.Header.Set("Access-Control-Request-Headers", "x-sentry-auth,content-type")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if err := res.Body.Close(); err != nil {
			t.Error(err)
		}
		return apptest.Answer{Status: res.StatusCode, Header: res.Header}
	}
	for _, path := range []string{"/api/7/envelope/", "/api/7/envelope"} {
		res := ask("OPTIONS", path)
		if res.Status != http.StatusNoContent || res.Header.Get("Access-Control-Allow-Origin") != "*" ||
			res.Header.Get("Access-Control-Allow-Credentials") != "" ||
			!strings.Contains(res.Header.Get("Access-Control-Allow-Headers"), "X-Sentry-Auth") {
			t.Errorf("%s: %d %v", path, res.Status, res.Header)
		}
	}
	for _, path := range []string{
		"/api/v1/exceptions", "/api/v1/products", "/login", "/api/7/envelope/x", "/api/7/other/envelope/",
	} {
		if res := ask("POST", path); res.Status != http.StatusForbidden ||
			res.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("POST %s from another site: %d", path, res.Status)
		}
		if res := ask("OPTIONS", path); res.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("OPTIONS %s: %v", path, res.Header)
		}
	}
}

// Unreadable envelopes are refused with a clear reason. Texts that are too long are truncated and
// marked.
func TestEnvelopes_InvalidOrTooLong(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", "")
	key, _ := newIngestKey(c, s)
	url := fmt.Sprintf("%s/api/%d/envelope/?sentry_key=%s", p.URL, s.id, key)
	event := func(text string) []byte { return []byte("{}\n{\"type\":\"event\"}\n" + text + "\n") }
	thrown := func(text string) []byte { return event(`{"exception":{"values":[{` + text + `}]}}`) }
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	for range 30 {
		if _, err := z.Write(bytes.Repeat([]byte("\n"), 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		body   []byte
		header []string
		status int
	}{
		"10 MB":        {event(`{"message":"` + strings.Repeat("x", 10<<20) + `"}`), nil, 413},
		"30 MB":        {append([]byte("{}\n{\"type\":\"x\"}\n"), make([]byte, 30<<20)...), nil, 413},
		"deep":         {event(`{"extra":` + strings.Repeat("[", 200_000)), nil, 400},
		"bad UTF-8":    {event("{\"message\":\"\xff\xc0\"}"), []string{"Content-Type", "application/json"}, 200},
		"a bomb":       {append([]byte(nil), bomb.Bytes()...), []string{"Content-Encoding", "gzip"}, 400},
		"no gzip":      {event(`{}`), []string{"Content-Encoding", "gzip"}, 400},
		"brotli":       {event(`{}`), []string{"Content-Encoding", "br"}, 415},
		"nothing":      {nil, nil, 400},
		"many items":   {[]byte("{}\n" + strings.Repeat("{\"type\":\"session\"}\n{}\n", 500_000)), nil, 200},
		"nameless":     {thrown(`"stacktrace":{"frames":[` + strings.Repeat(`{},`, 100_000) + `{}]}`), nil, 200},
		"1 MB message": {thrown(`"type":"Long","value":"` + strings.Repeat("x", 1_000_000) + `"`), nil, 200},
	} {
		res := sendEnvelope(t, url, test.body, test.header...)
		if res.Status != test.status || test.status != 200 && !strings.HasPrefix(res.Text, `{"detail":"`) {
			t.Errorf("%s: %d %.300s", name, res.Status, res.Text)
		}
	}
	a := c.Must(http.StatusOK, "GET", "/exceptions?q=Long", nil)
	d := c.Must(http.StatusOK, "GET", fmt.Sprintf("/exceptions/%d", a.ID("items.0.id")), nil)
	message, _ := d.Get("sample.message").(string)
	if d.Get("sample.truncated") != true || len(message) > 4000 {
		t.Errorf("%d bytes, %v", len(message), d.Get("sample.truncated"))
	}
	list, err := p.Store.ExceptionGroups(t.Context(), apptest.AllProducts(), models.ExceptionFilter{Limit: 10})
	if err != nil || len(list) != 3 {
		t.Errorf("%d groups, %v", len(list), err)
	}
	if text, err := json.Marshal(list); err != nil || len(text) > 100_000 {
		t.Errorf("%d bytes are kept, %v", len(text), err)
	}
}
