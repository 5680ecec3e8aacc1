// Package feed publishes a user's inbox as an Atom feed (RFC 4287). Its secret address is the only
// access control.
package feed

import (
	"encoding/xml"
	"strings"
	"time"
	"unicode/utf8"
)

// Feed is the content of a feed. Its texts can be anything: characters that XML cannot carry are
// left out.
type Feed struct {
	ID      string // an IRI that stays, whatever the address
	Title   string
	Self    string // the URL of the feed
	Page    string // the URL of the same content for readers
	Updated time.Time
	Entries []Entry
}

// Entry is a notification.
type Entry struct {
	ID      string // an IRI that stays
	Title   string
	Page    string
	Author  string
	Type    string // the event's
	Text    string
	Updated time.Time
}

// atom is a feed in the form of RFC 4287.
type atom struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Updated string      `xml:"updated"`
	Author  author      `xml:"author"`
	Links   []link      `xml:"link"`
	Entries []atomEntry `xml:"entry"`
}

type atomEntry struct {
	ID       string   `xml:"id"`
	Title    string   `xml:"title"`
	Updated  string   `xml:"updated"`
	Author   author   `xml:"author"`
	Link     link     `xml:"link"`
	Category category `xml:"category"`
	Content  content  `xml:"content"`
}

type author struct {
	Name string `xml:"name"`
}

type link struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr"`
	Href string `xml:"href,attr"`
}

type category struct {
	Term string `xml:"term,attr"`
}

type content struct {
	Type string `xml:"type,attr"`
	Text string `xml:",chardata"`
}

// MediaType is the media type of Atom.
const MediaType = "application/atom+xml"

// defaultAuthor is the author of entries without one.
const defaultAuthor = "Gatecrier"

// Atom returns a feed as an XML 1.0 document.
func Atom(f Feed) ([]byte, error) {
	doc := atom{
		ID: cleanXML(f.ID), Title: cleanXML(f.Title), Updated: formatTime(f.Updated), Author: author{defaultAuthor},
		Links: []link{{"self", MediaType, cleanXML(f.Self)}, {"alternate", "text/html", cleanXML(f.Page)}},
	}
	for _, e := range f.Entries {
		doc.Entries = append(doc.Entries, e.atom())
	}
	text, err := xml.MarshalIndent(doc, "", "  ")
	return append([]byte(xml.Header), append(text, '\n')...), err
}

func (e Entry) atom() atomEntry {
	by := cleanXML(e.Author)
	if strings.TrimSpace(by) == "" {
		by = defaultAuthor
	}
	return atomEntry{
		ID:       cleanXML(e.ID),
		Title:    cleanXML(e.Title),
		Updated:  formatTime(e.Updated),
		Author:   author{by},
		Link:     link{"alternate", "text/html", cleanXML(e.Page)},
		Category: category{cleanXML(e.Type)},
		Content:  content{"text", cleanXML(e.Text)},
	}
}

func formatTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// cleanXML removes the characters that XML 1.0 cannot carry, escaped or not (section 2.2).
func cleanXML(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r',
			r >= 0x20 && r <= 0xd7ff,
			r >= 0xe000 && r <= 0xfffd,
			r >= 0x10000 && r <= utf8.MaxRune:
			return r
		}
		return -1
	}, strings.ToValidUTF8(s, ""))
}
