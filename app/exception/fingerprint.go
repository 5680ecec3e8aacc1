package exception

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"gatecrier/models"
)

// Grouping says how it is decided which exceptions are the same.
type Grouping string

// The ways.
const (
	GroupSmart Grouping = "smart" // by where they come from, else by the message without what differs
	GroupExact Grouping = "exact" // by class, message, function and arguments, as SecObserve does
)

// KeyMethod says what a key was made of.
type KeyMethod string

// What keys are made of.
const (
	ByFingerprint KeyMethod = "fingerprint" // the sender's own
	ByFrames      KeyMethod = "frames"      // the class and the calls that led to it
	ByMessage     KeyMethod = "message"     // the class and the message, without what differs
	ByExact       KeyMethod = "exact"       // class, message, function and arguments
	ByOverflow    KeyMethod = "overflow"    // too many new ones: they share a group
)

// smartVersion and exactVersion begin the keys. A change of how they are made
// has another one, so that what is known is not taken for something else.
const (
	smartVersion = "v1:"
	exactVersion = "x1:"
)

// overflowKey is that of the group that what goes past the bound shares: one
// for each kind, since by the kind it is decided who may read what.
func overflowKey(kind models.ExceptionKind) string { return "overflow:" + string(kind) }

// keyFrames is how many calls of the program's own make a key, from the
// innermost.
const keyFrames = 20

// Key is what makes two exceptions the same, and of what it was made. It is
// pure: the same report has the same key.
func Key(g Grouping, r Report) (key string, by KeyMethod) {
	if len(r.Fingerprint) == 1 && isDefault(r.Fingerprint[0]) { // it says nothing
		r.Fingerprint = nil
	}
	if g == GroupExact && len(r.Fingerprint) == 0 {
		return exactVersion + hashed(ExactKey(r)), ByExact
	}
	parts, by := r.parts()
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
	return smartVersion + hashed(strings.Join(parts, "\x00")), by
}

// isDefault reports whether a word of a fingerprint stands for what would count
// without it, as Sentry's SDKs write that.
func isDefault(word string) bool {
	return strings.ReplaceAll(word, " ", "") == "{{default}}"
}

func hashed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}

// parts are what a key is made of where the sender does not say.
func (r Report) parts() ([]string, KeyMethod) {
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
	return append(parts, Mask(r.Message)), ByMessage
}

// callPath names the calls of a stack that tell where an exception comes from:
// those of the program's own, or, where there are none, all. Lines, addresses
// and how deep a recursion went are no part of it.
func callPath(frames []Frame) []string {
	own := slices.ContainsFunc(frames, func(f Frame) bool { return f.InApp })
	var calls []string
	for _, f := range frames {
		name := callName(f)
		if own && !f.InApp || name == "" || len(calls) > 0 && calls[len(calls)-1] == name {
			continue
		}
		if calls = append(calls, name); len(calls) == keyFrames {
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

// callName is a call without what a compiler, or a build, adds to its name.
func callName(f Frame) string {
	return hexes.ReplaceAllString(generics.ReplaceAllString(closures.ReplaceAllString(f.Name(), ""), ""), "")
}

// masks take out of a message what differs from one time to the next, the more
// special ones first.
var masks = []struct {
	pattern *regexp.Regexp
	word    string
}{
	{regexp.MustCompile(`[a-zA-Z][a-zA-Z0-9+.-]*://[^\s"'<>)\]]+`), "<url>"},
	{regexp.MustCompile(`[a-zA-Z0-9._%+-]+@[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)+`), "<email>"},
	{regexp.MustCompile(`\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b`), "<uuid>"},
	{
		regexp.MustCompile(`\b\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?( ?(Z|UTC|[+-]\d{2}:?\d{2}))?)?`),
		"<date>",
	},
	{regexp.MustCompile(`\b\d{1,2}:\d{2}:\d{2}([.,]\d+)?\b`), "<time>"},
	{regexp.MustCompile(`\[[0-9a-fA-F:]*:[0-9a-fA-F:.]+\](:\d+)?`), "<ip>"},
	{regexp.MustCompile(`\b([0-9a-fA-F]{1,4}:){4,7}[0-9a-fA-F]{1,4}\b`), "<ip>"},
	{regexp.MustCompile(`\b\d{1,3}(\.\d{1,3}){3}(:\d+)?\b`), "<ip>"},
	{regexp.MustCompile(`\b0[xX][0-9a-fA-F]+\b`), "<hex>"},
	{
		regexp.MustCompile(
			`\b[0-9a-fA-F]*[0-9][0-9a-fA-F]*[a-fA-F][0-9a-fA-F]{6,}\b|\b[0-9a-fA-F]*[a-fA-F][0-9a-fA-F]*[0-9][0-9a-fA-F]{6,}\b`,
		),
		"<hex>",
	},
	{regexp.MustCompile(`\b\d+(\.\d+)?(ns|µs|us|ms|s|m|h)(\d+(\.\d+)?(ns|µs|us|ms|s|m))*\b`), "<duration>"},
	{regexp.MustCompile(`[-+]?\d+([.,]\d+)*`), "<number>"},
}

// maxMask is how much of a message is looked at.
const maxMask = 1000

// Mask is a message without ids, numbers, dates, addresses and the like, so
// that what failed for the same reason reads the same.
func Mask(message string) string {
	message = Clean(message, maxMask)
	lines := strings.FieldsFunc(message, func(r rune) bool { return r == '\n' || r == '\r' })
	text := strings.Join(lines[:min(len(lines), 2)], "\n")
	for _, m := range masks {
		text = m.pattern.ReplaceAllString(text, m.word)
	}
	return strings.Join(strings.Fields(text), " ")
}

// ExactKey is the key that SecObserve makes: the class, the message, the
// function ("None" for none) and the arguments, with slashes between. Its
// get_classname, str(exception), str(function) and str(arguments), see
// backend/application/notifications/services/send_notifications.py there.
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
