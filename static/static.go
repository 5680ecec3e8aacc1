// Package static serves the style sheets, scripts and icons from the binary. Their URLs change with
// the content, so that browsers can cache them forever. The project's own files are in css and js;
// those of others are in vendor, pinned in vendor.json, with their licenses.
package static

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Prefix is the path under which Handler expects its requests.
const Prefix = "/static/"

// URL returns the path of a file with a hash of its content: "css/gatecrier.css" becomes
// "/static/css/gatecrier.1a2b3c4d.css". A file that does not exist keeps its name; Handler answers
// it with 404.
func URL(name string) string {
	if a, ok := table().byName[name]; ok {
		return Prefix + a.hashed
	}
	return Prefix + name
}

// HasIcon reports whether icons.svg has an icon: its name is a line of icons.txt.
func HasIcon(name string) bool {
	sprite, err := files.ReadFile("icons.svg")
	return err == nil && bytes.Contains(sprite, []byte(`<symbol id="`+name+`" `))
}

// Handler answers GET and HEAD under Prefix. Browsers cache the URLs of URL for a year. Plain names
// work too; browsers revalidate them each time.
func Handler() http.Handler { return http.HandlerFunc(serve) }

func serve(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	a, caching, ok := find(r.URL.Path)
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", caching)
	a.serve(w, r)
}

// find returns the file of a path and its Cache-Control.
func find(path string) (a *asset, caching string, ok bool) {
	name, ok := strings.CutPrefix(path, Prefix)
	if !ok {
		return nil, "", false
	}
	if a, ok := table().byHashed[name]; ok {
		return a, "public, max-age=31536000, immutable", true
	}
	a, ok = table().byName[name]
	return a, "no-cache", ok
}

func (a *asset) serve(w http.ResponseWriter, r *http.Request) {
	h, body := w.Header(), a.plain
	h.Set("Content-Type", a.contentType)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Vary", "Accept-Encoding")
	h.Set("ETag", `"`+a.sum+`"`)
	if zipped := a.zipped(); zipped != nil && acceptsGzip(r.Header.Get("Accept-Encoding")) {
		body = zipped
		h.Set("Content-Encoding", "gzip")
		h.Set("Content-Length", strconv.Itoa(len(body))) // ServeContent omits it for an encoded body
		h.Set("ETag", `"`+a.sum+`-gzip"`)
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// acceptsGzip reads an Accept-Encoding header (RFC 9110, section 12.5.3).
func acceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		coding, weight, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			return !refused(weight)
		}
	}
	return false
}

// refused reports whether a weight such as "q=0.000" refuses a coding.
func refused(weight string) bool {
	q, ok := strings.CutPrefix(strings.TrimSpace(weight), "q=")
	if !ok {
		return false
	}
	value, err := strconv.ParseFloat(q, 64)
	return err == nil && value == 0
}
