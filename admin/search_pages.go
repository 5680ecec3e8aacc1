package admin

import (
	"strings"

	"github.com/gin-gonic/gin"

	"gatecrier/app/settings"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

// otherPages are the pages that the search finds beside those of the navigation.
var otherPages = []struct {
	layout.Link
	admin bool
}{
	{layout.Link{Label: "Create product", Href: "/products/new"}, false},
	{layout.Link{Label: "Create product group", Href: "/groups/new"}, false},
	{layout.Link{Label: "Create silence", Href: silencesPath + "/new"}, false},
	{layout.Link{Label: "Your profile", Href: profilePath}, false},
	{layout.Link{Label: "Change password", Href: passwordPath}, false},
	{layout.Link{Label: "API reference", Href: "/api"}, false},
	{layout.Link{Label: "Create user", Href: usersPath + "/new"}, true},
	{layout.Link{Label: "Jobs", Href: "/admin/jobs"}, true},
	{layout.Link{Label: "Doctor", Href: "/admin/doctor"}, true},
}

// findPages finds pages by their names, those of the navigation without a text.
func (a *Admin) findPages(c *gin.Context, text string) (page.SearchKind, error) {
	admin := actorOf(c).Administrator()
	kind := page.SearchKind{Name: "pages", Label: "Pages", Icon: "chevron-right"}
	links := layout.Pages(admin)
	if text != "" {
		for _, p := range otherPages {
			if admin || !p.admin {
				links = append(links, p.Link)
			}
		}
		links = ranked(links, text, func(l layout.Link) []string { return []string{l.Label} })
		links = links[:min(len(links), maxResults)]
	}
	for _, l := range links {
		kind.Results = append(kind.Results, page.SearchResult{Label: l.Label, Href: l.Href})
	}
	return kind, nil
}

// fieldOfSection is a setting with its section.
type fieldOfSection struct {
	section settings.Section
	field   settings.Field
}

// findSettings finds settings by their label or their constant, for administrators.
func (a *Admin) findSettings(c *gin.Context, text string) (page.SearchKind, error) {
	kind := page.SearchKind{Name: "settings", Label: "Settings", Icon: "settings"}
	if text == "" || !actorOf(c).Administrator() {
		return kind, nil
	}
	var all []fieldOfSection
	for _, s := range a.Settings.Sections() {
		for _, f := range s.Fields {
			all = append(all, fieldOfSection{s, f})
		}
	}
	found := ranked(all, text, func(f fieldOfSection) []string {
		return []string{f.field.Label, f.field.Constant, f.field.Name, f.section.Title}
	})
	for _, f := range found[:min(len(found), maxResults)] {
		detail := f.section.Title
		if f.field.Constant != "" {
			detail += ", " + f.field.Constant
		}
		kind.Results = append(kind.Results, page.SearchResult{
			Label: f.field.Label, Detail: detail, Href: "/admin/settings/" + f.section.Name + "#f-" + f.field.Name,
		})
	}
	return kind, nil
}

// ranked returns the elements with a text in one of their names, in any case: first those that have
// a name that begins with it.
func ranked[T any](list []T, text string, names func(T) []string) []T {
	text = strings.ToLower(text)
	var first, then []T
	for _, v := range list {
		begins, has := false, false
		for _, name := range names(v) {
			name = strings.ToLower(name)
			begins = begins || strings.HasPrefix(name, text)
			has = has || strings.Contains(name, text)
		}
		switch {
		case begins:
			first = append(first, v)
		case has:
			then = append(then, v)
		}
	}
	return append(first, then...)
}
