package page

import (
	"cmp"
	"strconv"
	"strings"

	"gatecrier/templates/ui"
)

// ExceptionsTab lists a product's exceptions, and shows how applications report them. Its forms
// post to /products/{id}/ingest-key. The pages that replace and remove the key ask first.
type ExceptionsTab struct {
	Rows    []ExceptionRow
	Sorting ui.Sorting // by last_seen
	Pager   ui.Pager
	Chips   []ui.Chip
	MayRead bool   // the address for an SDK
	Masked  string // that address without its key; "" = none yet
	DSN     string // with its key: it was just created, or the user has typed the password
	MadeBy  string
	BaseURL string
	Errors  map[string]string // of the form that creates or shows the key
}

func keyPath(product int64, action string) string {
	path := productPath(product) + "/ingest-key"
	if action != "" {
		path += "/" + action
	}
	return path
}

// snippet is a piece of code for a program.
type snippet struct {
	Title string // of the fold
	What  string // for the button that copies it
	Text  string
}

// snippets returns the code for a product's address, and for its id.
func snippets(t ExceptionsTab, product int64) []snippet {
	dsn := strconv.Quote(cmp.Or(t.DSN, "YOUR_DSN"))
	list := []snippet{
		{"Go", "the lines for Go", `err := sentry.Init(sentry.ClientOptions{
	Dsn:     ` + dsn + `,
	Release: "my-program@1.0.0",
})
if err != nil {
	log.Fatal(err)
}
defer sentry.Flush(2 * time.Second)

sentry.CaptureException(errors.New("it works")) // github.com/getsentry/sentry-go`},
		{"Python", "the lines for Python", `import sentry_sdk  # pip install sentry-sdk

sentry_sdk.init(dsn=` + dsn + `, release="my-program@1.0.0")

sentry_sdk.capture_exception(ValueError("it works"))
sentry_sdk.flush()`},
		{"Node.js", "the lines for Node.js", `const Sentry = require("@sentry/node"); // npm install @sentry/node

Sentry.init({ dsn: ` + dsn + `, release: "my-program@1.0.0" });

Sentry.captureException(new Error("it works"));`},
	}
	if t.Masked == "" {
		list = nil
	}
	body := `{"product": ` + id(product) + `, "class": "ValueError", "message": "it works", ` +
		`"function": "checkout.pay", "release": "my-program@1.0.0"}`
	return append(list, snippet{"Other languages (API)", "the command", strings.Join([]string{
		"curl -X POST " + quote(t.BaseURL+"/api/v1/exceptions"),
		`-H "Authorization: Bearer $GATECRIER_TOKEN"`,
		`-H "Content-Type: application/json"`,
		"-d " + quote(body),
	}, " \\\n  ")})
}

// exceptionsLink says what the user can do on the list of exceptions.
func (v ProductView) exceptionsLink() string {
	if v.CanAssess {
		return "Search, resolve and merge"
	}
	return "Search exceptions"
}
