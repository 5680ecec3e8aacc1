package engine

import (
	"errors"
	"net/url"
	"strings"
)

// errUnescaped is the error for a URL that is cut at a wrong character. It does not quote the URL: the
// parts can be those of a password.
var errUnescaped = errors.New("store: the PostgreSQL URL cannot be read: check it; in the user and " +
	"the password, write @ as %40, / as %2F, ? as %3F, # as %23, % as %25")

// checkPostgresURL refuses a URL whose password has characters that end it too early. Messages of the
// driver and the server would show the rest as a host, a database or a parameter.
func checkPostgresURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || strings.Contains(u.Path, "@") || strings.Contains(text, "#") {
		return errUnescaped
	}
	for name := range u.Query() {
		if strings.Contains(name, "@") {
			return errUnescaped
		}
	}
	return nil
}
