package module

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMessage_Buttons(t *testing.T) {
	const page, long = "https://g.example/1", "https://g.example/"
	tail := strings.Repeat("x", 500)
	for _, test := range []struct {
		name string
		m    Message
		want []Action
	}{
		{"its page", Message{Link: page}, []Action{{"Open in Gatecrier", page}}},
		{"nothing", Message{}, nil},
		{"an unsafe page", Message{Link: "javascript:alert(1)"}, nil},
		{
			"a long link of the first only",
			Message{Actions: []Action{{"Open", long + tail}, {"Assess", long + tail}, {"Silence", page}}},
			[]Action{{"Open", long + tail}, {"Silence", page}},
		},
		{
			"labels",
			Message{Actions: []Action{{" a\nb ", page}, {"", page}, {strings.Repeat("ä", 50), page}}},
			[]Action{{"a b", page}, {strings.Repeat("ä", 39) + "…", page}},
		},
		{
			"too many",
			Message{Link: page, Actions: []Action{{"1", page}, {"2", page}, {"3", page}, {"4", page}, {"5", page}}},
			[]Action{{"1", page}, {"2", page}, {"3", page}, {"4", page}},
		},
	} {
		if diff := cmp.Diff(test.want, test.m.Buttons()); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

func TestChatText_ActionsAndOrigin(t *testing.T) {
	c := ChatText{Fit: TruncateUTF16, Len: UTF16Len, Link: MarkdownLink}
	actions := []Action{{"a", "https://g.example/1"}, {"b", "https://g.example/2"}}
	const first = "[a](https://g.example/1)"
	for limit, want := range map[int]string{
		100: first + " · [b](https://g.example/2)", len(first) + 10: first, len(first): "",
	} {
		if got := c.Actions(actions, limit); got != want {
			t.Errorf("at most %d: %q, want %q", limit, got, want)
		}
	}
	for want, o := range map[string]Origin{
		"":                  {Manage: actions[0]},
		"Because. " + first: {"Because", actions[0]},
		"Because.":          {"Because", Action{"a", "javascript:alert(1)"}},
		strings.Repeat("x", maxOrigin-1) + "….":   {strings.Repeat("x", 500), Action{}},
		"Because of it. [b](https://g.example/2)": {"Because\nof it", actions[1]},
	} {
		if got := c.Origin(o); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
