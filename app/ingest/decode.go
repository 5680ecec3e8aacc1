package ingest

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"gatecrier/app/fault"
)

const (
	decodeBuffer = 32 << 10
	// maxPacked is how often a text can be packed: a .gz file can be sent with gzip once more.
	maxPacked = 2
)

// decode returns a reader of a report's text in UTF-8, without a byte order mark. It unpacks
// gzip, recognized by content, and converts UTF-16 with a mark. It reads nothing before its
// first Read. Over limit bytes, unpacked, Read returns fault.TooLarge; of other bytes that
// cannot be decoded, fault.Invalid.
func decode(r io.Reader, limit int64) io.Reader {
	return &lazyReader{open: func() (io.Reader, error) { return openText(r, limit) }}
}

// Unpack returns a reader that unpacks gzip. It reads nothing before its first Read. Over
// limit bytes, unpacked, Read returns fault.TooLarge; of damaged data, fault.Invalid.
func Unpack(r io.Reader, limit int64) io.Reader {
	return &lazyReader{open: func() (io.Reader, error) {
		in := bufio.NewReaderSize(r, decodeBuffer)
		if head, err := in.Peek(len(gzipMagic)); err == nil && string(head) != gzipMagic {
			return nil, unreadable("the body is not packed with gzip, as its Content-Encoding says", nil)
		}
		return unpack(in, limit)
	}}
}

// TooLarge returns the error for a report of more than limit bytes.
func TooLarge(limit int64, cause error) error {
	return fault.Wrap(fault.TooLarge, fmt.Sprintf("The report is larger than %d MiB", limit>>20), cause)
}

// lazyReader opens its reader at the first Read.
type lazyReader struct {
	open func() (io.Reader, error)
	r    io.Reader
	err  error
}

// Read returns the error of open, each time, or reads.
func (l *lazyReader) Read(p []byte) (int, error) {
	if l.r == nil && l.err == nil {
		l.r, l.err = l.open()
	}
	if l.err != nil {
		return 0, l.err
	}
	return l.r.Read(p)
}

const gzipMagic = "\x1f\x8b"

// openText unpacks and converts what r reads, by its first bytes. An error of r returns when
// the text is read.
func openText(r io.Reader, limit int64) (io.Reader, error) {
	in := bufio.NewReaderSize(r, decodeBuffer)
	for packed := 0; ; packed++ {
		head, _ := in.Peek(len(gzipMagic)) //nolint:errcheck // see above
		if string(head) != gzipMagic {
			return toUTF8(in)
		}
		if packed == maxPacked {
			return nil, unreadable("the data is packed with gzip more than twice: pack it once", nil)
		}
		unpacked, err := unpack(in, limit)
		if err != nil {
			return nil, err
		}
		in = bufio.NewReaderSize(unpacked, decodeBuffer)
	}
}

// unpack reads the header of gzip data.
func unpack(r io.Reader, limit int64) (io.Reader, error) {
	z, err := gzip.NewReader(r)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, explainGzip(err)
	}
	return gzipReader{http.MaxBytesReader(nil, z, limit)}, nil
}

// gzipReader explains the errors of gzip data.
type gzipReader struct{ unpacked io.Reader }

// Read returns a fault for damaged data and for too much of it, and other errors as they are.
func (g gzipReader) Read(p []byte) (int, error) {
	n, err := g.unpacked.Read(p)
	return n, explainGzip(err)
}

func explainGzip(err error) error {
	var tooLarge *http.MaxBytesError
	var corrupt flate.CorruptInputError
	switch {
	case fault.KindOf(err) != fault.Internal:
		return err
	case errors.As(err, &tooLarge):
		return TooLarge(tooLarge.Limit, err)
	case errors.Is(err, io.EOF):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF): // no cause: a reader that is filled takes it for the end
		return unreadable("the gzip data is damaged: it ends too early. Send the whole file", nil)
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.As(err, &corrupt):
		return unreadable("the gzip data is damaged. Pack the report again", err)
	}
	return err
}

// The byte order marks.
const (
	markUTF8    = "\xef\xbb\xbf"
	markUTF16LE = "\xff\xfe"
	markUTF16BE = "\xfe\xff"
	markUTF32LE = "\xff\xfe\x00\x00"
	markUTF32BE = "\x00\x00\xfe\xff"
)

// toUTF8 returns the text after a byte order mark, in UTF-8.
func toUTF8(in *bufio.Reader) (io.Reader, error) {
	head, _ := in.Peek(8) //nolint:errcheck // an error returns when the text is read
	starts := func(mark string) bool { return bytes.HasPrefix(head, []byte(mark)) }
	switch {
	case starts(markUTF8):
		_, err := in.Discard(len(markUTF8))
		return in, err
	case starts(markUTF32LE), starts(markUTF32BE):
		return nil, unreadable("the text is not UTF-8: it is UTF-32. Write it as UTF-8", nil)
	case starts(markUTF16LE):
		return fromUTF16(in, unicode.LittleEndian), nil
	case starts(markUTF16BE):
		return fromUTF16(in, unicode.BigEndian), nil
	case alternatesWithNUL(head):
		return nil, unreadable(
			"the text is not UTF-8: it looks like UTF-16 without a byte order mark. Write it as UTF-8, or with a mark", nil,
		)
	}
	return in, nil
}

func fromUTF16(in io.Reader, order unicode.Endianness) io.Reader {
	return transform.NewReader(in, unicode.UTF16(order, unicode.ExpectBOM).NewDecoder())
}

// alternatesWithNUL reports whether every other byte is NUL, as in ASCII written as UTF-16.
func alternatesWithNUL(head []byte) bool {
	if len(head) < 4 {
		return false
	}
	for i := 2; i < len(head); i++ {
		if (head[i] == 0) != (head[i-2] == 0) {
			return false
		}
	}
	return (head[0] == 0) != (head[1] == 0)
}
