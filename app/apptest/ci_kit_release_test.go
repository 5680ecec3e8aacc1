package apptest_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// release serves a release as it is published.
func release(t *testing.T, version string) (url, sum string) {
	t.Helper()
	name := "gatecrier_" + version + "_linux_" + runtime.GOARCH
	var archive bytes.Buffer
	zip := gzip.NewWriter(&archive)
	pack := tar.NewWriter(zip)
	text := programFile()
	header := &tar.Header{Name: name + "/gatecrier", Mode: 0o755, Size: int64(len(text))}
	err := pack.WriteHeader(header)
	if err == nil {
		_, err = pack.Write([]byte(text))
	}
	if err := errors.Join(err, pack.Close(), zip.Close()); err != nil {
		t.Fatal(err)
	}
	sum = fmt.Sprintf("%x", sha256.Sum256(archive.Bytes()))
	files := map[string]string{
		"/v" + version + "/" + name + ".tar.gz":      archive.String(),
		"/v" + version + "/SHA256SUMS":               "0000  other.tar.gz\n" + sum + "  " + name + ".tar.gz\n",
		"/bad/v" + version + "/" + name + ".tar.gz":  archive.String() + "x",
		"/bad/v" + version + "/SHA256SUMS":           sum + "  " + name + ".tar.gz\n",
		"/none/v" + version + "/" + name + ".tar.gz": archive.String(),
		"/none/v" + version + "/SHA256SUMS":          "0000  other.tar.gz\n",
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, ok := files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte(text)) //nolint:errcheck // the client notices
	}))
	t.Cleanup(s.Close)
	return s.URL, sum
}

func TestCIKit_DownloadsRelease(t *testing.T) {
	t.Parallel()
	f := newKitFixture(t)
	if err := os.Remove(filepath.Join(f.dir, "bin/gatecrier")); err != nil {
		t.Fatal(err)
	}
	url, sum := release(t, "0.1.0")
	for _, s := range []ciScript{githubScript(t), gitlabScript(t)} {
		for _, test := range []struct {
			name, url, version, sum string
			code                    int
			says                    string
		}{
			{"its checksums", url, "0.1.0", "", 2, "18 high"},
			{"a pinned checksum", url, "0.1.0", sum, 2, "18 high"},
			{"another checksum", url, "0.1.0", strings.Repeat("0", 64), 1, "is not the expected one"},
			{"a changed archive", url + "/bad", "0.1.0", "", 1, "is not the expected one"},
			{"no checksum", url + "/none", "0.1.0", "", 1, "is not the expected one"},
			{"an unknown version", url, "0.2.0", "", 1, "cannot download " + url + "/v0.2.0/"},
			{"no version", url, "", "", 1, "set the version to download"},
			{"neither a release nor a program", "", "", "", 127, "gatecrier"},
		} {
			inputs := maps.Clone(f.inputs)
			inputs["release-url"], inputs["version"], inputs["sha256"] = test.url, test.version, test.sum
			if code, out := s.run(t, f.dir, inputs); code != test.code || !strings.Contains(out, test.says) {
				t.Errorf("%s with %s: exit %d\n%s", s.name, test.name, code, out)
			}
		}
	}
}
