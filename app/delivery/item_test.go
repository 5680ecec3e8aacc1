package delivery

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatecrier/app/event"
	"gatecrier/app/module"
)

// An item links to its advisory, else to its page in Gatecrier.
func TestItemsOf(t *testing.T) {
	const page = "/products/7/observations/3"
	got := itemsOf([]event.Item{
		{Label: "high:", Text: "CVE-1", URL: "https://a.example/1", Page: page, More: "in xz"},
		{Text: "CVE-2", URL: "https://a.example/" + strings.Repeat("x", 300), Page: page},
		{Text: "CVE-3", URL: "javascript:alert(1)", Page: page},
		{Text: "CVE-4", Page: page},
		{Text: "a line"},
	}, "https://gates.example")
	want := []module.Item{
		{Label: "high:", Text: "CVE-1", Link: "https://a.example/1", More: "in xz"},
		{Text: "CVE-2", Link: "https://gates.example" + page},
		{Text: "CVE-3", Link: "https://gates.example" + page},
		{Text: "CVE-4", Link: "https://gates.example" + page},
		{Text: "a line"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
