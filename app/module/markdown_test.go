package module

import "testing"

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
