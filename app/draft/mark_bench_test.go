package draft

import (
	"strings"
	"testing"
)

// BenchmarkMark marks a page of the size of the inbox, with all rows in one form.
func BenchmarkMark(b *testing.B) {
	row := `<tr><td><input type="checkbox" name="id" value="1" aria-label="Select"/></td>` +
		strings.Repeat("<td>text</td>", 60)
	text := `<form method="post" action="/inbox">` + strings.Repeat(row, 50) +
		`<button formmethod="get"></button></form>` + samplePage
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Mark(text, "5", "/inbox")
	}
}
