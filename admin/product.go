package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/gate"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// product shows a product, with the tab that the URL names.
func (a *Admin) product(c *gin.Context) error {
	row, err := a.productOf(c)
	if err != nil {
		return err
	}
	return a.productPage(c, http.StatusOK, row, page.Tab(c.Query("tab")), nil)
}

func (a *Admin) productOf(c *gin.Context) (models.ProductRow, error) {
	id, err := web.ID(c, "id", "product")
	if err != nil {
		return models.ProductRow{}, err
	}
	return a.Products.Get(c.Request.Context(), actorOf(c), id)
}

// productPage renders the page; change, where given, has the last word on the
// view: an error beside a field, a secret just made.
func (a *Admin) productPage(
	c *gin.Context, status int, row models.ProductRow, tab page.Tab, change func(*page.ProductView),
) error {
	v, err := a.productHead(c, row)
	if err != nil {
		return err
	}
	v.Tab = tab
	switch v.Current() {
	case page.TabBranches:
		err = a.branchesTab(c, row, &v)
	case page.TabHistory:
		err = a.historyTab(c, row, &v)
	case page.TabDeliveries:
		err = a.deliveriesTab(c, row, &v)
	case page.TabExceptions:
		err = a.exceptionsTab(c, row, &v)
	case page.TabTargets:
		err = a.targetsTab(c, row, &v)
	case page.TabMembers:
		err = a.membersTab(c, row, &v)
	case page.TabTokens:
		err = a.tokensTab(c, row, &v)
	case page.TabSettings:
		v.Badge = a.badgeForm(row)
		v.Settings, err = a.settingsOf(c, row)
	default:
		err = a.observationsTab(c, row, &v)
	}
	if err != nil {
		return err
	}
	if change != nil {
		change(&v)
	}
	v.Frame = a.frame(c, row.Name, layout.NavProducts)
	return render(c, status, page.Product(v))
}

// productHead fills what stands above the tabs.
func (a *Admin) productHead(c *gin.Context, row models.ProductRow) (page.ProductView, error) {
	ctx, scope, b := c.Request.Context(), actorOf(c).Scope(), row.Default
	policy, err := a.originOf(c, row.Product)
	if err != nil {
		return page.ProductView{}, err
	}
	v := page.ProductView{
		ID:           row.ID,
		Name:         row.Name,
		Description:  row.Description,
		Branch:       b.Name,
		Gate:         string(b.Gate),
		Why:          whyOf(b),
		Policy:       policyText(policy),
		LimitSources: sourceWords(policy),
		Counts:       uiCounts(b.Counts),
		TabCounts:    map[page.Tab]int{page.TabObservations: int(b.Counts.Total())},
	}
	if b.Evaluated {
		v.Since = a.inUserZone(c, b.Since)
	}
	if policy.Active {
		limits := uiCounts(policy.Thresholds)
		v.Limits = &limits
	}
	if err := a.rightsOf(c, row.ID, &v); err != nil {
		return v, err
	}
	if err := a.groupFacts(c, row, &v); err != nil {
		return v, err
	}
	spans, err := a.Store.GateSpans(ctx, scope, []int64{row.ID}, a.Store.Now().AddDate(0, 0, -page.HistoryDays))
	if err != nil {
		return v, err
	}
	if v.Quiet, err = a.silenceNotes(c, row.ID); err != nil {
		return v, err
	}
	v.Segments = a.segments(c, b, spans[row.ID], page.HistoryDays)
	if v.Trend, err = a.trend(c, b); err != nil {
		return v, err
	}
	if err := a.lastChange(c, row, &v); err != nil {
		return v, err
	}
	err = a.productSources(c, row, &v)
	return v, err
}

// trend is what a branch's counts have been, by severity.
func (a *Admin) trend(c *gin.Context, b models.Branch) (map[string][]ui.Point, error) {
	days, err := a.Store.Trend(c.Request.Context(), b, a.Store.Now().AddDate(0, 0, -page.HistoryDays))
	points := map[string][]ui.Point{}
	for _, d := range days {
		for _, s := range models.Severities() {
			points[s.String()] = append(points[s.String()], ui.Point{From: d.Day, N: d.Counts.Of(s)})
		}
	}
	return points, err
}

func (a *Admin) policyOf(c *gin.Context, p models.Product) (gate.Policy, error) {
	group, err := a.Store.GroupOf(c.Request.Context(), p)
	return a.Gates.Policy(group, p), err
}

// originOf is what counts for a product, and whose it is.
func (a *Admin) originOf(c *gin.Context, p models.Product) (gate.Origin, error) {
	group, err := a.Store.GroupOf(c.Request.Context(), p)
	return a.Gates.Origin(group, p), err
}

func policyText(o gate.Origin) string {
	if !o.Active {
		return ""
	}
	return ownerText(o.Owner, o.Group)
}

// ownerText says whose limits they are; group is its name, where that is known.
func ownerText(o gate.Owner, group string) string {
	switch o {
	case gate.OwnerProduct:
		return "its own limits"
	case gate.OwnerGroup:
		if group != "" {
			return "the limits of its group " + group
		}
		return "the limits of its group"
	case gate.OwnerGlobal:
		return "the limits of all products"
	}
	return ""
}

// sourceWords say of each limit whose it is, by severity.
func sourceWords(o gate.Origin) map[string]string {
	words := map[string]string{}
	for s, source := range o.Sources {
		switch source {
		case gate.SourceGlobal:
			words[s.String()] = "global"
		case gate.SourceGroup:
			words[s.String()] = "group"
		case gate.SourceProduct:
			words[s.String()] = "own"
		case gate.SourceUnset:
			words[s.String()] = "unset: 0"
		}
	}
	return words
}

// groupFacts says which group a product is in, and what that means for its
// gate. It is a link for who sees the group.
func (a *Admin) groupFacts(c *gin.Context, row models.ProductRow, v *page.ProductView) error {
	ctx := c.Request.Context()
	group, err := a.Store.GroupOf(ctx, row.Product)
	if group == nil || err != nil {
		return err
	}
	v.Group = group.Name
	if group.GateMode != models.GateStandard {
		v.GroupGate = groupGate(*group)
	}
	_, err = a.Products.Group(ctx, actorOf(c), group.ID)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	v.GroupHref = groupPath(group.ID)
	return err
}

func (a *Admin) rightsOf(c *gin.Context, id int64, v *page.ProductView) error {
	for _, r := range []struct {
		permission authz.Permission
		to         *bool
	}{{authz.Import, &v.CanUpload}, {authz.Edit, &v.CanEdit}, {authz.Own, &v.CanDelete}} {
		may, err := authz.May(c.Request.Context(), a.Store, actorOf(c), r.permission, id)
		if err != nil {
			return err
		}
		*r.to = may
	}
	return nil
}

// lastChange says by what the gate came to its state, and who was told.
func (a *Admin) lastChange(c *gin.Context, row models.ProductRow, v *page.ProductView) error {
	ctx, scope := c.Request.Context(), actorOf(c).Scope()
	last, err := a.Store.LastChanges(ctx, scope, []int64{row.ID})
	if err != nil {
		return err
	}
	targets, err := a.Store.TargetsOf(ctx, []int64{row.ID})
	if err != nil {
		return err
	}
	v.TabCounts[page.TabTargets] = len(targets[row.ID])
	if change, ok := last[row.ID]; ok && change.To == row.Default.Gate {
		v.Cause, v.Why = causeOf(change), reasonOf(change, row.Default.Why)
		told, err := a.announcementTallies(c, last)
		if err != nil {
			return err
		}
		v.Told = told[change.Announced]
		v.ToldText = a.announcementText(c, row.Default, change)
	}
	if len(targets[row.ID]) == 0 && v.ToldText == "" {
		v.ToldText = "Nobody is told: there are no targets"
	}
	return nil
}

func (a *Admin) deliveriesTab(c *gin.Context, row models.ProductRow, v *page.ProductView) error {
	f, pager := a.ledgerFilter(c, productPath(row.ID), "tab", "deliveries")
	f.ProductID = row.ID
	rows, err := a.Ledger.List(c.Request.Context(), actorOf(c), f)
	if err != nil {
		return err
	}
	rows = pager.cut(rows)
	v.Deliveries = page.DeliveriesTab{
		Rows:  a.deliveryRows(c, rows),
		Pager: pager.Pager,
		Chips: stateChips(productPath(row.ID), string(f.State), "tab", "deliveries"),
	}
	return nil
}
