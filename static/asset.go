package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"
)

//go:embed css/*.css js/*.js vendor icon icons.svg
var files embed.FS

// table is built at the first use. The files are part of the binary and do not change.
var table = sync.OnceValue(func() *assets { return load(files) })

// assets finds files by their name and by their name with a hash of the content.
type assets struct {
	byName, byHashed map[string]*asset
}

// asset is one file.
type asset struct {
	hashed      string // css/gatecrier.1a2b3c4d.css
	sum         string // hex, of the content
	contentType string
	plain       []byte
	zipped      func() []byte // returns nil if compression saves nothing
}

func load(files fs.FS) *assets {
	t := &assets{byName: map[string]*asset{}, byHashed: map[string]*asset{}}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		plain, err := fs.ReadFile(files, name)
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		t.add(name, plain)
		return nil
	})
	if err != nil { // impossible: the files are part of the binary
		panic(err)
	}
	return t
}

func (t *assets) add(name string, plain []byte) {
	digest := sha256.Sum256(plain)
	sum := hex.EncodeToString(digest[:16])
	ext := path.Ext(name)
	a := &asset{
		hashed:      strings.TrimSuffix(name, ext) + "." + sum[:8] + ext,
		sum:         sum,
		contentType: contentType(ext),
		plain:       plain,
		zipped:      sync.OnceValue(func() []byte { return compress(plain) }),
	}
	t.byName[name], t.byHashed[a.hashed] = a, a
}

// contentType returns a media type. It does not use the system's table, which differs between
// machines.
func contentType(ext string) string {
	switch ext {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	case ".webmanifest":
		return "application/manifest+json"
	case ".txt":
		return "text/plain; charset=utf-8"
	default:
		return "application/octet-stream"
	}
}

// compress returns nil if the result is not smaller.
func compress(plain []byte) []byte {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil
	}
	if _, err := z.Write(plain); err != nil {
		return nil
	}
	if err := z.Close(); err != nil || b.Len() >= len(plain) {
		return nil
	}
	return b.Bytes()
}
