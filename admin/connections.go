package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// connectionsRoutes adds the list of connections.
func (a *Admin) connectionsRoutes(r router) {
	r.get("/connections", a.connectionList)
	r.post("/connections", a.connectionCreate)
	r.get("/admin/connections", a.connectionsSystem)
}

// maxConnections bounds the list of connections.
const maxConnections = 200

func (a *Admin) connectionList(c *gin.Context) error {
	if err := checkListURL(c, connectionParams()...); err != nil {
		return err
	}
	if isExport(c) {
		return a.exportConnections(c, connectionFilter(c))
	}
	return a.connectionsPage(c, http.StatusOK, a.connectionForms(c, "", nil, nil))
}

// connectionParams are the parameters of the list.
func connectionParams() []listParam {
	return append(anyText("q"), oneOf("trouble", "1"),
		oneOf("owner", models.OwnerMine, models.OwnerProduct, models.OwnerGroup, models.OwnerSystem, models.OwnerShared))
}

// connectionsSystem redirects administrators to the connections of the system.
func (a *Admin) connectionsSystem(c *gin.Context) error {
	if err := a.Connections.MayEditSystem(actorOf(c)); err != nil {
		return err
	}
	web.SeeOther(c, link("/connections", "owner", string(models.OwnerSystem)))
	return nil
}

func (a *Admin) connectionsPage(c *gin.Context, status int, adds []page.ModuleForm) error {
	f := connectionFilter(c)
	rows, err := a.Connections.All(c.Request.Context(), actorOf(c), f)
	if err != nil {
		return err
	}
	v := page.ConnectionsView{
		Chips: a.ownerChips(c, f), Trouble: troubleChip(f), Query: f.Text, Keep: connectionHiddenFields(f), Adds: adds,
		Any: len(rows) > 0 || f.Owner != "" || f.Trouble || f.Text != "",
	}
	if len(rows) > maxConnections {
		rows, v.More = rows[:maxConnections], true
	}
	v.Rows, v.Export = a.connectionRows(c, rows), exportLink(c)
	v.Frame = a.frame(c, "Connections", layout.NavConnections)
	return render(c, status, page.Connections(v))
}

// connectionFilter reads the filter of the URL.
func connectionFilter(c *gin.Context) models.ConnectionFilter {
	f := models.ConnectionFilter{
		Owner:   models.OwnerKind(c.Query("owner")),
		Trouble: c.Query("trouble") == "1",
		Text:    c.Query("q"),
		Limit:   maxConnections + 1,
	}
	if !f.Owner.Valid() {
		f.Owner = ""
	}
	return f
}

// connectionsLink returns the path of the list with a filter.
func connectionsLink(owner models.OwnerKind, trouble bool, text string) string {
	only := ""
	if trouble {
		only = "1"
	}
	return link("/connections", "owner", string(owner), "trouble", only, "q", text)
}

// connectionHiddenFields returns the filters that a search keeps.
func connectionHiddenFields(f models.ConnectionFilter) []ui.Hidden {
	var list []ui.Hidden
	if f.Owner != "" {
		list = append(list, ui.Hidden{Name: "owner", Value: string(f.Owner)})
	}
	if f.Trouble {
		list = append(list, ui.Hidden{Name: "trouble", Value: "1"})
	}
	return list
}

func (a *Admin) ownerChips(c *gin.Context, f models.ConnectionFilter) []ui.Chip {
	var chips []ui.Chip
	for _, o := range []struct {
		kind  models.OwnerKind
		label string
	}{
		{"", "All"},
		{models.OwnerMine, "Mine"},
		{models.OwnerProduct, "Products"},
		{models.OwnerGroup, "Groups"},
		{models.OwnerSystem, "System"},
	} {
		if o.kind == models.OwnerSystem && a.Connections.MayEditSystem(actorOf(c)) != nil {
			continue
		}
		chips = append(chips, ui.Chip{
			Label: o.label, Href: connectionsLink(o.kind, f.Trouble, f.Text), Count: -1, Current: f.Owner == o.kind,
		})
	}
	return chips
}

// troubleChip turns the filter for failing connections on, and off again.
func troubleChip(f models.ConnectionFilter) ui.Chip {
	return ui.Chip{Label: "Failing", Href: connectionsLink(f.Owner, !f.Trouble, f.Text), Count: -1, Current: f.Trouble}
}

// connectionForms returns the forms of all modules for a connection without a product.
// Administrators choose between their own and the system's.
func (a *Admin) connectionForms(c *gin.Context, named string, typed, errs map[string]string) []page.ModuleForm {
	forms := a.moduleForms(named, typed, errs)
	for i := range forms {
		if named == "" {
			forms[i].Open = false
		}
		if a.Connections.MayEditSystem(actorOf(c)) != nil {
			continue
		}
		forms[i].Fields = append(forms[i].Fields, ui.Field{
			ID: "target-" + forms[i].Module + "-owner", Name: "owner", Label: "Owner", Type: "select", Required: true,
			Help: "System connections are notified when another connection fails or recovers.",
			Options: []ui.Option{
				{Value: string(models.OwnerMine), Label: "Me"},
				{
					Value:   string(models.OwnerSystem),
					Label:   "System",
					Checked: typed["owner"] == string(models.OwnerSystem) || c.Query("owner") == string(models.OwnerSystem),
				},
			},
		})
	}
	return forms
}

// connectionCreate adds a connection of the user or of the system. The page follows at once, and
// not after a redirect, since it can show a generated secret.
func (a *Admin) connectionCreate(c *gin.Context) error {
	d, typed := a.connectionDraft(c)
	owner := models.Owner{UserID: actorOf(c).User.ID}
	if typed["owner"] == string(models.OwnerSystem) {
		owner = models.Owner{}
	}
	saved, err := a.Connections.CreateFor(c.Request.Context(), actorOf(c), owner, d)
	if errs := fieldErrors(err); errs != nil {
		return a.connectionsPage(c, http.StatusUnprocessableEntity, a.connectionForms(c, d.Module, typed, errs))
	}
	if err != nil {
		return err
	}
	return a.connectionPage(c, saved.ID, http.StatusOK, func(v *page.ConnectionView) {
		for name, value := range saved.Made {
			v.Secret = &page.NewSecret{Target: saved.Name, Label: name, Value: value}
		}
		if v.Secret == nil || saved.Warning != "" {
			v.Frame.Flash = savedNote("Connection created", saved.Warning)
		}
	})
}
