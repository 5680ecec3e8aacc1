package scrub

import "strings"

// separator is what is between a name and its value.
type separator int

const (
	equals  separator = iota // name=value, name => value
	colon                    // name: value
	markup                   // <name>value</name>
	encoded                  // name%3Dvalue
	listed                   // 'name', 'value'
	flag                     // --name value
)

// pair is a name in a text with the place where its value begins.
type pair struct {
	sep      separator
	strength strength
	name     int  // where the name begins
	quoted   bool // the name
	value    int
}

// findPairs finds the values of sensitive names.
func (f *finder) findPairs() {
	separates := separators
	if !f.has['-'] { // no flag
		separates[' '], separates['\t'], separates['\n'] = false, false, false
	}
	for i := 1; i < len(f.text); i++ {
		if !separates[f.text[i]] {
			continue
		}
		p, ok := f.pairAt(i)
		if !ok {
			continue
		}
		if from, to := f.value(p); from < to {
			f.hide(from, to)
			i = max(i, to-1)
		}
	}
}

// separators are the bytes with which pairAt finds a pair.
var separators = [256]bool{
	':': true, '=': true, '%': true, ',': true, '>': true, ' ': true, '\t': true, '\n': true,
}

// pairAt returns the pair whose separator is at a place.
func (f *finder) pairAt(i int) (p pair, ok bool) {
	rest := f.text[i:]
	switch c, last := rest[0], f.text[i-1]; c {
	case ':':
		if last == ':' || strings.HasPrefix(rest, "::") || strings.HasPrefix(rest, "://") {
			return p, false
		}
		p = pair{sep: colon, value: i + 1}
		if strings.HasPrefix(rest, ":=") {
			p = pair{sep: equals, value: i + 2}
		}
	case '=':
		if strings.IndexByte("=!<>:~", last) >= 0 {
			return p, false
		}
		p = pair{sep: equals, value: i + 1}
		for p.value < len(f.text) && p.value < i+3 && strings.IndexByte("=>~", f.text[p.value]) >= 0 {
			p.value++
		}
	case '%':
		if len(rest) < 3 || rest[1] != '3' || rest[2]|0x20 != 'd' && rest[2]|0x20 != 'a' {
			return p, false
		}
		p = pair{sep: encoded, value: i + 3}
	case ',':
		if strings.IndexByte("\"'`", last) < 0 {
			return p, false
		}
		p = pair{sep: listed, value: i + 1}
	case '>':
		return f.element(i)
	case ' ', '\t', '\n':
		p = pair{sep: flag, value: i + 1}
	default:
		return p, false
	}
	return f.named(p, i)
}

// named adds the name before a separator to a pair. ok is false unless the name is sensitive.
func (f *finder) named(p pair, i int) (_ pair, ok bool) {
	end := i
	if p.sep != flag {
		for end > 0 && i-end < 4 && (f.text[end-1] == ' ' || f.text[end-1] == '\t') {
			end--
		}
	}
	end, p.quoted = f.beforeQuote(end, p.sep)
	if p.sep == listed && !p.quoted {
		return p, false
	}
	from := f.nameStart(end)
	if p.name = from; from == end {
		return p, false
	}
	name := f.text[from:end]
	if p.sep == flag {
		if name[0] != '-' || from > 0 && isAlnum(f.text[from-1]) {
			return p, false
		}
		if name == "-u" || name == "--user" || name == "--proxy-user" {
			p.strength = strong
			colon := strings.IndexAny(f.text[p.value:min(len(f.text), p.value+maxName)], ": \t\n")
			if colon < 0 || f.text[p.value+colon] != ':' {
				return p, false
			}
			p.value += colon + 1
			return p, true
		}
	}
	p.strength = strengthOf(name)
	if p.strength < strong && from > 1 && f.text[from-1] == ' ' && isAlnum(f.text[from-2]) {
		switch strings.ToLower(name) {
		case "key", "keys", "token": // "API key: ..."
			p.strength = max(p.strength, strengthOf(f.text[f.nameStart(from-1):end]))
		}
	}
	inQuery := from > 0 && (f.text[from-1] == '?' || f.text[from-1] == '&')
	if p.strength == noSecret && inQuery && (name == "key" || name == "code" || name == "pwd") {
		p.strength = weak
	}
	if p.strength == noSecret && p.sep == equals && !p.quoted && strings.HasSuffix(strings.ToLower(name), "community") {
		p.strength = weak // of SNMP
	}
	return p, p.strength > noSecret
}

// beforeQuote returns the end of a name before its closing quote or bracket, with their escapes.
func (f *finder) beforeQuote(end int, sep separator) (_ int, quoted bool) {
	if sep == encoded {
		if end >= 3 && f.text[end-3] == '%' && f.text[end-2] == '2' && (f.text[end-1] == '2' || f.text[end-1] == '7') {
			return end - 3, true
		}
		return end, false
	}
	if end > 0 && f.text[end-1] == ']' {
		end--
	}
	if end == 0 || strings.IndexByte("\"'`", f.text[end-1]) < 0 {
		return end, false
	}
	for end--; end > 0 && f.text[end-1] == '\\'; end-- {
	}
	return end, true
}

// nameStart returns where the name begins that ends at a place. Its length is bounded.
func (f *finder) nameStart(end int) int {
	from := end
	for from > 0 && end-from < maxName && isName(f.text[from-1]) {
		from--
	}
	return from
}

func isName(c byte) bool {
	return isAlnum(c) || c == '_' || c == '-' || c == '.' || c == '$' || c >= 0x80
}

// maxTag bounds the tag of an element, in bytes.
const maxTag = 128

// element returns the pair of an XML element whose start tag ends at a place.
func (f *finder) element(i int) (p pair, ok bool) {
	from := max(0, i-maxTag)
	open := strings.LastIndexByte(f.text[from:i], '<')
	if open < 0 {
		return p, false
	}
	p = pair{sep: markup, name: from + open + 1, value: i + 1}
	end := p.name
	for end < i && (isName(f.text[end]) || f.text[end] == ':') {
		end++
	}
	p.strength = strengthOf(f.text[p.name:end])
	return p, p.strength > noSecret
}
