package sentry

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"

	"gatecrier/app/fault"
)

func TestBody_Encodings(t *testing.T) {
	plain := readSample(t, "python-1.9.10.envelope")
	pack := map[string]func(io.Writer) io.WriteCloser{
		"gzip":    func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
		"deflate": func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) },
		"DEFLATE": func(w io.Writer) io.WriteCloser {
			f, _ := flate.NewWriter(w, 5) //nolint:errcheck // the level is valid
			return f
		},
	}
	packed := func(name string, parts ...[]byte) []byte {
		var b bytes.Buffer
		w := pack[name](&b)
		for _, part := range parts {
			if _, err := w.Write(part); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	million := bytes.Repeat([]byte("x"), 1<<20)
	sent := func(encoding string, body []byte) (int, error) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", bytes.NewReader(body))
		r.Header.Set("Content-Encoding", encoding)
		in, err := Body(httptest.NewRecorder(), r)
		if err != nil {
			return 0, err
		}
		_, list, err := read(in)
		return len(list), err
	}
	for name := range pack {
		if n, err := sent(name, packed(name, plain)); n != 1 || err != nil {
			t.Errorf("%s: %d, %v", name, n, err)
		}
		if _, err := sent(name, plain); !fault.Is(err, fault.Malformed) {
			t.Errorf("an uncompressed body as %s: %v", name, err)
		}
		if _, err := sent(name, packed(name, plain)[:500]); !fault.Is(err, fault.Malformed) {
			t.Errorf("%s that breaks off: %v", name, err)
		}
		parts := [][]byte{[]byte("{}\n{\"type\":\"attachment\"}\n")}
		for range 24 { // 24 MB that compress well
			parts = append(parts, million)
		}
		bomb := packed(name, parts...)
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		if _, err := sent(name, bomb); !fault.Is(err, fault.TooLarge) {
			t.Errorf("a bomb of %s: %v", name, err)
		}
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > 2<<20 {
			t.Errorf("a bomb of %s takes %d bytes", name, took)
		}
	}
	for _, name := range []string{"br", "zstd", "gzip, gzip"} {
		if _, err := sent(name, plain); !errors.Is(err, ErrEncoding) {
			t.Errorf("%s: %v", name, err)
		}
	}
	tooLong := append([]byte("{}\n{\"type\":\"attachment\"}\n"), bytes.Repeat([]byte("x"), MaxBytes)...)
	if _, err := sent("identity", tooLong); !fault.Is(err, fault.TooLarge) {
		t.Errorf("21 MB: %v", err)
	}
}
