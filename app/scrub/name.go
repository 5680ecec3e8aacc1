package scrub

import (
	"strings"
	"unicode"
)

// strength is how sure it is that the value of a name is a secret.
type strength int

const (
	noSecret strength = iota
	weak              // "token", "key": in prose and in error messages they have other values too
	strong            // "password", "api_key"
	line              // "Authorization", "Cookie": the value is the rest of the line
)

// strongWords name secrets; a word that ends with one of them does, too ("PGPASSWORD").
var strongWords = []string{
	"password", "passwd", "passphrase", "pwd", "passcode", "secret", "secrets", "apikey", "accesskey", "privatekey",
	"secretkey", "accountkey", "credential", "credentials", "passwort", "kennwort", "contraseña", "contrasena", "senha",
	"mnemonic", "accesstoken", "authtoken", "refreshtoken", "sessionid", "sessid", "csrftoken", "assertion",
	"samlresponse", "jwt", "connectionstring", "authkey",
}

// weakWords name secrets in many cases. The value decides, unless it follows "=" or quotes.
var weakWords = []string{
	"token", "tokens", "auth", "sig", "pass", "pw", "pin", "otp", "totp", "cvv", "cvc", "session", "sid", "csrf",
	"xsrf", "bearer", "signature", "dsn",
}

// keyKinds are the words before "key" that make it a secret: "signing key", "api-key".
var keyKinds = []string{
	"api", "access", "private", "secret", "account", "shared", "auth", "encryption", "signing", "master", "ssh",
	"app", "application", "storage", "license", "licence", "session", "service", "client", "admin", "webhook",
	"subscription", "ingest", "deploy", "hmac", "aes", "rsa", "root", "functions", "primary_master", "crypt",
}

// harmless are words after a secret's word that name something else: "token_type", "PasswordError".
var harmless = setOf("" +
	"error errors exception type types name names count length len policy url uri endpoint file path dir field " +
	"format ttl expires expiry expired expiration expire size limit min max required valid invalid reset " +
	"changed at in id ids manager service provider handler factory store storage index position hint age " +
	"usage used budget strength version rotation enabled mode scheme not was is has the of for to with " +
	"go py js ts java rb php cs rs kt c cpp h html json yaml yml toml lua ex scala swift")

func setOf(words string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(words) {
		set[word] = true
	}
	return set
}

// Sensitive reports whether the value of a name in a map is a secret: "smtp_password", "accessToken",
// "X-Api-Key", but not "monkey".
func Sensitive(name string) bool {
	if len(name) > maxName {
		name = name[len(name)-maxName:]
	}
	return strengthOf(name) > noSecret || telling(name)
}

// tellingWords are the words of secrets' names in a map, where no prose is.
var tellingWords = []string{
	"key", "keys", "cookies", "cookie", "authorization", "code_verifier", "passwords", "nonce_secret",
}

// tellingParts mark a secret also inside a word: "mysecretvalue".
var tellingParts = []string{"password", "passwd", "secret", "token", "apikey", "authorization", "credential"}

func telling(name string) bool {
	lower := strings.ToLower(name)
	for _, part := range tellingParts {
		if strings.Contains(lower, part) {
			return true
		}
	}
	for _, word := range words(name) {
		for _, list := range [][]string{tellingWords, strongWords, weakWords} {
			for _, secret := range list {
				if word == secret {
					return true
				}
			}
		}
	}
	return false
}

// maxName is how many bytes of a name count, from its end.
const maxName = 64

// strengthOf judges a name in a text. Its last sensitive word counts, unless harmless words follow it.
func strengthOf(name string) strength {
	list := words(name)
	best := noSecret
	for i, word := range list {
		switch s := strengthOfWord(list, i, word); {
		case s > noSecret:
			best = s
		case harmless[word] && !(word == "id" && i > 0 && list[i-1] == "session"):
			best = noSecret
		}
	}
	return best
}

func strengthOfWord(list []string, i int, word string) strength {
	before := ""
	if i > 0 {
		before = list[i-1]
	}
	switch {
	case word == "authorization", word == "cookie", word == "cookies":
		return line
	case word == "id" && before == "session", word == "sid" && before == "connect",
		word == "token" && (before == "access" || before == "api" || before == "auth" || before == "refresh" ||
			before == "id" || before == "bearer" || before == "bot" || before == "csrf" || before == "security"):
		return strong
	case word == "key" || word == "keys":
		for _, kind := range keyKinds {
			if before == kind {
				return strong
			}
		}
		return noSecret
	}
	for _, secret := range strongWords {
		if strings.HasSuffix(word, secret) {
			return strong
		}
	}
	for _, secret := range weakWords {
		if word == secret {
			return weak
		}
	}
	if strings.HasSuffix(word, "token") || strings.HasSuffix(word, "key") && len(word) > len("key") && isKeyKind(word) {
		return strong
	}
	return noSecret
}

// isKeyKind reports whether a word is a kind of key: "sharedaccesskey".
func isKeyKind(word string) bool {
	kind := strings.TrimSuffix(word, "key")
	for _, k := range keyKinds {
		if len(k) > 2 && strings.HasSuffix(kind, k) {
			return true
		}
	}
	return false
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
