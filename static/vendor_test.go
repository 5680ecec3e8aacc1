package static_test

import (
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatecrier/static"
)

type vendored struct {
	To     string `json:"to"`
	Purge  *purge `json:"purge"`
	SHA512 string `json:"sha512"`
	Bytes  int    `json:"bytes"`
}

// purge says which sources use a style sheet, and where the names are that they do not use.
type purge struct {
	Sources []string `json:"sources"`
	Dropped string   `json:"dropped"`
}

// manifest returns what vendor.json says was written.
func manifest(t *testing.T) []vendored {
	t.Helper()
	var list struct {
		Packages []struct {
			Name, Integrity string
			Files           []vendored
			Sprite          *vendored
		}
	}
	text, err := os.ReadFile("vendor.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	var all []vendored
	for _, p := range list.Packages {
		all = append(all, p.Files...)
		if p.Sprite != nil {
			all = append(all, *p.Sprite)
		}
	}
	return all
}

func TestVendoredFilesMatchManifest(t *testing.T) {
	for _, file := range manifest(t) {
		content, err := os.ReadFile(filepath.Join("..", file.To))
		if err != nil {
			t.Error(err)
			continue
		}
		sum := sha512.Sum512(content)
		if got := base64.StdEncoding.EncodeToString(sum[:]); got != file.SHA512 || len(content) != file.Bytes {
			t.Errorf("%s was changed by hand: run make vendor-static", file.To)
		}
	}
}

func TestVendoredFilesAreInManifest(t *testing.T) {
	// The packages of Tabler have no license file, so this one is written by hand.
	want := []string{"vendor/LICENSE.tabler.txt"}
	for _, file := range manifest(t) {
		if name, ok := strings.CutPrefix(file.To, "static/"); ok && strings.HasPrefix(name, "vendor/") {
			want = append(want, name)
		}
	}
	got, err := filepath.Glob("vendor/*")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSpriteHasTheListedIcons(t *testing.T) {
	list, err := os.ReadFile("icons.txt")
	if err != nil {
		t.Fatal(err)
	}
	sprite, err := os.ReadFile("icons.svg")
	if err != nil {
		t.Fatal(err)
	}
	for name := range strings.FieldsSeq(string(list)) {
		if n := strings.Count(string(sprite), `<symbol id="`+name+`" `); n != 1 {
			t.Errorf("icon %s occurs %d times: run make vendor-static", name, n)
		}
		if !static.HasIcon(name) {
			t.Errorf("HasIcon does not find %s", name)
		}
	}
	for _, name := range []string{"", "no-such-icon", "bel"} {
		if static.HasIcon(name) {
			t.Errorf("HasIcon finds %q", name)
		}
	}
}

// The first page loads these files. With its HTML it must not exceed 100 kB.
func TestFirstPageIsLight(t *testing.T) {
	total := 0
	for _, name := range []string{
		"vendor/tabler.min.css",
		"css/gatecrier.css",
		"js/gatecrier.js",
		"vendor/htmx.min.js",
		"icons.svg",
	} {
		total += ask(t, "GET", static.URL(name), "Accept-Encoding", "gzip").Body.Len()
	}
	if total == 0 || total > 80_000 {
		t.Errorf("%d bytes compressed", total)
	}
}
