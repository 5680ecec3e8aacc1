package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/inbox"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// productRoutes adds the page of a product.
func (a *Admin) productRoutes(r router) {
	r.get("/products/:id", a.product)
}

// product shows a product, with the tab that the URL names.
func (a *Admin) product(c *gin.Context) error {
	row, err := a.productOf(c)
	if err != nil {
		return err
	}
	tab := page.Tab(c.Query("tab"))
	if err := checkListURL(c, productPageParams(tab)...); err != nil {
		return err
	}
	if isExport(c) && (tab == "" || tab == page.TabObservations) {
		return a.exportObservations(c, row)
	}
	return a.productPage(c, http.StatusOK, row, tab, nil)
}

// productPage renders a product; change, unless nil, edits the view last: an error beside a field,
// a new secret.
func (a *Admin) productPage(
	c *gin.Context, status int, row models.ProductRow, tab page.Tab, change func(*page.ProductView),
) error {
	v, err := a.productHead(c, row, tab)
	if err != nil {
		return err
	}
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
	if v.Observations.Filter.Wrong != "" {
		status = http.StatusUnprocessableEntity
	}
	live := &livePage{page: inbox.Page{Product: row.ID}}
	if v.Frame, err = a.liveFrame(c, live, row.Name, layout.NavProducts); err != nil {
		return err
	}
	return render(c, status, page.Product(v))
}

// productHead fills the part above the tabs. Only the tab with the whole gate panel reads its history.
func (a *Admin) productHead(c *gin.Context, row models.ProductRow, tab page.Tab) (page.ProductView, error) {
	b := row.Default
	policy, err := a.originOf(c, row.Product)
	if err != nil {
		return page.ProductView{}, err
	}
	v := page.ProductView{
		ID:           row.ID,
		Name:         row.Name,
		Tab:          tab,
		Description:  row.Description,
		Branch:       b.Name,
		Gate:         string(b.Gate),
		Why:          shortGateReason(b),
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
		v.Limits, v.Effective = &limits, effective(b, policy.Counting)
	}
	if err := a.rightsOf(c, row.ID, &v); err != nil {
		return v, err
	}
	if err := a.groupFacts(c, row, &v); err != nil {
		return v, err
	}
	if v.Quiet, err = a.silenceNotes(c, row.ID); err != nil {
		return v, err
	}
	if err := a.lastChange(c, row, &v); err != nil {
		return v, err
	}
	if err := a.productSources(c, row, &v); err != nil || !v.ShowsGate() {
		return v, err
	}
	err = a.gateHistory(c, row, &v)
	return v, err
}

// gateHistory fills the pictures of the gate panel, and its VEX documents.
func (a *Admin) gateHistory(c *gin.Context, row models.ProductRow, v *page.ProductView) error {
	from := a.Store.Now().AddDate(0, 0, -page.HistoryDays)
	spans, err := a.Store.GateSpans(c.Request.Context(), actorOf(c).Scope(), []int64{row.ID}, from)
	if err != nil {
		return err
	}
	v.Segments = a.segments(c, row.Default, spans[row.ID], page.HistoryDays)
	if v.Trend, err = a.trend(c, row.Default); err != nil {
		return err
	}
	return a.productVEX(c, row, v)
}

// trend returns the counts of a branch over time, by severity.
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

// groupFacts says which group a product belongs to, and what that means for its gate. Users who can
// see the group get a link.
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
	}{{authz.Import, &v.CanUpload}, {authz.Edit, &v.CanEdit}, {authz.Own, &v.CanOwn}} {
		may, err := authz.May(c.Request.Context(), a.Store, actorOf(c), r.permission, id)
		if err != nil {
			return err
		}
		*r.to = may
	}
	return nil
}

// lastChange says what changed the gate last, and what was sent about it.
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
	change, changed := last[row.ID]
	if !changed && !row.Default.Evaluated {
		if err := a.productStart(c, row, len(targets[row.ID]), v); err != nil {
			return err
		}
	}
	if changed && change.To == row.Default.Gate {
		v.Cause, v.Why = causeOf(change), reasonOf(change, row.Default.Why)
		tallies, err := a.announcementTallies(c, last)
		if err != nil {
			return err
		}
		v.Sent = tallies[change.Announced]
		v.SentText = a.announcementText(c, row.Default, change)
	}
	if len(targets[row.ID]) == 0 && v.SentText == "" {
		v.SentText = "No notifications: no targets"
	}
	return nil
}
