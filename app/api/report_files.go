package api

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"strings"

	"gatecrier/app/fault"
	"gatecrier/app/ingest"
)

// fileField is the form field of a file whose source the request does not name.
const fileField = "file"

// nextFile returns the next file of a request, until io.EOF.
type nextFile func() (ingest.File, error)

// reportFiles returns the reports of a request: its body or, of a multipart form, its files. The
// form field of a file other than "file" is the name of its source.
func reportFiles(r *http.Request) (nextFile, error) {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		body := io.Reader(r.Body)
		return func() (ingest.File, error) {
			if body == nil {
				return ingest.File{}, io.EOF
			}
			f := ingest.File{Body: body}
			body = nil
			return f, nil
		}, nil
	}
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, unreadableParts(err)
	}
	return func() (ingest.File, error) {
		part, err := parts.NextPart()
		switch {
		case errors.Is(err, io.EOF):
			return ingest.File{}, io.EOF
		case err != nil:
			return ingest.File{}, unreadableParts(err)
		}
		return fileOf(part)
	}, nil
}

// fileOf returns a part of a form as a file.
func fileOf(part *multipart.Part) (ingest.File, error) {
	f := ingest.File{Name: part.FileName(), Body: part}
	switch name := part.FormName(); {
	case name == fileField:
	case f.Name == "":
		return f, fault.BadField(name, "The form has files only: send "+name+" as a parameter of the query")
	default:
		f.Source = name
	}
	return f, nil
}

// readAll reads the files of a request to their ends.
func readAll(files nextFile) error {
	for {
		f, err := files()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, f.Body); err != nil {
			return fault.Wrap(fault.Malformed, "The request cannot be read", err)
		}
	}
}
