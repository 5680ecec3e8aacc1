package scrub

import "strings"

// maxLabel bounds the label of a PEM block, in bytes.
const maxLabel = 64

// findPrivateKeys finds private keys in PEM, also with escaped line ends, and cut off at either end.
func (f *finder) findPrivateKeys() {
	for at := 0; ; {
		i := strings.Index(f.text[at:], "-----")
		if i < 0 {
			return
		}
		from := at + i
		label := from + len("-----")
		at = label
		line := f.text[label:min(len(f.text), label+maxLabel)]
		if end := strings.Index(line, "-----"); end >= 0 {
			line = line[:end]
		}
		switch {
		case !strings.Contains(line, "PRIVATE") || !strings.Contains(line, "KEY"):
			if strings.HasPrefix(line, "BEGIN") && label+len(line) == len(f.text) { // cut off in its label
				f.hide(from, len(f.text))
			}
		case strings.HasPrefix(line, "BEGIN"):
			at = f.privateKey(from, label+len(line))
		case strings.HasPrefix(line, "END"):
			start := from
			for start > 0 && isBody(f.text[start-1]) {
				start--
			}
			f.hide(start, label+len(line)+len("-----"[:min(5, len(f.text)-label-len(line))]))
		}
	}
}

// privateKey hides the key whose label ends at a place, and returns its end.
func (f *finder) privateKey(from, at int) int {
	end := strings.Index(f.text[at:], "-----END")
	if end < 0 {
		f.hide(from, len(f.text))
		return len(f.text)
	}
	end += at + len("-----END")
	if last := strings.Index(f.text[end:min(len(f.text), end+maxLabel)], "-----"); last >= 0 {
		end += last + len("-----")
	}
	f.hide(from, end)
	return end
}

// isBody reports whether a byte can be in the base64 of a key, with escaped line ends.
func isBody(c byte) bool { return isBase64(c) && c != '-' || isSpace(c) || c == '\\' }
