package apptest_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
)

// installationWithSecrets makes an installation whose targets have sealed URLs, and stops it.
func installationWithSecrets(t *testing.T, database string, targets int, url string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	p := startProcessWith(t, spawnOptions{dir: dir, database: database})
	c := p.client(t)
	s := newProduct(t, c, "Shop", url)
	for range targets - 1 {
		c.Must(http.StatusCreated, "POST", s.path+"/targets",
			object{"module": "webhook", "name": "more", "config": map[string]string{"url": url}})
	}
	c.Must(http.StatusOK, "PATCH", "/settings/mail", object{"smtp_password": "secret of mail"})
	p.kill()
	return dir
}

// sendsWith reports whether the program can open its targets: a report makes them send.
func sendsWith(t *testing.T, o spawnOptions, receiver *apptest.Receiver, targets int) {
	t.Helper()
	before := len(receiver.Messages())
	p := startProcessWith(t, o)
	defer p.kill()
	c := p.client(t)
	id := c.Must(http.StatusOK, "GET", "/products", nil).ID("items.0.id")
	path := fmt.Sprintf("/products/%d", id)
	n := 1
	if c.Must(http.StatusOK, "GET", path, nil).Get("gate.state") == "failed" {
		n = 0
	}
	c.Must(http.StatusOK, "PUT", path+"/counts", object{"scanner": "x", "counts": criticalCounts(n)})
	receiver.Wait(t, before+targets)
}

// wantCommandLine checks that the audit log has one entry of a command without a server.
func wantCommandLine(t *testing.T, c *apptest.Client, kind, action, values string) {
	t.Helper()
	a := c.Must(http.StatusOK, "GET", "/audit?kind="+url.QueryEscape(kind), nil)
	if itemCount(a) != 1 || a.Get("items.0.actor") != "the command line" || a.Get("items.0.action") != action ||
		!strings.Contains(a.Text, values) {
		t.Errorf("audit log of %s: %s", kind, a.Text)
	}
}

func TestKeyRotate_File(t *testing.T) {
	t.Parallel()
	receiver := apptest.NewReceiver(t)
	const targets = 3
	dir := installationWithSecrets(t, "", targets, receiver.URL)
	key := filepath.Join(dir, "secret.key")
	old := readFile(t, key)
	out := mustRun(t, dataDir(dir), "key", "rotate")
	if !strings.Contains(out, "with the new key") || strings.Contains(out, string(bytes.TrimSpace(old))) {
		t.Errorf("it says %s", out)
	}
	if now := readFile(t, key); bytes.Equal(now, old) || bytes.Count(now, []byte("\n")) != 1 {
		t.Error("the key file does not have one new key")
	}
	if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	sendsWith(t, spawnOptions{dir: dir}, receiver, targets)
	now := readFile(t, key)
	writeFile(t, key, old)
	if said := startFails(t, "GATECRIER_DATA_DIR="+dir); !strings.Contains(said, "is not the key of this database") {
		t.Errorf("with the old key it says %s", said)
	}
	writeFile(t, key, now)
	p := startProcess(t, dir)
	wantCommandLine(t, p.client(t), "secret key", "change", `"encrypted_again":"`)
	code, said := command(t, dataDir(dir), "key", "rotate")
	if code != 1 || !strings.Contains(said, "a gatecrier server uses") || !bytes.Equal(readFile(t, key), now) {
		t.Errorf("beside a server: exit %d: %s", code, said)
	}
	p.kill()
}

// Both keys open the secrets until a rotation is finished, whenever it is killed.
func TestKeyRotate_Killed(t *testing.T) {
	t.Parallel()
	receiver := apptest.NewReceiver(t)
	const targets, kills = 40, 8
	dir := installationWithSecrets(t, "", targets, receiver.URL)
	start := time.Now()
	mustRun(t, dataDir(dir), "key", "rotate")
	whole := time.Since(start)
	for i := range kills {
		cmd := commandProcess(t, dataDir(dir), "key", "rotate")
		killAfter(t, cmd, whole*time.Duration(i+1)/kills)
		t.Logf("kill %d leaves %d keys", i, bytes.Count(readFile(t, filepath.Join(dir, "secret.key")), []byte("\n")))
		sendsWith(t, spawnOptions{dir: dir}, receiver, targets)
	}
	mustRun(t, dataDir(dir), "key", "rotate")
	sendsWith(t, spawnOptions{dir: dir}, receiver, targets)
}

func TestKeyRotate_Environment(t *testing.T) {
	t.Parallel()
	receiver := apptest.NewReceiver(t)
	dir := installationWithSecrets(t, "", 1, receiver.URL)
	file := filepath.Join(dir, "secret.key")
	old, next := strings.TrimSpace(string(readFile(t, file))), strings.TrimSpace(string(otherKey()))
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	environment := func(key string) []string { return append(dataDir(dir), "GATECRIER_SECRET_KEY="+key) }
	code, said := command(t, environment(old), "key", "rotate")
	if code != 1 || !strings.Contains(said, "GATECRIER_SECRET_KEY=NEW,OLD") {
		t.Errorf("exit %d: %s", code, said)
	}
	said = mustRun(t, environment(next+","+old), "key", "rotate")
	if !strings.Contains(said, "Remove the old key") {
		t.Errorf("it says %s", said)
	}
	sendsWith(t, spawnOptions{dir: dir, environment: []string{"GATECRIER_SECRET_KEY=" + next}}, receiver, 1)
	if said := startFails(t, environment(old)...); !strings.Contains(said, "GATECRIER_SECRET_KEY is not the key") {
		t.Errorf("with the old key it says %s", said)
	}
}
