package ingest

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"math"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"gatecrier/app/fault"
)

// packed returns a text, packed with gzip.
func packed(t testing.TB, text []byte) []byte {
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

// inUTF16 returns a text in UTF-16 without a byte order mark.
func inUTF16(text string, bigEndian bool) []byte {
	var b []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		low, high := byte(unit&0xff), byte(unit>>8)
		if bigEndian {
			low, high = high, low
		}
		b = append(b, low, high)
	}
	return b
}

func marked(mark string, text []byte) []byte { return append([]byte(mark), text...) }

func TestDecode(t *testing.T) {
	const text = `{"name": "Lärche 🌲"}`
	little, big := marked(markUTF16LE, inUTF16(text, false)), marked(markUTF16BE, inUTF16(text, true))
	two := append(packed(t, []byte(text[:7])), packed(t, []byte(text[7:]))...)
	tests := map[string][]byte{
		"UTF-8":               []byte(text),
		"UTF-8 with a mark":   marked(markUTF8, []byte(text)),
		"UTF-16 LE":           little,
		"UTF-16 BE":           big,
		"gzip":                packed(t, []byte(text)),
		"gzip with a mark":    packed(t, marked(markUTF8, []byte(text))),
		"gzip of UTF-16":      packed(t, little),
		"gzip of gzip":        packed(t, packed(t, big)),
		"gzip in two members": two,
	}
	for name, data := range tests {
		for _, r := range []io.Reader{bytes.NewReader(data), iotest.OneByteReader(bytes.NewReader(data))} {
			got, err := io.ReadAll(decode(r, math.MaxInt64))
			if err != nil || string(got) != text {
				t.Errorf("%s: %q, error %v", name, got, err)
			}
		}
	}
}

func TestDecode_ShortTexts(t *testing.T) {
	for _, text := range []string{"", "{", "\xef\xbb", "\x1f", "[]", "null"} {
		if got, err := io.ReadAll(decode(strings.NewReader(text), 4)); err != nil || string(got) != text {
			t.Errorf("%q: %q, error %v", text, got, err)
		}
	}
	for _, mark := range []string{markUTF8, markUTF16LE, markUTF16BE} {
		if got, err := io.ReadAll(decode(strings.NewReader(mark), 4)); err != nil || len(got) != 0 {
			t.Errorf("only a mark: %q, error %v", got, err)
		}
	}
}

func TestParse_RefusesDamagedBytes(t *testing.T) {
	report := []byte(sarifRuns(oneFound))
	whole := packed(t, report)
	changed := func(at int) []byte {
		data := bytes.Clone(whole)
		data[at] ^= 0xff
		return data
	}
	const damaged = "the gzip data is damaged"
	tests := map[string]struct {
		data []byte
		says string
	}{
		"only the magic":        {[]byte(gzipMagic), damaged + ": it ends too early"},
		"half a header":         {whole[:5], damaged + ": it ends too early"},
		"half of the data":      {whole[:len(whole)/2], damaged + ": it ends too early"},
		"a cut checksum":        {whole[:len(whole)-3], damaged + ": it ends too early"},
		"a wrong method":        {changed(2), damaged},
		"a wrong block":         {changed(10), damaged},
		"a wrong checksum":      {changed(len(whole) - 8), damaged},
		"a wrong size":          {changed(len(whole) - 1), damaged},
		"something behind":      {append(bytes.Clone(whole), "more text"...), damaged},
		"gzip thrice":           {packed(t, packed(t, whole)), "more than twice"},
		"UTF-16 LE, no mark":    {inUTF16(string(report), false), "not UTF-8: it looks like UTF-16"},
		"UTF-16 BE, no mark":    {inUTF16(string(report), true), "not UTF-8: it looks like UTF-16"},
		"gzip of such":          {packed(t, inUTF16(string(report), true)), "not UTF-8: it looks like UTF-16"},
		"UTF-32":                {[]byte(markUTF32LE + "{\x00\x00\x00"), "it is UTF-32"},
		"UTF-32 BE":             {[]byte(markUTF32BE + "\x00\x00\x00{"), "it is UTF-32"},
		"UTF-16, cut in a half": {marked(markUTF16LE, inUTF16(string(report), false)[:98]), "the document ends too early"},
		"gzip of nothing":       {packed(t, nil), "empty"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Parse(bytes.NewReader(test.data))
			mustRefuse(t, err, test.says)
		})
	}
}

// The limit is one of the unpacked bytes. Exactly as many are accepted.
func TestDecode_Limit(t *testing.T) {
	const limit = 100_000
	for _, size := range []int{limit - 1, limit, limit + 1, 10 * limit} {
		text := bytes.Repeat([]byte(" "), size)
		for _, data := range [][]byte{packed(t, text), packed(t, packed(t, text))} {
			for name, r := range map[string]io.Reader{
				"decode": decode(bytes.NewReader(data), limit),
				"Unpack": decode(Unpack(bytes.NewReader(packed(t, data)), limit), limit),
			} {
				got, err := io.ReadAll(r)
				if size <= limit && (err != nil || len(got) != size) {
					t.Errorf("%s: %d of %d bytes, error %v", name, len(got), size, err)
				}
				if size > limit && (!fault.Is(err, fault.TooLarge) || len(got) > limit) {
					t.Errorf("%s: %d of %d bytes, error %v", name, len(got), size, err)
				}
			}
		}
	}
}

func TestDecode_PassesOtherErrors(t *testing.T) {
	broken := errors.New("broken")
	whole := packed(t, []byte(sarifRuns(oneFound)))
	for _, n := range []int{0, 1, 5, 30} {
		for _, wrap := range []func(io.Reader) io.Reader{
			func(r io.Reader) io.Reader { return decode(r, 1<<20) },
			func(r io.Reader) io.Reader { return Unpack(r, 1<<20) },
		} {
			r := wrap(io.MultiReader(bytes.NewReader(whole[:n]), iotest.ErrReader(broken)))
			if _, err := io.ReadAll(r); !errors.Is(err, broken) || fault.KindOf(err) != fault.Internal {
				t.Errorf("after %d bytes: error %v", n, err)
			}
			if _, err := r.Read(make([]byte, 9)); !errors.Is(err, broken) {
				t.Errorf("the next read after %d bytes: error %v", n, err)
			}
		}
	}
}

func TestUnpack_RefusesOtherBytes(t *testing.T) {
	_, err := io.ReadAll(Unpack(strings.NewReader(`{"runs": []}`), 1<<20))
	mustRefuse(t, err, "not packed with gzip, as its Content-Encoding says")
	_, err = io.ReadAll(Unpack(strings.NewReader(""), 1<<20))
	mustRefuse(t, err, "ends too early")
}

// bombs are gzip data of some KiB that unpack to many MiB.
func bombs(t testing.TB, size int) map[string][]byte {
	fill := func(head, repeat string) []byte {
		return packed(t, append([]byte(head), bytes.Repeat([]byte(repeat), size/len(repeat))...))
	}
	return map[string][]byte{
		"of gzip":     packed(t, fill("", "\x00")),
		"of NULs":     fill(`{"x": 1}`, "\x00"),
		"of spaces":   fill(`{"runs": `, " "),
		"of a text":   fill(`{"x": "`, "a"),
		"of numbers":  fill(`{"x": [0`, ",0"),
		"of findings": fill(`{"matches": [{}`, ",{}"),
	}
}

// A bomb stops at the limit: the memory depends on the limit, not on what it unpacks to.
func TestParse_StopsBombs(t *testing.T) {
	const limit = 4 << 20
	early := map[string]bool{"of NULs": true, "of gzip": true} // refused at once: they are no JSON
	for name, data := range bombs(t, 16<<20) {
		runtime.GC()
		peak := watchMemory()
		r := &counted{r: decode(bytes.NewReader(data), limit)}
		_, err := parseText(r, false)
		alloc, _ := peak()
		if kind := fault.KindOf(err); kind != fault.TooLarge && (kind != fault.Invalid || !early[name]) {
			t.Errorf("%s: error %v", name, err)
		}
		if r.n > limit {
			t.Errorf("%s: %d bytes were read", name, r.n)
		}
		if alloc > 48<<20 {
			t.Errorf("%s: it took %d MiB", name, alloc>>20)
		}
	}
}

// counted counts what is read.
type counted struct {
	r io.Reader
	n int
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

// BenchmarkParseBomb reports the peak memory of bombs that unpack to 256 MiB, with the limit of
// 64 MiB that is the default.
func BenchmarkParseBomb(b *testing.B) {
	for name, data := range bombs(b, 256<<20) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				runtime.GC()
				peak := watchMemory()
				_, err := parseText(decode(bytes.NewReader(data), 64<<20), false)
				alloc, _ := peak()
				if err == nil {
					b.Fatal("the bomb was accepted")
				}
				b.ReportMetric(float64(len(data))/(1<<10), "KiB-sent")
				b.ReportMetric(float64(alloc)/(1<<20), "MiB-alloc-peak")
			}
		})
	}
}
