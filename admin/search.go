package admin

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

// maxResults bounds the results of a kind.
const maxResults = 5

// searchRoutes adds the search over everything that the user can view.
func (a *Admin) searchRoutes(r router) {
	r.get(searchPath, a.search)
}

// search answers with a page, or with the options of the command palette for htmx.
func (a *Admin) search(c *gin.Context) error {
	v := page.SearchView{Query: strings.TrimSpace(c.Query("q"))}
	if runes := []rune(v.Query); len(runes) > maxSearchText {
		v.Query = string(runes[:maxSearchText])
	}
	for _, find := range []func(*gin.Context, string) (page.SearchKind, error){
		a.findPages, a.findProducts, a.findGroups, a.findObservations, a.findNotifications, a.findSettings, a.findUsers,
	} {
		kind, err := find(c, v.Query)
		if err != nil {
			return err
		}
		if len(kind.Results) > 0 {
			v.Kinds = append(v.Kinds, kind)
		}
	}
	c.Header("Vary", "HX-Request")
	if web.IsHTMX(c) {
		return render(c, http.StatusOK, page.SearchOptions(v))
	}
	v.Frame = a.frame(c, "Search", layout.NavNone)
	return render(c, http.StatusOK, page.Search(v))
}

// maxSearchText bounds the text of a search, in characters.
const maxSearchText = 200

// findProducts finds products by a part of their name.
func (a *Admin) findProducts(c *gin.Context, text string) (page.SearchKind, error) {
	kind := page.SearchKind{Name: "products", Label: "Products", Icon: "packages"}
	if text == "" {
		return kind, nil
	}
	list, err := a.Store.SearchProducts(c.Request.Context(), actorOf(c).Scope(), text, maxResults+1)
	kind.Results = matches(list, productPath)
	return more(kind, link("/products", "q", text)), err
}

// findGroups finds product groups by a part of their name.
func (a *Admin) findGroups(c *gin.Context, text string) (page.SearchKind, error) {
	kind := page.SearchKind{Name: "groups", Label: "Product groups", Icon: "folders"}
	if text == "" {
		return kind, nil
	}
	list, err := a.Store.SearchGroups(c.Request.Context(), actorOf(c).Scope(), text, maxResults+1)
	kind.Results = matches(list, groupPath)
	return more(kind, link("/groups", "q", text)), err
}

// findUsers finds users, for administrators.
func (a *Admin) findUsers(c *gin.Context, text string) (page.SearchKind, error) {
	kind := page.SearchKind{Name: "users", Label: "Users", Icon: "users"}
	if text == "" || !actorOf(c).Administrator() {
		return kind, nil
	}
	list, err := a.Store.SearchUsers(c.Request.Context(), text, maxResults+1)
	kind.Results = matches(list, userPath)
	return more(kind, link(usersPath, "q", text)), err
}

// findObservations finds active observations on default branches whose titles begin with a text,
// those first whose title it is.
func (a *Admin) findObservations(c *gin.Context, text string) (page.SearchKind, error) {
	kind := page.SearchKind{Name: "observations", Label: "Observations", Icon: "bug"}
	if text == "" {
		return kind, nil
	}
	var rows []models.FoundObservation
	for _, match := range []models.TextMatch{models.MatchWhole, models.MatchBegins} {
		if len(rows) > maxResults {
			break
		}
		found, err := a.Store.FindObservations(c.Request.Context(), actorOf(c).Scope(), models.FindFilter{
			Text: text, Match: match, Quick: true, Limit: maxResults + 1,
		})
		if err != nil {
			return kind, err
		}
		for _, o := range found.Rows {
			known := slices.ContainsFunc(rows, func(r models.FoundObservation) bool { return r.ID == o.ID })
			if !known {
				rows = append(rows, o)
			}
		}
	}
	for _, o := range rows {
		kind.Results = append(kind.Results, page.SearchResult{
			Label:  o.Name(),
			Detail: o.Product + ", " + o.Branch + ": " + o.Severity.String() + inComponent(o.Component),
			Href:   observationPath(o.ProductID, o.ID),
		})
	}
	return more(kind, link(foundPath, "q", text)), nil
}

func inComponent(component string) string {
	if component == "" {
		return ""
	}
	return ", " + component
}

// findNotifications finds the user's newest notifications by a part of their texts.
func (a *Admin) findNotifications(c *gin.Context, text string) (page.SearchKind, error) {
	kind := page.SearchKind{Name: "notifications", Label: "Notifications", Icon: "inbox"}
	if text == "" {
		return kind, nil
	}
	found, err := a.Inbox.List(c.Request.Context(), actorOf(c), models.InboxFilter{
		Text: text, Quick: true, Limit: maxResults + 1,
	})
	for _, n := range found.Rows {
		label := n.Name
		if n.Product != "" {
			label = n.Product + ": " + label
		}
		kind.Results = append(kind.Results, page.SearchResult{
			Label: label, Detail: n.Message, Href: inboxPath + "/" + formatInt(n.EventID),
		})
	}
	return more(kind, link(inboxPath, "q", text)), err
}

// matches returns what a search of names has found, each with its path.
func matches(list []models.Match, path func(int64) string) []page.SearchResult {
	results := make([]page.SearchResult, 0, len(list))
	for _, m := range list {
		results = append(results, page.SearchResult{Label: m.Name, Detail: m.Detail, Href: path(m.ID)})
	}
	return results
}

// more cuts a kind to its bound, with the list of all that match if that leaves out some.
func more(kind page.SearchKind, list string) page.SearchKind {
	if len(kind.Results) > maxResults {
		kind.Results, kind.More = kind.Results[:maxResults], list
	}
	return kind
}
