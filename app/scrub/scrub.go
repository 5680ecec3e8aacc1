// Package scrub hides secrets in texts: credentials in URLs, the values of sensitive names, tokens with
// known prefixes, JSON web tokens, private keys, card numbers and IBANs. It is pure, and its time is
// linear in the length of a text. It hides too much rather than too little.
package scrub

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Mask replaces a secret.
const Mask = "[hidden]"

// slack is how many bytes Cut reads beyond its limit, so that it recognizes a secret there as a whole.
const slack = 16 << 10

// Text returns a text with Mask in place of each secret. Text(Text(s)) equals Text(s).
func Text(text string) string {
	for range maxPasses {
		next := once(text)
		if next == text {
			break
		}
		text = next
	}
	return text
}

// maxPasses bounds the passes of Text: a mask can make a value before it end elsewhere.
const maxPasses = 4

// Cut returns at most about limit bytes of a text, scrubbed. It scrubs first: half a secret cannot be
// recognized. It reports whether it dropped anything.
func Cut(text string, limit int) (short string, cut bool) {
	if len(text) > limit+slack {
		end := limit + slack
		// What the end cuts off can be half a secret: its word is dropped.
		if space := strings.LastIndexAny(text[limit:end], " \t\r\n"); space >= 0 {
			end = limit + space
		} else {
			end = limit
		}
		for end > 0 && !utf8.RuneStart(text[end]) {
			end--
		}
		text, cut = text[:end], true
	}
	return Text(text), cut
}

// span is a secret in a text.
type span struct{ from, to int }

// finder collects the secrets of a text.
type finder struct {
	text  string
	spans []span
	plain span // the last value without quotes
	has   [256]bool
}

// newFinder returns the finder of a text. It notes the bytes of the text: most patterns need one that most
// texts do not have.
func newFinder(text string) *finder {
	f := &finder{text: text}
	for i := range len(text) {
		f.has[text[i]] = true
	}
	return f
}

// hasAll reports whether a text has all bytes of a word. Only then can it have the word.
func (f *finder) hasAll(word string) bool {
	for i := len(word) - 1; i >= 0; i-- { // most end with the rarest
		if !f.has[word[i]] {
			return false
		}
	}
	return true
}

// hide adds a secret.
func (f *finder) hide(from, to int) {
	if from < to {
		f.spans = append(f.spans, span{from, to})
	}
}

func once(text string) string {
	if len(text) < minSecret || isShortWord(text) {
		return text
	}
	f := newFinder(text)
	f.findPairs()
	f.findTokens()
	f.findURLs()
	f.findPhrases()
	f.findPrivateKeys()
	f.findNumbers()
	return f.masked()
}

// minSecret is the length of the shortest text with a secret, in bytes: "pin=1".
const minSecret = 5

// minToken is the length of the shortest token that is a secret without a name or an address, in bytes.
const minToken = 12

// isShortWord reports whether a text is a word that is too short for a token: nothing in it separates a name
// from a value.
func isShortWord(text string) bool {
	if len(text) >= minToken {
		return false
	}
	for i := range len(text) {
		if c := text[i]; !isWord(c) && c != '.' {
			return false
		}
	}
	return true
}

// masked returns the text with a mask for each secret. Secrets that overlap get one.
func (f *finder) masked() string {
	if len(f.spans) == 0 {
		return f.text
	}
	slices.SortFunc(f.spans, func(a, b span) int { return a.from - b.from })
	var b strings.Builder
	done := 0
	for i := 0; i < len(f.spans); {
		s := f.spans[i]
		for i++; i < len(f.spans) && f.spans[i].from <= s.to; i++ {
			s.to = max(s.to, f.spans[i].to)
		}
		b.WriteString(f.text[done:s.from])
		b.WriteString(Mask)
		done = s.to
	}
	b.WriteString(f.text[done:])
	return b.String()
}

// isAlnum reports whether a byte is a letter or a digit of ASCII.
func isAlnum(c byte) bool { return isLetter(c) || isDigit(c) }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isLetter(c byte) bool { return isLower(c) || isUpper(c) }

func isLower(c byte) bool { return 'a' <= c && c <= 'z' }

func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func isHex(c byte) bool { return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F' }

// run returns the end of the bytes of a kind from a place on, at most maxBytes.
func (f *finder) run(from, maxBytes int, is func(byte) bool) int {
	end := from
	for end < len(f.text) && end-from < maxBytes && is(f.text[end]) {
		end++
	}
	return end
}

// Random reports whether a text looks like a key or a token, and not like a word.
func Random(text string) bool { return isRandom(text, 8) }

// isRandom reports whether a text looks like a random value: long enough, with digits, and with letters
// or signs between them.
func isRandom(text string, length int) bool {
	if len(text) < length {
		return false
	}
	text = text[:min(len(text), maxJudged)]
	var lower, upper, digits bool
	for i := range len(text) {
		lower, upper, digits = lower || isLower(text[i]), upper || isUpper(text[i]), digits || isDigit(text[i])
	}
	return digits && (lower || upper) || len(text) >= 16 && lower && upper && isMixed(text)
}

// maxJudged is how many bytes of a value are judged.
const maxJudged = 256

// isMixed reports whether upper-case letters follow each other or come often, as in no name.
func isMixed(text string) bool {
	n := 0
	for i := 1; i < len(text); i++ {
		if isUpper(text[i]) && isLower(text[i-1]) {
			n++
		}
	}
	return n >= len(text)/5
}
