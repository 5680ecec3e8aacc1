package apptest_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatecrier/app/apptest"
)

// An envelope of an SDK has secrets in more places than the message. No file of the database has them.
func TestEnvelope_LeavesNoSecretInTheDatabase(t *testing.T) {
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", "")
	key, _ := newIngestKey(c, s)
	const said = `dial postgres://app:hunter2@db/shop: password=hunter2`
	event := `{"event_id":"0123456789abcdef0123456789abcdef","platform":"python","exception":{"values":[` +
		`{"type":"E","value":"SAID","stacktrace":{"frames":[{"function":"f SAID","filename":"x?token=hunter2",` +
		`"vars":{"password":"hunter2"},"context_line":"SAID"}]}}]},"transaction":"/a?token=hunter2",` +
		`"server_name":"SAID","release":"SAID","environment":"SAID","user":{"username":"SAID"},` +
		`"tags":{"api_key":"hunter2","note":"SAID"},"extra":{"secret":"hunter2"},"contexts":{"c":{"token":"hunter2"}},` +
		`"breadcrumbs":{"values":[{"message":"SAID","data":{"password":"hunter2"}}]},` +
		`"request":{"url":"https://a:hunter2@h/","query_string":"token=hunter2","cookies":"sid=hunter2",` +
		`"headers":{"Authorization":"Bearer hunter2"},"data":{"password":"hunter2"}}}`
	event = strings.ReplaceAll(event, "SAID", said)
	body := fmt.Sprintf("{}\n{\"type\":\"event\",\"length\":%d}\n%s\n", len(event), event)
	url := fmt.Sprintf("%s/api/%d/envelope/?sentry_key=%s", p.URL, s.id, key)
	if a := sendEnvelope(t, url, []byte(body)); a.Status != http.StatusOK {
		t.Fatalf("%d %s", a.Status, a.Text)
	}
	p.Stop()
	files, err := filepath.Glob(filepath.Join(p.Dir, "gatecrier.db*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%v, %v", files, err)
	}
	masked := false
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if i := bytes.Index(content, []byte("hunter2")); i >= 0 {
			t.Errorf("%s has %q", file, content[max(0, i-40):i+7])
		}
		masked = masked || bytes.Contains(content, []byte("[hidden]"))
	}
	if !masked {
		t.Error("nothing is stored")
	}
}
