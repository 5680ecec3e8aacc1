package api

import (
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"gatecrier/app/fault"
	"gatecrier/app/ingest"
)

// reportEncodings are the Content-Encodings of a report, for the answer to another one.
const reportEncodings = "gzip, identity"

// limitBody limits the body to the size of a report, as sent and as unpacked, and unpacks it as its
// Content-Encoding says. It returns fault.Unsupported for an unknown encoding.
func (a *API) limitBody(c *gin.Context) error {
	limit := a.Settings.Reports().MaxBytes
	sent := http.MaxBytesReader(c.Writer, c.Request.Body, limit)
	switch strings.ToLower(strings.TrimSpace(strings.Join(c.Request.Header.Values("Content-Encoding"), ","))) {
	case "", "identity":
		c.Request.Body = sent
	case "gzip", "x-gzip":
		c.Request.Body = unpackedBody{ingest.Unpack(sent, limit), sent}
	default:
		c.Header("Accept-Encoding", reportEncodings)
		return fault.New(fault.Unsupported, "Send the report as it is, or with Content-Encoding: gzip")
	}
	return nil
}

// unpackedBody closes the body as sent.
type unpackedBody struct {
	io.Reader
	io.Closer
}

// unreadableParts returns the error for a multipart body: what decoding or the limit says, else that
// it is malformed.
func unreadableParts(err error) error {
	var tooLarge *http.MaxBytesError
	var known *fault.Error
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &tooLarge):
		return ingest.TooLarge(tooLarge.Limit, err)
	}
	return fault.Wrap(fault.Malformed, "The multipart body cannot be read", err)
}
