package scrub

import "strings"

// value returns where the secret of a pair is. from equals to for none.
func (f *finder) value(p pair) (from, to int) {
	at := p.value
	switch p.sep {
	case markup:
		end := strings.IndexByte(f.text[at:], '<')
		if end < 0 {
			end = len(f.text) - at
		}
		return f.unless(at, at+end, p)
	case encoded:
		return f.encodedValue(at)
	default:
		at = f.run(at, 16, func(c byte) bool { return c == ' ' || c == '\t' })
	}
	if p.sep == colon && at == p.value && f.inStruct(p) {
		p.sep = equals
	}
	if at == len(f.text) || f.text[at] == '\n' || f.text[at] == '\r' {
		return f.nextLine(p, at)
	}
	if strings.HasPrefix(f.text[at:], Mask) {
		to = at + len(Mask)
		if p.strength == line {
			return at, f.lineEnd(p, at)
		}
		return at, f.plainEnd(to)
	}
	if from, to, ok := f.quotedValue(at); ok {
		return f.unless(from, to, p)
	}
	if p.sep == listed || p.sep == flag && f.text[at] == '-' {
		return at, at
	}
	if isOpening(f.text[at]) {
		if to, ok := f.bracketEnd(at); ok || p.strength >= strong {
			return f.unless(at+1, to, p)
		}
		return at, at
	}
	return f.bareValue(p, at)
}

// nextLine returns the value of a name that ends its line: the next line, if that is one word, which is
// indented or looks like a password.
func (f *finder) nextLine(p pair, at int) (from, to int) {
	if p.sep != colon || p.strength != strong || !f.startsLine(p.name) {
		return at, at
	}
	next := f.run(at, 2, func(c byte) bool { return c == '\r' || c == '\n' })
	from = f.run(next, maxName, func(c byte) bool { return c == ' ' || c == '\t' })
	to = f.run(from, maxAuthority, func(c byte) bool { return !isSpace(c) })
	end := f.run(to, maxName, func(c byte) bool { return c == ' ' || c == '\t' || c == '\r' })
	word := f.text[from:to]
	alone := end == len(f.text) || f.text[end] == '\n'
	switch {
	case word == "", !alone, strings.HasSuffix(word, ":"), strings.HasPrefix(word, "-"):
		return at, at
	case from > next || isChosen(word):
		return f.unless(from, to, p)
	}
	return at, at
}

// bareValue returns a value without quotes.
func (f *finder) bareValue(p pair, at int) (from, to int) {
	anchored := p.sep == colon && f.startsLine(p.name)
	switch {
	case p.strength == line:
		return f.unless(at, f.lineEnd(p, at), p)
	case anchored && (f.text[at] == '|' || f.text[at] == '>'):
		return f.block(at)
	case anchored && p.strength == strong:
		return f.unless(at, f.lineEnd(p, at), p)
	case anchored && f.plainEnd(at) == f.lineEnd(p, at):
		p.sep = equals
	}
	to = f.plainEnd(at)
	if p.sep == equals {
		to = max(to, f.listEnd(p, at))
	}
	return f.unless(at, to, p)
}

// unless returns a value, or none if it is no secret.
func (f *finder) unless(from, to int, p pair) (int, int) {
	value := strings.TrimSpace(f.text[from:to])
	switch strings.ToLower(value[:min(len(value), 16)]) {
	case "", "null", "nil", "<nil>", "none", "undefined", "true", "false", "{}", "[]":
		return from, from
	}
	if strings.Trim(value, "*•") == "" {
		return from, from
	}
	if p.strength == weak {
		prose := p.sep == colon && !p.quoted || p.sep == listed
		if prose && (!isRandom(value, 8) || strings.ContainsAny(value, " \t\n")) {
			return from, from
		}
		if len(value) < 8 && strings.Trim(value, "0123456789") == "" && f.isCount(p) { // "max_tokens": 512
			return from, from
		}
	}
	return from, to
}

// inStruct reports whether a value follows its colon at once, as in a struct of Go: "{Token:abc}". The line
// of a file does, too: "token:33".
func (f *finder) inStruct(p pair) bool {
	if p.value == len(f.text) || isDigit(f.text[p.value]) {
		return false
	}
	return p.name > 0 && strings.IndexByte("{[( ,", f.text[p.name-1]) >= 0
}

// isCount reports whether a pair's name is in the plural.
func (f *finder) isCount(p pair) bool {
	name := strings.ToLower(f.text[p.name:min(len(f.text), p.name+maxName)])
	for i := range len(name) {
		if !isName(name[i]) {
			return strings.HasSuffix(name[:i], "s")
		}
	}
	return false
}

// startsLine reports whether only spaces, dashes and quotes are before a place in its line.
func (f *finder) startsLine(at int) bool {
	for i := at; i > 0 && at-i < maxName; i-- {
		switch f.text[i-1] {
		case '\n':
			return true
		case ' ', '\t', '-', '"', '\'':
		default:
			return false
		}
	}
	return at < maxName
}

// lineEnd returns the end of a value that is the rest of its line, or of the quotes around it.
func (f *finder) lineEnd(p pair, at int) int {
	quote := byte(0)
	if i := p.name - 1; i >= 0 && !p.quoted && strings.IndexByte("\"'`", f.text[i]) >= 0 {
		quote = f.text[i]
	}
	for i := at; i < len(f.text); i++ {
		c := f.text[i]
		if c == '\n' || c == '\r' || quote != 0 && c == quote ||
			c == '\\' && i+1 < len(f.text) && (f.text[i+1] == 'n' || f.text[i+1] == 'r') {
			return i
		}
	}
	return len(f.text)
}

// quotedValue returns what is between quotes, which can be escaped, and have a letter before them as
// in Python. Without an end, it is the rest of the text.
func (f *finder) quotedValue(at int) (from, to int, ok bool) {
	from = f.run(at, 2, func(c byte) bool { return strings.IndexByte("bBuUrRfF@", c) >= 0 })
	if from == len(f.text) || strings.IndexByte("\"'`\\", f.text[from]) < 0 {
		from = at
	}
	escapes := from
	from = f.run(from, len(f.text), func(c byte) bool { return c == '\\' })
	if escapes = from - escapes; from == len(f.text) || strings.IndexByte("\"'`", f.text[from]) < 0 {
		return 0, 0, false
	}
	quote := f.text[from]
	from++
	before := 0 // backslashes
	for i := from; i < len(f.text); i++ {
		switch c := f.text[i]; {
		case c == '\\':
			before++
			continue
		case c != quote, escapes == 0 && before%2 == 1, escapes > 0 && before > escapes:
		case escapes == 0 && i > from && i+1 < len(f.text) && f.text[i+1] == quote: // doubled
			i++
		default:
			return from, i - before, true
		}
		before = 0
	}
	return from, len(f.text), true
}

// isOpening reports whether a byte opens brackets.
func isOpening(c byte) bool { return c == '{' || c == '[' || c == '(' }

// maxBrackets bounds what is between brackets, in bytes.
const maxBrackets = 4096

// bracketEnd returns where the bracket at a place is closed. ok is false if it is not.
func (f *finder) bracketEnd(at int) (end int, ok bool) {
	depth := 0
	for i := at; i < min(len(f.text), at+maxBrackets); i++ {
		switch c := f.text[i]; c {
		case '{', '[', '(':
			depth++
		case '}', ']', ')':
			if depth--; depth == 0 {
				return i, true
			}
		}
	}
	return len(f.text), false
}

// block returns the lines of a YAML block, which are indented.
func (f *finder) block(at int) (from, to int) {
	first := strings.IndexByte(f.text[at:], '\n')
	if first < 0 {
		return at, len(f.text)
	}
	from = at + first + 1
	for to = from; to < len(f.text); {
		c := f.text[to]
		if to > from && c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			break
		}
		next := strings.IndexByte(f.text[to:], '\n')
		if next < 0 {
			return from, len(f.text)
		}
		to += next + 1
	}
	return from, max(from, to-1)
}

// plainEnd returns the end of a value without quotes. A sign inside a password does not end it.
// It keeps the end: every place before it in the same value has the same one.
func (f *finder) plainEnd(at int) int {
	if at < f.plain.from || at >= f.plain.to {
		f.plain = span{at, f.findPlainEnd(at)}
	}
	return f.plain.to
}

func (f *finder) findPlainEnd(at int) int {
	for i := at; i < len(f.text); i++ {
		c := f.text[i]
		switch {
		case isSpace(c):
			return i
		case c == '\\' && i+1 < len(f.text) && strings.IndexByte("nrt\"'", f.text[i+1]) >= 0 && f.ends(i+2):
			return i
		case strings.IndexByte(",;&)]}\"'`<>|", c) >= 0 && f.ends(i+1):
			return i
		}
	}
	return len(f.text)
}

// ends reports whether a value can end before a place: at the end, before a sign, or before another name
// with a separator.
func (f *finder) ends(at int) bool {
	if at >= len(f.text) || !isName(f.text[at]) && f.text[at] != '%' && f.text[at] != '!' {
		return true
	}
	end := f.run(at, maxName, isName)
	if end == len(f.text) {
		return false
	}
	end = f.run(end, 2, func(c byte) bool { return c == '"' || c == '\'' || c == ' ' })
	return end > at && end < len(f.text) && (f.text[end] == '=' || f.text[end] == ':')
}

// listEnd returns the end of a value in a list such as "Server=db;Pwd=a b;", 0 for none.
func (f *finder) listEnd(p pair, at int) int {
	before := p.name > 0 && strings.IndexByte("; ", f.text[p.name-1]) >= 0
	i := strings.IndexAny(f.text[at:min(len(f.text), at+1024)], ";\n\r\"'<>")
	if i < 0 || f.text[at+i] != ';' {
		return 0
	}
	rest := f.text[at+i+1 : min(len(f.text), at+i+1+maxName)]
	next := strings.IndexAny(rest, "=;\n\"'")
	if inList := before && p.name > 1 && f.text[p.name-1] == ';'; inList || next >= 0 && rest[next] == '=' {
		return at + i
	}
	return 0
}

// encodedValue returns a value in a text that is encoded for URLs.
func (f *finder) encodedValue(at int) (from, to int) {
	from = at
	for strings.HasPrefix(f.text[from:], "%22") || strings.HasPrefix(f.text[from:], "%27") ||
		strings.HasPrefix(f.text[from:], "%20") || strings.HasPrefix(f.text[from:], "+") {
		from += 1 + 2*strings.Count(f.text[from:from+1], "%")
	}
	to = from
	if strings.HasPrefix(f.text[from:], Mask) {
		to += len(Mask)
	}
	for ; to < len(f.text); to++ {
		switch c := f.text[to]; {
		case isSpace(c), strings.IndexByte("&\"'`<>;,)]}", c) >= 0:
			return from, to
		case c == '%' && to+2 < len(f.text):
			switch strings.ToUpper(f.text[to+1 : to+3]) {
			case "26", "22", "27", "2C", "3B", "7D", "5D", "0A", "0D":
				return from, to
			}
		}
	}
	return from, to
}
