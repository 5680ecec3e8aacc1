package exception

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"gatecrier/app/scrub"
	"gatecrier/models"
)

// Grouping is a method to decide which exceptions are the same.
type Grouping string

// The grouping methods.
const (
	GroupSmart Grouping = "smart" // by the stack, else by the normalized message
	GroupExact Grouping = "exact" // by class, message, function and arguments, as SecObserve does
)

// KeyMethod is the source of a key.
type KeyMethod string

// The sources of keys.
const (
	ByFingerprint KeyMethod = "fingerprint" // of the sender
	ByFrames      KeyMethod = "frames"      // the class and the call path
	ByMessage     KeyMethod = "message"     // the class and the normalized message
	ByExact       KeyMethod = "exact"       // class, message, function and arguments
	ByOverflow    KeyMethod = "overflow"    // too many new groups: they share this one
)

// smartVersion and exactVersion begin the keys. A change of the method needs another
// version, so that no old key equals a new one.
const (
	smartVersion = "v1:"
	exactVersion = "x1:"
)

// overflowKey returns the key of the group that exceptions beyond maxNew share. Each kind
// has its own, since the kind decides who can read a group.
func overflowKey(kind models.ExceptionKind) string { return "overflow:" + string(kind) }

// maxKeyFrames is how many of the program's own calls make a key, from the innermost.
const maxKeyFrames = 20

// Key returns the key of a report's group and its source. It is pure: the same report
// has the same key.
func Key(g Grouping, r Report) (key string, by KeyMethod) {
	if len(r.Fingerprint) == 1 && isDefault(r.Fingerprint[0]) { // the default alone is no fingerprint
		r.Fingerprint = nil
	}
	if g == GroupExact && len(r.Fingerprint) == 0 {
		return exactVersion + hash(ExactKey(r)), ByExact
	}
	parts, by := r.keyParts()
	if len(r.Fingerprint) > 0 {
		standard := parts
		parts, by = []string{string(r.Kind)}, ByFingerprint
		for _, word := range r.Fingerprint {
			if isDefault(word) {
				parts = append(parts, standard...)
			} else {
				parts = append(parts, word)
			}
		}
	}
	return smartVersion + hash(strings.Join(parts, "\x00")), by
}

// isDefault reports whether a word of a fingerprint is the placeholder of Sentry's SDKs
// for the default grouping.
func isDefault(word string) bool {
	return strings.ReplaceAll(word, " ", "") == "{{default}}"
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}

// keyParts returns the parts of a key, and their source, without a fingerprint.
func (r Report) keyParts() ([]string, KeyMethod) {
	parts := []string{string(r.Kind)}
	if r.Kind != models.ExceptionReported {
		parts = append(parts, r.Function) // a route, a task
	}
	parts = append(parts, r.Class)
	if calls := callPath(r.Frames); len(calls) > 0 {
		return append(parts, calls...), ByFrames
	}
	for _, c := range r.Chain {
		if calls := callPath(c.Frames); len(calls) > 0 {
			return append(parts, calls...), ByFrames
		}
	}
	return append(parts, Normalize(r.Message)), ByMessage
}

// callPath names the calls of a stack: the program's own calls, or all calls without
// any. Lines, addresses and the depth of a recursion are no part of it.
func callPath(frames []Frame) []string {
	own := slices.ContainsFunc(frames, func(f Frame) bool { return f.InApp })
	var calls []string
	for _, f := range frames {
		name := callName(f)
		if own && !f.InApp || name == "" || len(calls) > 0 && calls[len(calls)-1] == name {
			continue
		}
		if calls = append(calls, name); len(calls) == maxKeyFrames {
			break
		}
	}
	return calls
}

var (
	closures = regexp.MustCompile(
		`(\.func\d+(\.\d+)*|\.gowrap\d+|-fm|-range\d+|\.deferwrap\d+|\$\d+|<lambda>|<anonymous>)+`,
	)
	generics = regexp.MustCompile(`\[[^\]]*\]`)
	hexes    = regexp.MustCompile(`0x[0-9a-fA-F]+|\b[0-9a-f]{8,}\b`)
)

// callName returns a call's name without the parts that a compiler or a build adds.
func callName(f Frame) string {
	return hexes.ReplaceAllString(generics.ReplaceAllString(closures.ReplaceAllString(f.Name(), ""), ""), "")
}

// placeholders replace the parts of a message that differ between occurrences. The more
// specific patterns come first.
var placeholders = []struct {
	pattern *regexp.Regexp
	word    string
}{
	// One number in ten looks like that of a card. It is no other exception for that.
	{regexp.MustCompile(regexp.QuoteMeta(scrub.Mask)), "<number>"},
	{regexp.MustCompile(`[a-zA-Z][a-zA-Z0-9+.-]*://[^\s"'<>)\]]+`), "<url>"},
	{regexp.MustCompile(`[a-zA-Z0-9._%+-]+@[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)+`), "<email>"},
	{regexp.MustCompile(`\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b`), "<uuid>"},
	{regexp.MustCompile(
		`\b\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?( ?(Z|UTC|[+-]\d{2}:?\d{2}))?)?`), "<date>"},
	{regexp.MustCompile(`\b\d{1,2}:\d{2}:\d{2}([.,]\d+)?\b`), "<time>"},
	{regexp.MustCompile(`\[[0-9a-fA-F:]*:[0-9a-fA-F:.]+\](:\d+)?`), "<ip>"},
	{regexp.MustCompile(`\b([0-9a-fA-F]{1,4}:){4,7}[0-9a-fA-F]{1,4}\b`), "<ip>"},
	{regexp.MustCompile(`\b\d{1,3}(\.\d{1,3}){3}(:\d+)?\b`), "<ip>"},
	{regexp.MustCompile(`\b0[xX][0-9a-fA-F]+\b`), "<hex>"},
	{regexp.MustCompile(
		`\b[0-9a-fA-F]*[0-9][0-9a-fA-F]*[a-fA-F][0-9a-fA-F]{6,}\b` +
			`|\b[0-9a-fA-F]*[a-fA-F][0-9a-fA-F]*[0-9][0-9a-fA-F]{6,}\b`), "<hex>"},
	{regexp.MustCompile(`\b\d+(\.\d+)?(ns|µs|us|ms|s|m|h)(\d+(\.\d+)?(ns|µs|us|ms|s|m))*\b`), "<duration>"},
	{regexp.MustCompile(`[-+]?\d+([.,]\d+)*`), "<number>"},
}

// maxNormalized is how many bytes of a message count.
const maxNormalized = 1000

// Normalize returns the first two lines of a message with placeholders for IDs, numbers, dates,
// addresses and the like, so that failures for the same reason have the same text.
func Normalize(message string) string {
	message = Clean(message, maxNormalized)
	lines := strings.FieldsFunc(message, func(r rune) bool { return r == '\n' || r == '\r' })
	text := strings.Join(lines[:min(len(lines), 2)], "\n")
	for _, m := range placeholders {
		text = m.pattern.ReplaceAllString(text, m.word)
	}
	return strings.Join(strings.Fields(text), " ")
}

// ExactKey returns the key that SecObserve makes: the class, the message, the function
// ("None" for none) and the arguments, joined by slashes. Its get_classname,
// str(exception), str(function) and str(arguments) are in its file
// backend/application/notifications/services/send_notifications.py.
func ExactKey(r Report) string {
	function := r.Function
	if function == "" {
		function = "None"
	}
	arguments := ""
	if len(r.Arguments) > 0 {
		list := make([]string, 0, len(r.Arguments))
		for _, name := range slices.Sorted(maps.Keys(r.Arguments)) {
			list = append(list, fmt.Sprintf("'%s': '%s'", name, r.Arguments[name]))
		}
		arguments = "{" + strings.Join(list, ", ") + "}"
	}
	return r.Class + "/" + r.Message + "/" + function + "/" + arguments
}
