package feed_test

import (
	"encoding/xml"
	"strings"
	"testing"
	"time"

	"gatecrier/app/feed"
)

// read is a feed as a reader parses it.
type read struct {
	ID      string `xml:"id"`
	Title   string `xml:"title"`
	Updated string `xml:"updated"`
	Links   []struct {
		Rel  string `xml:"rel,attr"`
		Href string `xml:"href,attr"`
	} `xml:"link"`
	Entries []struct {
		ID      string `xml:"id"`
		Title   string `xml:"title"`
		Updated string `xml:"updated"`
		Author  string `xml:"author>name"`
		Content string `xml:"content"`
		Link    struct {
			Href string `xml:"href,attr"`
		} `xml:"link"`
		Category struct {
			Term string `xml:"term,attr"`
		} `xml:"category"`
	} `xml:"entry"`
}

func parse(t *testing.T, f feed.Feed) (read, string) {
	t.Helper()
	text, err := feed.Atom(f)
	if err != nil {
		t.Fatal(err)
	}
	var r read
	d := xml.NewDecoder(strings.NewReader(string(text)))
	d.Strict = true
	if err := d.Decode(&r); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return r, string(text)
}

// Texts of users and scanners stay texts, and the feed stays well-formed.
func TestAtom_AnyText(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"plain":           {"2 critical (threshold 0)", "2 critical (threshold 0)"},
		"markup":          {`<b>&amp; "x" ']]>`, `<b>&amp; "x" ']]>`},
		"end of CDATA":    {"a]]>b<!-- c", "a]]>b<!-- c"},
		"control signs":   {"a\x00\x01\x08\x0b\x1fb\x7f", "ab\x7f"},
		"no UTF-8":        {"a\xff\xfeb", "ab"},
		"surrogates":      {"a\xed\xa0\x80b", "ab"},
		"no characters":   {"a\ufffe\uffffb", "ab"},
		"lines":           {"a\nb\tc", "a\nb\tc"},
		"other scripts":   {"安全 بوابة 🚪", "安全 بوابة 🚪"},
		"nothing but bad": {"\x00", ""},
	} {
		at := time.Date(2026, 5, 4, 12, 0, 0, 0, time.FixedZone("", 7200))
		r, text := parse(t, feed.Feed{
			ID:      "urn:uuid:1",
			Title:   test.text,
			Self:    "http://x/?a=" + test.text,
			Page:    "http://x/",
			Updated: at,
			Entries: []feed.Entry{
				{
					ID:      "urn:uuid:2",
					Title:   test.text,
					Page:    "http://x/1",
					Author:  test.text,
					Type:    test.text,
					Text:    test.text,
					Updated: at,
				},
			},
		})
		author := test.want
		if author == "" {
			author = "Gatecrier"
		}
		e := r.Entries[0]
		if r.Title != test.want || e.Title != test.want || e.Content != test.want || e.Author != author ||
			e.Category.Term != test.want {
			t.Errorf("%s: %+v\n%s", name, r, text)
		}
		if r.Updated != "2026-05-04T10:00:00Z" || e.Updated != r.Updated {
			t.Errorf("%s: updated %s, %s", name, r.Updated, e.Updated)
		}
	}
}

// An empty feed has everything that RFC 4287 requires.
func TestAtom_Empty(t *testing.T) {
	f := feed.Feed{ID: "urn:uuid:1", Title: "Inbox", Self: "http://x/feed", Page: "http://x/inbox", Updated: time.Now()}
	r, _ := parse(t, f)
	if r.ID == "" || r.Title == "" || r.Updated == "" || len(r.Links) != 2 || r.Links[0].Rel != "self" ||
		r.Links[0].Href != "http://x/feed" ||
		len(r.Entries) != 0 {
		t.Errorf("%+v", r)
	}
}
