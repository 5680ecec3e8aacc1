package exception

import (
	"slices"
	"strings"
	"unicode"
)

// secretWords are the words that the names of secrets have in them.
var secretWords = []string{
	"password",
	"passwd",
	"passphrase",
	"pwd",
	"secret",
	"secrets",
	"token",
	"tokens",
	"key",
	"keys",
	"apikey",
	"authorization",
	"auth",
	"credential",
	"credentials",
	"cookie",
	"cookies",
	"session",
	"sessionid",
	"csrf",
	"signature",
	"dsn",
}

// secretParts are found in the middle of a name too, written without a gap.
var secretParts = []string{"password", "passwd", "secret", "token", "apikey", "authorization", "credential"}

// Masked are arguments without the values whose names are those of secrets.
func Masked(arguments map[string]string) map[string]string {
	if arguments == nil {
		return nil
	}
	safe := make(map[string]string, len(arguments))
	for name, value := range arguments {
		if isSecret(name) {
			value = Hidden
		}
		safe[name] = value
	}
	return safe
}

// isSecret reports whether a name is that of a secret: "smtp_password",
// "accessToken", "X-Api-Key", but not "monkey".
func isSecret(name string) bool {
	lower := strings.ToLower(name)
	for _, part := range secretParts {
		if strings.Contains(lower, part) {
			return true
		}
	}
	return slices.ContainsFunc(words(name), func(word string) bool { return slices.Contains(secretWords, word) })
}

// words parts a name at signs and where small letters are followed by capital
// ones.
func words(name string) []string {
	var b strings.Builder
	var last rune
	for _, r := range name {
		switch {
		case !unicode.IsLetter(r):
			r = ' '
		case unicode.IsUpper(r) && unicode.IsLower(last):
			b.WriteRune(' ')
		}
		b.WriteRune(r)
		last = r
	}
	return strings.Fields(strings.ToLower(b.String()))
}
