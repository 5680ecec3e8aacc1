package module

import (
	"strings"
	"testing"
)

func TestListStart(t *testing.T) {
	for line, want := range map[string]int{ // the index of the character, -1 for none
		"- item": 0, "+ item": 0, "12. item": 2, "3) item": 1, "1.5 is 1.5": 1, "# heading": -1, "a - b": -1,
		"a 1. b": -1, "1a. b": -1, ". a": -1, ") a": -1, "": -1,
	} {
		got := -1
		start := ListStart{Bullets: "-+"}
		for i, r := range line {
			if start.Next(r) {
				if got >= 0 {
					t.Errorf("%q begins two lists", line)
				}
				got = i
			}
		}
		if got != want {
			t.Errorf("%q: list begins at %d, want %d", line, got, want)
		}
	}
}

func TestParagraphs(t *testing.T) {
	if got := Paragraphs("", "a", "", "b"); got != "a\n\nb" {
		t.Errorf("got %q", got)
	}
	if got := Paragraphs("", ""); got != "" {
		t.Errorf("got %q, want nothing", got)
	}
}

func TestTone_Color(t *testing.T) {
	for tone, want := range map[Tone]int{ToneBad: 0xC62828, ToneGood: 0x23894E, TonePlain: 0, "": 0} {
		if got := tone.Color(); got != want {
			t.Errorf("color of %q = %#x, want %#x", tone, got, want)
		}
	}
}

func TestMarkdownLink(t *testing.T) {
	for link, want := range map[string]string{
		"https://a.example/x?y=z&b=c":    "[t](https://a.example/x?y=z&b=c)",
		"https://a.example/x_(y)[z]*@{{": "[t](https://a.example/x_%28y%29%5Bz%5D%2A%40%7B%7B)",
	} {
		if got := MarkdownLink("t", link); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestChatText_LinksItems(t *testing.T) {
	long := strings.Repeat("x", 300)
	c := ChatText{Fit: TruncateUTF16, Link: MarkdownLink, Len: UTF16Len, MaxItems: 10, MaxItem: 50}
	for want, item := range map[string]Item{
		"• high: [CVE-1](https://a.example/) in xz": {"high:", "CVE-1", "https://a.example/", "in xz"},
		"• [CVE-1](https://a.example/)":             {"", "CVE-1", "https://a.example/", ""},
		"• high: CVE-1 in xz":                       {"high:", "CVE-1", "javascript:alert(1)", "in xz"},
		"• high: in xz":                             {"high:", " \n", "https://a.example/", "in xz"},
		"• too long":                                {"", "too long", "https://a.example/" + long, ""},
		"• " + long[:9] + "… [" + long[:29] + "…](https://a.example/) " + long[:7] + "…": {
			long, long, "https://a.example/", long,
		},
		"• " + long[:49] + "…": {long, long, "", long},
		"• ":                   {},
	} {
		if got := c.Items([]Item{item}, Rest{}); len(got) != 1 || got[0] != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	c.Link = nil
	if got := c.List([]Item{{"high:", "CVE-1", "https://a.example/", "in xz"}}, Rest{}); got != "• high: CVE-1 in xz" {
		t.Errorf("a receiver without links gets %q", got)
	}
}
