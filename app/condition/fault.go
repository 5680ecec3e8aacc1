package condition

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
)

// variables are what an expression can start with.
var variables = []string{"event", "event_type", "time", "actor", "product", "severity", "tone", "title"}

// faultsOf returns what CEL reports, in words. Of errors at one place it keeps the first.
func faultsOf(issues *cel.Issues) Faults {
	var faults Faults
	for _, e := range issues.Errors() {
		f := Fault{Text: sentence(e.Message)}
		if line := e.Location.Line(); line > 0 {
			f.Line, f.Column = line, e.Location.Column()+1
		}
		if !slices.ContainsFunc(faults, func(o Fault) bool {
			return o.Line == f.Line && o.Column == f.Column
		}) {
			faults = append(faults, f)
		}
	}
	return faults
}

// faultAt returns a fault at an expression's place.
func faultAt(a *ast.AST, id int64, text string) Fault {
	at := a.SourceInfo().GetStartLocation(id)
	if at.Line() < 1 {
		return Fault{Text: text}
	}
	return Fault{Line: at.Line(), Column: at.Column() + 1, Text: text}
}

// rewordings are CEL's messages, and ours.
var rewordings = []struct {
	pattern *regexp.Regexp
	reword  func(m []string) string
}{
	{
		regexp.MustCompile(`^Syntax error: (?:mismatched input|missing .* at|extraneous input|` +
			`no viable alternative at input) '(?s:(.*?))'(?: expecting (.*))?$`),
		func(m []string) string {
			if strings.HasSuffix(m[1], "<EOF>") {
				return "The expression ends too early: a value, a quote or a parenthesis is missing"
			}
			return code(m[1]) + " is not expected here: join comparisons with && or ||"
		},
	},
	{regexp.MustCompile(`^Syntax error: token recognition error at: '(?s:(.*))'$`), func(m []string) string {
		if strings.HasPrefix(m[1], `"`) || strings.HasPrefix(m[1], "'") {
			return "A text is not closed: end it with the quote that it starts with"
		}
		return code(m[1]) + " is not known: use == != < <= > >= && || !"
	}},
	{regexp.MustCompile(`^undeclared reference to '(.*?)'`), func(m []string) string {
		return code(m[1]) + " is not known. An expression starts with " + enumerate(variables, "or") +
			"; texts are in quotes"
	}},
	{regexp.MustCompile(`^found no matching overload for '(.*)' applied to '(.*)'$`), func(m []string) string {
		return code(operator(m[1])) + " cannot be used with " + typeName(m[2]) + ": compare values of one type"
	}},
	{regexp.MustCompile(`^expected type '(.*)' but found '(.*)'$`), func(m []string) string {
		return fmt.Sprintf("This is of type %s, but must be of type %s: write a comparison", typeName(m[2]), typeName(m[1]))
	}},
	{regexp.MustCompile(`^invalid matches argument`), func([]string) string {
		return "The pattern of `matches` is no regular expression (RE2)"
	}},
	{regexp.MustCompile(`^invalid (duration|timestamp) argument`), func(m []string) string {
		if m[1] == "duration" {
			return `This is no duration: write it like "90m" or "36h"`
		}
		return `This is no time: write it like "2026-01-31T08:00:00Z"`
	}},
	{regexp.MustCompile(`^comprehension exceeds nesting limit$`), func([]string) string {
		return "A loop cannot contain or follow another loop: use exists, all or filter once per term"
	}},
	{regexp.MustCompile(`(?i)error recovery`), func([]string) string {
		return "There are too many errors: start with a shorter expression"
	}},
	{regexp.MustCompile(`(?i)recursion (limit|depth)|nesting depth`), func([]string) string {
		return fmt.Sprintf("The expression is nested too deeply: at most %d levels are allowed", maxDepth)
	}},
}

// sentence returns a message of CEL in words for users.
func sentence(message string) string {
	for _, r := range rewordings {
		if m := r.pattern.FindStringSubmatch(message); m != nil {
			return r.reword(m)
		}
	}
	return upper(strings.TrimPrefix(message, "Syntax error: "))
}

// upper returns a sentence with a capital letter.
func upper(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}

// operator returns a function's name as it is written: `>` for "_>_".
func operator(name string) string {
	switch name {
	case "@in":
		return "in"
	case "_?_:_":
		return "? :"
	case "_[_]":
		return "[ ]"
	default:
		return strings.Trim(name, "_")
	}
}

var generic = regexp.MustCompile(`(map|list|optional_type)\([^()]*\)`)

var typeWords = strings.NewReplacer("map", "object", "optional_type", "optional value", "string", "text", "double",
	"number", "uint", "number", "int", "number",
	"bool", "yes or no", "timestamp", "time", "dyn", "any value", "google.protobuf.Timestamp", "time",
	"google.protobuf.Duration", "duration", "null_type", "null", "(", "", ")", "")

// typeName returns the name of a type, or of several, in words.
func typeName(name string) string { return typeWords.Replace(generic.ReplaceAllString(name, "$1")) }

// enumerate returns "a, b or c".
func enumerate(words []string, last string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " " + last + " " + words[len(words)-1]
}

// code returns a part of an expression as a message shows it, shortened.
func code(text string) string { return "`" + shorten(text, 40) + "`" }

// shorten returns at most n characters of a text.
func shorten(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	return string([]rune(text)[:n-1]) + "…"
}
