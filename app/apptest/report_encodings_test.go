package apptest_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatecrier/app/apptest"
)

func gzipped(t *testing.T, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// asForm returns a form with a report, and its content type.
func asForm(t *testing.T, name string, report []byte) ([]byte, string) {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	file, err := form.CreateFormFile("file", name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Write(report); err != nil {
		t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	return body.Bytes(), form.FormDataContentType()
}

// postReport sends a report to the API with the names and values of headers.
func postReport(t *testing.T, c *apptest.Client, path string, body []byte, headers ...string) apptest.Answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.URL+"/api/v1"+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.Token)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	a := apptest.Answer{Status: res.StatusCode, Header: res.Header}
	var text bytes.Buffer
	if _, err := text.ReadFrom(res.Body); err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		t.Fatal(err)
	}
	a.Text = text.String()
	if err := json.Unmarshal(text.Bytes(), &a.JSON); err != nil {
		t.Fatalf("%v in %s", err, a.Text)
	}
	return a
}

const gzipHeader = "Content-Encoding"

// Each way to send the same report gives the same observation.
func TestReportEncodings_GiveOneObservation(t *testing.T) {
	t.Parallel()
	c := apptest.Start(t, apptest.Options{}).Client("admin")
	s := newProduct(t, c, "Shop", "")
	utf16 := apptest.Report(t, "intake/enc-utf16le-bom.sarif")
	packed := apptest.Report(t, "intake/enc-gzip.sarif.gz")
	form, formType := asForm(t, "report.sarif.gz", packed)
	tests := map[string]struct {
		body    []byte
		headers []string
	}{
		"UTF-16":                    {utf16, nil},
		"a gzip file":               {packed, nil},
		"a gzip file as JSON":       {packed, []string{"Content-Type", "application/json"}},
		"with its encoding":         {packed, []string{gzipHeader, "gzip"}},
		"with its old name":         {packed, []string{gzipHeader, "X-GZIP"}},
		"a gzip file, packed again": {gzipped(t, packed), []string{gzipHeader, "gzip"}},
		"identity":                  {utf16, []string{gzipHeader, "identity"}},
		"a form":                    {form, []string{"Content-Type", formType}},
		"a packed form":             {gzipped(t, form), []string{"Content-Type", formType, gzipHeader, "gzip"}},
	}
	for name, test := range tests {
		if a := postReport(t, c, s.path+"/reports?scanner=x", test.body, test.headers...); a.Status != http.StatusCreated ||
			a.ID("counts.high") != 1 {
			t.Errorf("%s: %d %s", name, a.Status, a.Text)
		}
	}
}

func TestReportEncodings_Refusals(t *testing.T) {
	t.Parallel()
	c := apptest.Start(t, apptest.Options{}).Client("admin")
	s := newProduct(t, c, "Shop", "")
	before := stateOf(c, s)
	c.Must(http.StatusOK, "PATCH", "/settings/reports", object{"max_bytes": 1 << 20})
	packed := apptest.Report(t, "intake/enc-gzip.sarif.gz")
	plain := apptest.Report(t, "sarif-empty.sarif")
	bomb := gzipped(t, append([]byte(`{"runs": `), bytes.Repeat([]byte(" "), 32<<20)...))
	form, formType := asForm(t, "report.sarif.gz", bomb)
	formBomb, bombType := asForm(t, "report.sarif", bytes.Repeat([]byte(" "), 2<<20))
	const tooLarge, damaged = "The report is larger than 1 MiB", "the gzip data is damaged"
	const unsupported, big = http.StatusUnsupportedMediaType, http.StatusRequestEntityTooLarge
	tests := map[string]struct {
		body    []byte
		headers []string
		status  int
		says    string
	}{
		"brotli":              {plain, []string{gzipHeader, "br"}, unsupported, "Content-Encoding: gzip"},
		"two encodings":       {packed, []string{gzipHeader, "gzip", gzipHeader, "br"}, unsupported, "gzip"},
		"not packed":          {plain, []string{gzipHeader, "gzip"}, 422, "is not packed with gzip"},
		"half of the data":    {packed[:len(packed)/2], nil, 422, damaged},
		"half, by its header": {packed[:len(packed)/2], []string{gzipHeader, "gzip"}, 422, damaged},
		"too large":           {bytes.Repeat([]byte(" "), 2<<20), nil, big, tooLarge},
		"a bomb":              {bomb, nil, big, tooLarge},
		"a bomb by header":    {bomb, []string{gzipHeader, "gzip"}, big, tooLarge},
		"a bomb in a bomb":    {gzipped(t, bomb), []string{gzipHeader, "gzip"}, big, tooLarge},
		"a bomb in a form":    {form, []string{"Content-Type", formType}, big, tooLarge},
		"half of a form": {
			gzipped(t, form)[:99], []string{"Content-Type", formType, gzipHeader, "gzip"}, 422, damaged,
		},
		"a form that is a bomb": {
			gzipped(t, formBomb), []string{"Content-Type", bombType, gzipHeader, "gzip"}, big, tooLarge,
		},
	}
	for name, test := range tests {
		a := postReport(t, c, s.path+"/reports?scanner=x", test.body, test.headers...)
		if a.Status != test.status || !strings.Contains(a.Text, test.says) {
			t.Errorf("%s: %d %s, want %d with %q", name, a.Status, a.Text, test.status, test.says)
		}
		if accept := a.Header.Get("Accept-Encoding"); (accept == "gzip, identity") !=
			(test.status == unsupported) {
			t.Errorf("%s: Accept-Encoding %q", name, accept)
		}
	}
	if after := stateOf(c, s); after != before {
		t.Errorf("a refused report has changed something:\n%s\nbefore:\n%s", after, before)
	}
}

// A repeat with the same key gets the first answer, packed or not.
func TestReportEncodings_Idempotency(t *testing.T) {
	t.Parallel()
	c := apptest.Start(t, apptest.Options{}).Client("admin")
	s := newProduct(t, c, "Shop", "")
	packed := apptest.Report(t, "intake/enc-gzip.sarif.gz")
	for _, headers := range [][]string{{gzipHeader, "gzip"}, {gzipHeader, "identity"}} {
		headers = append(headers, "Idempotency-Key", headers[1])
		first := postReport(t, c, s.path+"/reports", packed, headers...)
		again := postReport(t, c, s.path+"/reports", packed, headers...)
		if first.Status != http.StatusCreated || again.Text != first.Text || again.Header.Get("Idempotency-Replayed") == "" {
			t.Errorf("%s: first %s, again %d %s", headers[1], first.Text, again.Status, again.Text)
		}
		other := postReport(t, c, s.path+"/reports", gzipped(t, []byte("{}")), headers...)
		if other.Status != http.StatusConflict {
			t.Errorf("%s: another report: %d %s", headers[1], other.Status, other.Text)
		}
	}
}

func TestReportEncodings_UploadPageAndPush(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	newProduct(t, c, "Shop", "")
	c.Must(http.StatusOK, "PATCH", "/settings/reports", object{"max_bytes": 1 << 20})
	user := signedInAs(t, p, "admin")
	upload := func(report []byte) (int, string) {
		body, contentType := asForm(t, "report.sarif", report)
		url := p.URL + "/products/1/upload"
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", contentType)
		req.Header.Set("Sec-Fetch-Site", "same-origin")
		return user.send(req)
	}
	bomb := gzipped(t, bytes.Repeat([]byte(" "), 2<<20))
	for name, test := range map[string]struct {
		report []byte
		status int
		says   string
	}{
		"UTF-16":   {apptest.Report(t, "intake/enc-utf16le-bom.sarif"), http.StatusOK, "unchanged"},
		"gzip":     {apptest.Report(t, "intake/enc-gzip.sarif.gz"), http.StatusOK, "unchanged"},
		"damaged":  {bomb[:500], http.StatusUnprocessableEntity, "the gzip data is damaged"},
		"too much": {bomb, http.StatusRequestEntityTooLarge, "The report is larger than 1 MiB"},
	} {
		if status, page := upload(test.report); status != test.status || !strings.Contains(page, test.says) {
			t.Errorf("%s: %d\n%s", name, status, page)
		}
	}
	file := filepath.Join(t.TempDir(), "report.sarif.gz")
	if err := os.WriteFile(file, apptest.Report(t, "intake/enc-gzip.sarif.gz"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs := runCommand(t, "push", "--url", p.URL, "--token", c.Token, "--product", "Shop", file)
	if code != 0 || errs != "" {
		t.Errorf("push: %d\n%s\n%s", code, out, errs)
	}
	if n := c.Must(http.StatusOK, "GET", "/products/1/gate", nil).ID("counts.high"); n != 1 {
		t.Errorf("%d high observations, want 1", n)
	}
}
