package admin

import (
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"gatecrier/app/fault"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// savedViewRoutes adds the actions on saved views.
func (a *Admin) savedViewRoutes(r router) {
	r.post(viewsPath, a.savedViewCreate)
	r.get(viewRoute, a.savedViewForm)
	r.post(viewRoute, a.savedViewRename)
	r.get(viewRoute+"/delete", a.savedViewAsk)
	r.post(viewRoute+"/delete", a.savedViewDelete)
}

// viewRoute is the route of a saved view.
const viewRoute = viewsPath + "/:view"

// viewsOfObservations names the list of observations in saved views.
const viewsOfObservations = "observations"

// listOfViews returns the path of the list that a saved view is of, "" for an unknown one.
func listOfViews(name string) string {
	if name == viewsOfObservations {
		return foundPath
	}
	return ""
}

// savedViews returns the views of a list for its page, and the form that saves its filters.
func (a *Admin) savedViews(c *gin.Context, name string, pairs []string) (page.SavedViews, error) {
	path := listOfViews(name)
	here := link(path, pairs...)
	v := page.SavedViews{Page: name, Query: queryOf(here)}
	list, err := a.Accounts.SavedViews(c.Request.Context(), actorOf(c), name)
	for _, s := range list {
		chip := ui.Chip{Label: s.Name, Href: viewHref(s), Count: -1, Current: viewHref(s) == here}
		if chip.Current {
			v.Edit = viewPath(s.ID)
		}
		v.List = append(v.List, chip)
	}
	v.CanSave = len(pairs) > 0 && v.Edit == ""
	return v, err
}

// queryOf returns the query of a URL, without the question mark.
func queryOf(path string) string {
	u, err := url.Parse(path)
	if err != nil {
		return ""
	}
	return u.RawQuery
}

// viewHref returns the URL of the list with the filters of a view.
func viewHref(v models.SavedView) string {
	path := listOfViews(v.Page)
	if v.Query == "" {
		return path
	}
	return path + "?" + v.Query
}

// savedViewCreate saves the filters of a list under a name.
func (a *Admin) savedViewCreate(c *gin.Context) error {
	v := models.SavedView{Page: c.PostForm("page"), Name: c.PostForm("name")}
	path := listOfViews(v.Page)
	if path == "" {
		return fault.NewNotFound("list")
	}
	values, err := url.ParseQuery(c.PostForm("query"))
	if err != nil {
		return fault.BadField("query", "These filters cannot be read")
	}
	q, err := readObservationList(values)
	if err != nil {
		return err
	}
	v.Query = queryOf(link(path, q.pairs...))
	saved, err := a.Accounts.SaveView(c.Request.Context(), actorOf(c), v)
	if errs := fieldErrors(err); errs != nil {
		return a.redirect(c, "bad", "The view was not saved", errs["name"], viewHref(v))
	}
	return a.done(c, err, "View saved", saved.Name, viewHref(saved))
}

// savedViewOf returns the view of the path.
func (a *Admin) savedViewOf(c *gin.Context) (models.SavedView, error) {
	id, err := web.ID(c, "view", "saved view")
	if err != nil {
		return models.SavedView{}, err
	}
	return a.Accounts.SavedView(c.Request.Context(), actorOf(c), id)
}

func (a *Admin) savedViewForm(c *gin.Context) error {
	v, err := a.savedViewOf(c)
	if err != nil {
		return err
	}
	return a.savedViewPage(c, http.StatusOK, v, "")
}

func (a *Admin) savedViewPage(c *gin.Context, status int, v models.SavedView, wrong string) error {
	return render(c, status, page.SavedView(page.SavedViewView{
		Frame: a.frame(c, "Saved view: "+v.Name, layout.NavFound), ID: v.ID, Name: v.Name, Back: viewHref(v), Error: wrong,
	}))
}

func (a *Admin) savedViewRename(c *gin.Context) error {
	v, err := a.savedViewOf(c)
	if err != nil {
		return err
	}
	v.Name = c.PostForm("name")
	_, err = a.Accounts.SaveView(c.Request.Context(), actorOf(c), v)
	if errs := fieldErrors(err); errs != nil {
		return a.savedViewPage(c, web.StatusOf(err), v, errs["name"])
	}
	return a.done(c, err, "View renamed", v.Name, viewHref(v))
}

func (a *Admin) savedViewAsk(c *gin.Context) error {
	v, err := a.savedViewOf(c)
	if err != nil {
		return err
	}
	return a.askPage(c, http.StatusOK, "Delete saved view", layout.NavFound, page.AskView{
		Crumbs:  []ui.Crumb{{Label: "Observations", Href: foundPath}, {Label: v.Name, Href: viewHref(v)}},
		Title:   "Delete the saved view " + v.Name + "?",
		Effects: []string{"Its name and its filters are deleted. No observation changes."},
		Buttons: []page.AskButton{{Label: "Delete view", Danger: true}},
		Cancel:  viewHref(v),
	})
}

func (a *Admin) savedViewDelete(c *gin.Context) error {
	v, err := a.savedViewOf(c)
	if err != nil {
		return err
	}
	_, err = a.Accounts.DeleteView(c.Request.Context(), actorOf(c), v.ID)
	return a.done(c, err, "View deleted", v.Name, listOfViews(v.Page))
}
