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

func (a *Admin) connectionList(c *gin.Context) error {
	if err := checkListURL(c, connectionParams()...); err != nil {
		return err
	}
	if isExport(c) {
		f := connectionFilter(c)
		f.Place = pageOf(c, connectionOptions()...).Place
		return a.exportConnections(c, f)
	}
	return a.connectionsPage(c, http.StatusOK, a.connectionForms(c, "", nil, nil))
}

// connectionParams are the parameters of the list.
func connectionParams() []listParam {
	return pageParams(models.ConnectionOrders, connectionOptions(), append(anyText("q"), oneOf("trouble", "1"),
		oneOf("owner", models.OwnerMine, models.OwnerProduct, models.OwnerGroup, models.OwnerSystem, models.OwnerShared))...)
}

// connectionOptions are the orders of the list, those in trouble first.
func connectionOptions() []sortOption {
	return []sortOption{
		{name: "health"}, {name: models.ConnectionsByName}, {name: models.ConnectionsBySuccess, desc: true},
	}
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
	ctx, actor := c.Request.Context(), actorOf(c)
	f, p := connectionFilter(c), pageOf(c, connectionOptions()...)
	p.in("/connections", connectionPairs(f.Owner, f.Trouble, f.Text)...)
	rows, pager, err := readPage(&p, rowsOf[models.ConnectionRow]{
		read: func(at models.Place, limit int) ([]models.ConnectionRow, error) {
			f.Place, f.Limit = at, limit
			return a.Connections.All(ctx, actor, f)
		},
		key:   models.ConnectionOrders.Key,
		count: func() (int, error) { return a.Connections.Count(ctx, actor, f) },
		one:   "connection", many: "connections",
	})
	if err != nil {
		return err
	}
	v := page.ConnectionsView{
		Chips: a.ownerChips(c, f, p.kept()), Trouble: troubleChip(f, p.kept()), Query: f.Text, Sorting: p.sorting(),
		Keep: hiddenFields(append(withoutPairs(p.filter, "q"), p.kept()...)), Adds: adds, Pager: pager,
		Any: len(rows) > 0 || f.Owner != "" || f.Trouble || f.Text != "",
	}
	v.Rows, v.Pager.Export = a.connectionRows(c, rows), exportLink(c)
	v.Frame = a.frame(c, "Connections", layout.NavConnections)
	return render(c, status, page.Connections(v))
}

// connectionFilter reads the filter of the URL.
func connectionFilter(c *gin.Context) models.ConnectionFilter {
	f := models.ConnectionFilter{
		Owner:   models.OwnerKind(c.Query("owner")),
		Purpose: models.PurposeTarget,
		Trouble: c.Query("trouble") == "1",
		Text:    c.Query("q"),
	}
	if !f.Owner.Valid() {
		f.Owner = ""
	}
	return f
}

// connectionPairs returns a filter of the list for its URL.
func connectionPairs(owner models.OwnerKind, trouble bool, text string) []string {
	only := ""
	if trouble {
		only = "1"
	}
	return []string{"owner", string(owner), "trouble", only, "q", text}
}

// ownerChips returns the owners to filter by; kept is the rest of the URL.
func (a *Admin) ownerChips(c *gin.Context, f models.ConnectionFilter, kept []string) []ui.Chip {
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
			Label: o.label, Count: -1, Current: f.Owner == o.kind,
			Href: link("/connections", append(connectionPairs(o.kind, f.Trouble, f.Text), kept...)...),
		})
	}
	return chips
}

// troubleChip turns the filter for failing connections on, and off again.
func troubleChip(f models.ConnectionFilter, kept []string) ui.Chip {
	return ui.Chip{
		Label: "Failing", Count: -1, Current: f.Trouble,
		Href: link("/connections", append(connectionPairs(f.Owner, !f.Trouble, f.Text), kept...)...),
	}
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
