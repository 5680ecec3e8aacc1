package ingest

import (
	"slices"
	"strconv"
	"strings"
)

// withoutPlaces returns a message with # for the lines and columns in it, which change when the
// code above changes: those after a word for them or after a file, and a pair that starts with
// the line of the result. Other numbers stay, since they can distinguish two findings.
func withoutPlaces(text string, line int32) string {
	var b strings.Builder
	kept, last := 0, -1 // ends of what is written, and of the number before
	for i := 0; i < len(text); {
		if !isDigit(text[i]) {
			i++
			continue
		}
		end := i + 1
		for end < len(text) && isDigit(text[end]) {
			end++
		}
		if last >= 0 && slices.Contains(placeLinks, text[last:i]) || isPlace(text, i, end, line) {
			b.WriteString(text[kept:i] + "#")
			kept, last = end, end
		} else {
			last = -1
		}
		i = end
	}
	if kept == 0 {
		return text
	}
	return b.String() + text[kept:]
}

// placeLinks are what is between the parts of a place, or between two places.
var placeLinks = []string{
	"-", "–", " - ", " – ", ":", ": ", ",", ", ", "..", " to ", " and ", " through ", "-L", ":L", "C", "-C",
}

var placeWords = []string{
	"line", "lines", "ln", "row", "rows", "column", "columns", "col", "cols", "char", "chars", "character", "characters",
	"offset", "position", "pos",
}

// isPlace reports whether the number in text[start:end] is a line or a column.
func isPlace(text string, start, end int, line int32) bool {
	before, after := text[max(0, start-300):start], text[end:]
	if startsWord(after) && !isColumnMark(after) || strings.HasPrefix(after, "%") ||
		len(after) > 1 && after[0] == '.' && isDigit(after[1]) {
		return false
	}
	if strings.HasSuffix(before, "#L") {
		return true
	}
	if before != "" && (isWordByte(before[len(before)-1]) || before[len(before)-1] == '-') {
		return false
	}
	word := strings.TrimRight(before, " \t:#=([<'\"`*")
	word = word[strings.LastIndexFunc(word, func(r rune) bool { return !isLetter(r) })+1:]
	if slices.Contains(placeWords, strings.ToLower(word)) {
		return true
	}
	if file, ok := cutPlaceMark(before); ok && isSourceFile(file) {
		return true
	}
	n, err := strconv.Atoi(text[start:end])
	pair := len(after) > 1 && (after[0] == ':' || after[0] == ',') && startsNumber(after[1:])
	return err == nil && line > 0 && n == int(line) && pair
}

// cutPlaceMark returns the text before what leads from a file to a line, if there is such.
func cutPlaceMark(before string) (string, bool) {
	for _, mark := range []string{":", "(", " (", "["} {
		if file, ok := strings.CutSuffix(before, mark); ok {
			return file, true
		}
	}
	return "", false
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

func isLetter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r > 127 }

func isWordByte(b byte) bool { return isDigit(b) || b == '_' || isLetter(rune(b)) }

func startsWord(text string) bool { return text != "" && isWordByte(text[0]) }

func startsNumber(text string) bool {
	text = strings.TrimPrefix(text, " ")
	return text != "" && isDigit(text[0])
}

// isColumnMark reports whether a text goes on with a column, as in L12C5.
func isColumnMark(text string) bool { return len(text) > 1 && text[0] == 'C' && isDigit(text[1]) }
