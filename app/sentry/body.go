package sentry

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"strings"

	"gatecrier/app/fault"
)

// Body returns a request's decompressed body. Reading more than MaxBytes, compressed or not,
// fails with fault.TooLarge. It returns ErrEncoding for an unknown encoding.
func Body(w http.ResponseWriter, r *http.Request) (io.Reader, error) {
	r.Body = http.MaxBytesReader(w, r.Body, MaxBytes)
	in, err := decompress(r.Body, strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding"))))
	if err != nil {
		return nil, err
	}
	return &limitedReader{in, MaxBytes}, nil
}

func decompress(body io.Reader, encoding string) (io.Reader, error) {
	switch encoding {
	case "", "identity":
		return body, nil
	case "gzip", "x-gzip":
		in, err := gzip.NewReader(body)
		if err != nil {
			return nil, fault.Wrap(fault.Malformed, "The body is not packed with gzip, as its Content-Encoding says", err)
		}
		return in, nil
	case "deflate":
		return inflate(body)
	}
	return nil, ErrEncoding
}

// ErrEncoding is the error of a body with an unknown Content-Encoding.
var ErrEncoding = fault.New(fault.Unsupported, "Only the Content-Encodings gzip, deflate and identity are understood")

// inflate decompresses deflate: with the header of zlib, as the standard requires, or without
// it, as some clients send it.
func inflate(body io.Reader) (io.Reader, error) {
	in := bufio.NewReader(body)
	head, err := in.Peek(2)
	if err != nil || head[0]&0x0f != 8 || (int(head[0])<<8|int(head[1]))%31 != 0 {
		return flate.NewReader(in), nil //nolint:nilerr // a broken body fails when it is read
	}
	z, err := zlib.NewReader(in)
	if err != nil {
		return nil, fault.Wrap(fault.Malformed, "The body is not packed with deflate, as its Content-Encoding says", err)
	}
	return z, nil
}

const tooLarge = "An envelope has at most 20 MiB, unpacked too"

// limitedReader returns fault.TooLarge after its limit.
type limitedReader struct {
	in   io.Reader
	left int64
}

func (b *limitedReader) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fault.New(fault.TooLarge, tooLarge)
	}
	n, err := b.in.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}
