package exception

import (
	"slices"
	"strings"
	"unicode"
)

// secretWords are the words of secrets' names.
var secretWords = []string{
	"password", "passwd", "passphrase", "pwd", "secret", "secrets", "token", "tokens", "key", "keys", "apikey",
	"authorization", "auth", "credential", "credentials", "cookie", "cookies", "session", "sessionid", "csrf",
	"signature", "dsn",
}

// secretParts mark a secret also inside a word: "mysecretvalue".
var secretParts = []string{"password", "passwd", "secret", "token", "apikey", "authorization", "credential"}

// HideSecrets returns arguments with Hidden in place of the values of secret names, nil for nil.
func HideSecrets(arguments map[string]string) map[string]string {
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

// words splits a name at each character that is no letter, and between a lower-case and
// an upper-case letter.
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
