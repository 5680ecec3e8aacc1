package module

import (
	"strings"
	"testing"
)

// The last line of a list counts what the channel and the message leave out, with a link to all.
func TestChatText_LeftOutItems(t *testing.T) {
	const list = "https://gates.example/observations?product=7"
	text := ChatText{
		Fit: TruncateUTF16, Len: UTF16Len, Link: MarkdownLink, MaxItems: 3, MaxItem: 100,
	}
	items := []Item{{Text: "a"}, {Text: "b"}, {Text: "c"}, {Text: "d"}}
	for _, test := range []struct {
		name  string
		items []Item
		rest  Rest
		want  string
	}{
		{"none", items[:3], Rest{Link: list}, "• a\n• b\n• c"},
		{"by the channel", items, Rest{}, "• a\n• b\n• c\nand 1 more"},
		{"by both", items, Rest{Count: 5, Link: list}, "• a\n• b\n• c\n[and 6 more](" + list + ")"},
		{"an unsafe link", items[:1], Rest{Count: 5, Link: "javascript:alert(1)"}, "• a\nand 5 more"},
		{"a long link", items[:1], Rest{Count: 5, Link: list + strings.Repeat("x", 500)}, "• a\nand 5 more"},
	} {
		if got := text.List(test.items, test.rest); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
	text.MaxList = len(list) + 9 // "[](" and ")" of the link take four
	if got := text.List(items, Rest{Count: 1, Link: list}); got != "• a\n[and 4 more]("+list+")" {
		t.Errorf("with a bound: %q", got)
	}
}
