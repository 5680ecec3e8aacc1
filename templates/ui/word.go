package ui

import (
	"regexp"
	"strings"
	"unicode"
)

// Title writes a state or severity with a capital: "Failed".
func Title(word string) string {
	for i, r := range word {
		return string(unicode.ToUpper(r)) + word[i+len(string(r)):]
	}
	return word
}

// Initials returns one or two letters for a name: "Ilse Quillmark" is IQ.
func Initials(name string) string {
	var letters []rune
	between := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	for word := range strings.FieldsFuncSeq(name, between) {
		for _, r := range word {
			letters = append(letters, unicode.ToUpper(r))
			break
		}
	}
	switch {
	case len(letters) == 0:
		return "?"
	case len(letters) > 2:
		letters = []rune{letters[0], letters[len(letters)-1]}
	}
	return string(letters)
}

// Part is a piece of a reason. The strong ones say what fails the gate.
type Part struct {
	Text   string
	Strong bool
}

var countOfSeverity = regexp.MustCompile(`\d+ (?:critical|high|medium|low|none|unknown)\b`)

// Parts splits the reason of a failed gate, "2 critical (threshold 0), 1 new:
// CVE-...", so that the numbers over their thresholds can be set off.
func Parts(why string) []Part {
	var parts []Part
	at := 0
	for _, m := range countOfSeverity.FindAllStringIndex(why, -1) {
		if !strings.HasPrefix(why[m[1]:], " (") {
			continue
		}
		parts = append(parts, Part{why[at:m[0]], false}, Part{why[m[0]:m[1]], true})
		at = m[1]
	}
	return append(parts, Part{why[at:], false})
}

var identifier = regexp.MustCompile(`\b(?:CVE-\d{4}-\d{4,9}|GHSA(?:-[0-9a-z]{4}){3})\b`)

// identifiers splits a text so that the identifiers of advisories are strong.
func identifiers(text string) []Part {
	var parts []Part
	at := 0
	for _, m := range identifier.FindAllStringIndex(text, -1) {
		parts = append(parts, Part{text[at:m[0]], false}, Part{text[m[0]:m[1]], true})
		at = m[1]
	}
	return append(parts, Part{text[at:], false})
}

// letter returns the letter of a severity, which is shown beside its color.
func letter(severity string) string {
	switch severity {
	case "critical", "high", "medium", "low", "none":
		return strings.ToUpper(severity[:1])
	}
	return "?"
}

// severityClass names the colors of a severity. An unknown one has those of "unknown".
func severityClass(severity string) string {
	switch severity {
	case "critical", "high", "medium", "low":
		return severity
	case "none":
		return "sev-none"
	}
	return "unknown"
}

// GateWord returns the state of a gate as texts name it.
func GateWord(state string) string {
	if word := gateClass(state); word != "none" {
		return word
	}
	return "not evaluated"
}

// gateClass returns a known word for a state, since other text must not get into a class.
func gateClass(state string) string {
	switch state {
	case "failed", "passed":
		return state
	}
	return "none"
}

func gateIcon(state string) string {
	switch state {
	case "failed":
		return "barrier-block"
	case "passed":
		return "circle-check"
	}
	return "circle-dashed"
}

// look is how a state of a delivery or a connection is shown.
type look struct{ class, icon, word string }

var stateLooks = map[string]look{
	"delivered": {"ok", "check", "Delivered"},
	"retrying":  {"wait", "refresh", "Retrying"},
	"dead":      {"bad", "square-rounded-x", "Failed"},
	"pending":   {"off", "clock", "Pending"},
	"sending":   {"off", "send", "Sending"},
	"skipped":   {"off", "player-skip-forward", "Skipped"},
	"held":      {"wait", "hourglass", "Held after restore"},
	"silenced":  {"off", "bell-off", "Silenced"},
	"cancelled": {"off", "ban", "Canceled"},

	"working":   {"ok", "plug-connected", "Working"},
	"failing":   {"wait", "alert-triangle", "Failing"},
	"rejecting": {"bad", "ban", "Rejecting"},
	"down":      {"bad", "plug-x", "Down"},
	"paused":    {"bad", "hourglass", "Paused"},
	"gone":      {"bad", "circle-minus", "Disabled"},
	"off":       {"off", "circle-minus", "Disabled"},
	"new":       {"off", "circle-dashed", "Not used yet"},
}

func stateLook(state string) look {
	if l, known := stateLooks[state]; known {
		return l
	}
	return look{"off", "circle-dashed", Title(state)}
}
