package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"gatecrier/app/fault"
	"gatecrier/app/web"
)

// one is the answer with a resource that has a version.
type one[B any] struct {
	Status int
	ETag   string `header:"ETag" doc:"For If-None-Match and If-Match: it begins with the version"`
	Body   B
}

// oneOf returns the answer with a resource as its GET returns it.
func oneOf[B any](version int64, body B) *one[B] {
	return &one[B]{Status: http.StatusOK, ETag: etagOf(version, body), Body: body}
}

// changedOf returns the answer to a change that says more than the GET of the resource, so that its
// ETag is for If-Match only.
func changedOf[B any](version int64, body B) *one[B] {
	return &one[B]{Status: http.StatusOK, ETag: etagOf(version, nil), Body: body}
}

// notModified turns the answer to a GET into a 304 if the client has it.
func (o *one[B]) notModified(known string) {
	if web.HasETag(known, o.ETag) {
		o.Status = http.StatusNotModified
	}
}

// created is the answer to a POST that creates something.
type created[B any] struct {
	Location string `header:"Location" doc:"The path of the created resource"`
	ETag     string `header:"ETag" doc:"If it has a version: for If-Match"`
	Body     B
}

// locationHeader describes the Location of operations that huma does not derive.
func locationHeader() map[string]*huma.Header {
	return map[string]*huma.Header{"Location": {
		Description: "The path of the created resource", Schema: &huma.Schema{Type: huma.TypeString},
	}}
}

// createdAt returns the answer with something new at a path of the API. version is 0 if it has
// none.
func createdAt[B any](path string, version int64, body B) *created[B] {
	c := &created[B]{Location: prefix + path, Body: body}
	if version != 0 {
		c.ETag = etagOf(version, nil)
	}
	return c
}

// pathTo returns the path of a resource: "/products/7".
func pathTo(collection string, id int64) string { return collection + "/" + strconv.FormatInt(id, 10) }

// etagOf returns an ETag. It begins with the version of a resource, which If-Match compares. A hash
// of the body follows, if there is one: the same version can have other counts.
func etagOf(version int64, body any) string {
	tag := strconv.FormatInt(version, 10)
	if body != nil {
		text, _ := json.Marshal(body) //nolint:errcheck,errchkjson // huma encodes it too, and reports an error
		sum := sha256.Sum256(text)
		tag += "-" + hex.EncodeToString(sum[:8])
	}
	return `"` + tag + `"`
}

// IfNoneMatch is the condition of a GET. It is exported because huma reads no parameters from
// embedded types that are not.
type IfNoneMatch struct {
	Known string `header:"If-None-Match" doc:"ETags of earlier answers: 304 if one is current"`
}

func (c IfNoneMatch) ifNoneMatch() string { return c.Known }

// IfMatch is the condition of a change.
type IfMatch struct {
	Expected string `header:"If-Match" doc:"An ETag: 412 unless the resource still has its version"`
}

func (c IfMatch) ifMatch() string { return strings.TrimSpace(c.Expected) }

// version returns the version that a change expects, by If-Match or by its body; nil for any.
func (c IfMatch) version(body *int64) (*int64, error) {
	tag := c.ifMatch()
	if tag == "" || tag == "*" {
		return body, nil
	}
	text, _, _ := strings.Cut(strings.Trim(strings.TrimPrefix(tag, "W/"), `"`), "-")
	version, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err != nil:
		return nil, fault.BadField("If-Match", `Send one ETag of a response, such as "12-0d5f3a9c41e7b260"`)
	case body != nil && *body != version:
		return nil, fault.BadField("version", "Differs from If-Match: send only one of the two")
	}
	return &version, nil
}

// atLeastOne is version for resources whose versions begin at 1; 0 stands for any.
func (c IfMatch) atLeastOne(body int64) (int64, error) {
	var sent *int64
	if body != 0 {
		sent = &body
	}
	version, err := c.version(sent)
	switch {
	case err != nil || version == nil:
		return 0, err
	case *version == 0:
		return -1, nil // no version, and not "any"
	}
	return *version, nil
}

// readAgain is what a client can do about an outdated version.
const readAgain = ". Read it again, then send the request with the new version"

// outdated adds the way out to the conflict of an outdated version. It turns the conflict into a 412 if
// the version came in If-Match.
func outdated(in any, err error) error {
	var f *fault.Error
	if !errors.As(err, &f) || !f.Outdated {
		return err
	}
	failed := *f
	failed.Text += readAgain
	if c, ok := in.(interface{ ifMatch() string }); ok && c.ifMatch() != "" {
		failed.Kind = fault.Precondition
	}
	return &failed
}

// checkKnown answers 304 to a GET whose answer the client has.
func checkKnown(in, out any) {
	c, isConditional := in.(interface{ ifNoneMatch() string })
	o, hasTag := out.(interface{ notModified(known string) })
	if isConditional && hasTag && c.ifNoneMatch() != "" {
		o.notModified(c.ifNoneMatch())
	}
}

// IDGet is the input of a GET of one resource.
type IDGet struct {
	IDPath
	IfNoneMatch
}

// IDDelete is the input of a DELETE of a resource that has a version.
type IDDelete struct {
	IDPath
	IfMatch
}
