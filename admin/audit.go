package admin

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"gatecrier/app/audit"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// auditRoutes adds the audit.
func (a *Admin) auditRoutes(r router) {
	r.get(auditPath, a.audit)
}

// auditParams are the parameters of the list.
func auditParams() []listParam {
	return pageParams(models.AuditOrders, nil, append(anyText("actor", "q", "since", "until"),
		oneOf("kind", audit.Kinds()...), keyParam("product", isIDKey), zoneParam())...)
}

// audit lists the changes, newest first, with the user who made each.
func (a *Admin) audit(c *gin.Context) error {
	if err := checkListURL(c, auditParams()...); err != nil {
		return err
	}
	ctx, actor := c.Request.Context(), actorOf(c)
	v := page.AuditView{
		Actor:  c.Query("actor"),
		Query:  c.Query("q"),
		Since:  c.Query("since"),
		Until:  c.Query("until"),
		Kinds:  kindOptions(c.Query("kind")),
		Errors: map[string]string{},
	}
	zone := a.userZone(c)
	if v.Since+v.Until != "" {
		zone = a.zoneOr(c, c.Query(zoneField))
	}
	f := a.auditFilter(c, zone, &v)
	if isExport(c) {
		return a.exportAudit(c, f)
	}
	p := pageOf(c)
	p.in(auditPath, auditPairs(c, f, v)...)
	rows, pager, err := readPage(&p, a.changesIn(c, f))
	if err != nil {
		return err
	}
	nav := layout.NavAudit
	if f.ProductID != 0 {
		row, err := a.Products.Get(ctx, actor, f.ProductID)
		if err != nil {
			return err
		}
		v.ProductID, v.Product = row.ID, row.Name
		if actor.Administrator() {
			v.All = auditPath
		} else {
			nav = layout.NavProducts
		}
	}
	v.Keep, v.Pager = hiddenFields(p.kept()), pager
	v.Pager.Export = exportLink(c)
	for _, r := range rows {
		v.Rows = append(v.Rows, page.AuditRow{
			ID:        r.ID,
			At:        a.inUserZone(c, r.At),
			Actor:     r.Actor,
			Action:    r.Action,
			Kind:      r.Kind,
			Name:      r.Name,
			ProductID: r.ProductID,
			Product:   r.Product,
			Fields:    a.auditFields(r),
		})
	}
	v.Frame = a.frame(c, "Audit log", nav)
	return render(c, http.StatusOK, page.Audit(v))
}

// auditFilter reads the filter of the URL. Both days are included.
func (a *Admin) auditFilter(c *gin.Context, zone *time.Location, v *page.AuditView) models.AuditFilter {
	f := models.AuditFilter{
		Actor:     v.Actor,
		Text:      v.Query,
		ProductID: idOf(c.Query("product")),
	}
	if slices.Contains(audit.Kinds(), audit.Kind(c.Query("kind"))) {
		f.Kind = c.Query("kind")
	}
	if d, ok := auditDay("since", v.Since, zone, v.Errors); ok {
		f.Since = d.start()
	}
	if d, ok := auditDay("until", v.Until, zone, v.Errors); ok {
		f.Until = d.end()
	}
	v.Zone = a.uiZone(zone, f.Since)
	return f
}

// auditDay reads a day of the filter. It reports false if there is none, and adds an error to errs
// if the text is not a day.
func auditDay(name, text string, zone *time.Location, errs map[string]string) (calendarDay, bool) {
	if text == "" {
		return calendarDay{}, false
	}
	d, ok := readDay(text, zone)
	if !ok {
		errs[name] = "Enter a date as YYYY-MM-DD"
	}
	return d, ok
}

func kindOptions(current string) []ui.Option {
	options := []ui.Option{{Label: "everything"}}
	for _, k := range audit.Kinds() {
		options = append(options, ui.Option{Value: string(k), Label: string(k), Checked: string(k) == current})
	}
	return options
}

// auditFields returns the fields that a change has touched, sorted by name.
func (a *Admin) auditFields(r models.Audit) []page.AuditField {
	names := slices.Collect(maps.Keys(r.Was))
	for name := range r.Became {
		if _, there := r.Was[name]; !there {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	fields := make([]page.AuditField, 0, len(names))
	for _, name := range names {
		f := page.AuditField{Name: a.auditName(r, name)}
		f.Was, f.Had = r.Was[name]
		f.Became, f.Has = r.Became[name]
		f.Was, f.Became = auditValue(f.Was), auditValue(f.Became)
		if f.Was != "" || f.Became != "" { // otherwise nothing has changed
			fields = append(fields, f)
		}
	}
	return fields
}

// auditPairs returns the filter for the URLs of other pages.
func auditPairs(c *gin.Context, f models.AuditFilter, v page.AuditView) []string {
	pairs := []string{
		"kind", f.Kind, "actor", v.Actor, "q", v.Query,
		"since", v.Since, "until", v.Until, "product", knownValue(c, "product"),
	}
	if v.Since+v.Until != "" {
		pairs = append(pairs, zoneField, v.Zone.Name)
	}
	return pairs
}

// changesIn reads the changes of a filter. It counts those that an index finds.
func (a *Admin) changesIn(c *gin.Context, f models.AuditFilter) rowsOf[models.Audit] {
	ctx, actor := c.Request.Context(), actorOf(c)
	list := rowsOf[models.Audit]{
		read: func(at models.Place, limit int) ([]models.Audit, error) {
			f.Place, f.Limit = at, limit
			return a.Audit.List(ctx, actor, f)
		},
		key: models.AuditOrders.Key,
		one: "change", many: "changes",
	}
	found := f.Kind == "" || f.ProductID == 0
	if found && f.Actor == "" && f.Text == "" && f.Since.IsZero() && f.Until.IsZero() {
		list.count = func() (int, error) { return a.Audit.Count(ctx, actor, f) }
	}
	return list
}
