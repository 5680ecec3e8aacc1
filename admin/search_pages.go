package admin

import (
	"strings"

	"github.com/gin-gonic/gin"

	"gatecrier/app/settings"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

// need is what a user needs for a page.
type need int

const (
	needsNothing need = iota
	needsAdministrator
	needsCreation // the right to create products and groups
	needsEditing  // a role that edits a product or a group
)

// otherPages are the pages that the search finds beside those of the navigation.
var otherPages = []struct {
	layout.Link
	need need
}{
	{layout.Link{Label: "Create product", Href: "/products/new"}, needsCreation},
	{layout.Link{Label: "Create product group", Href: "/groups/new"}, needsCreation},
	{layout.Link{Label: "Create silence", Href: silencesPath + "/new"}, needsEditing},
	{layout.Link{Label: "Your profile", Href: profilePath}, needsNothing},
	{layout.Link{Label: "Change password", Href: passwordPath}, needsNothing},
	{layout.Link{Label: "API reference", Href: "/api"}, needsNothing},
	{layout.Link{Label: "Create user", Href: usersPath + "/new"}, needsAdministrator},
	{layout.Link{Label: "Jobs", Href: "/admin/jobs"}, needsAdministrator},
	{layout.Link{Label: "Doctor", Href: "/admin/doctor"}, needsAdministrator},
}

// meets reports whether the user has what a page needs.
func (a *Admin) meets(c *gin.Context, n need) (bool, error) {
	switch n {
	case needsAdministrator:
		return actorOf(c).Administrator(), nil
	case needsCreation:
		return a.Products.MayCreate(actorOf(c)) == nil, nil
	case needsEditing:
		return a.Silences.MayAny(c.Request.Context(), actorOf(c))
	case needsNothing:
	}
	return true, nil
}

// findPages finds pages by their names, those of the navigation without a text.
func (a *Admin) findPages(c *gin.Context, text string) (page.SearchKind, error) {
	kind := page.SearchKind{Name: "pages", Label: "Pages", Icon: "chevron-right"}
	links := layout.Pages(actorOf(c).Administrator())
	if text != "" {
		needs := map[string]need{}
		for _, p := range otherPages {
			links, needs[p.Href] = append(links, p.Link), p.need
		}
		links = ranked(links, text, func(l layout.Link) []string { return []string{l.Label} })
		var err error
		links, err = a.openable(c, links, needs)
		if err != nil {
			return kind, err
		}
	}
	for _, l := range links {
		kind.Results = append(kind.Results, page.SearchResult{Label: l.Label, Href: l.Href})
	}
	return kind, nil
}

// openable returns the first links to pages that the user can open. Others cost no query.
func (a *Admin) openable(c *gin.Context, links []layout.Link, needs map[string]need) ([]layout.Link, error) {
	var list []layout.Link
	for _, l := range links {
		if len(list) == maxResults {
			break
		}
		may, err := a.meets(c, needs[l.Href])
		if err != nil {
			return nil, err
		}
		if may {
			list = append(list, l)
		}
	}
	return list, nil
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
