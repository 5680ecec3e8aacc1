package admin

import (
	"net/http"
	"strconv"

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
func (a *Admin) productPage(c *gin.Context, status int, row models.ProductRow, tab page.Tab, change func(*page.ProductView)) error {
	v, err := a.productHead(c, row)
	if err != nil {
		return err
	}
	v.Tab = tab
	switch v.Current() {
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
	return show(c, status, page.Product(v))
}

// productHead fills what stands above the tabs.
func (a *Admin) productHead(c *gin.Context, row models.ProductRow) (page.ProductView, error) {
	ctx, scope, b := c.Request.Context(), actorOf(c).Scope(), row.Default
	policy, err := a.policyOf(c, row.Product)
	if err != nil {
		return page.ProductView{}, err
	}
	v := page.ProductView{
		ID: row.ID, Name: row.Name, Description: row.Description, Branch: b.Name, Gate: string(b.Gate), Why: whyOf(b),
		Policy: policyText(policy), Counts: uiCounts(b.Counts), TabCounts: map[page.Tab]int{page.TabObservations: int(b.Counts.Total())},
	}
	if b.Evaluated {
		v.Since = a.zoned(c, b.Since)
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
	v.Segments = a.segments(c, b, spans[row.ID], page.HistoryDays)
	if v.Trend, err = a.trend(c, b); err != nil {
		return v, err
	}
	if err := a.lastChange(c, row, &v); err != nil {
		return v, err
	}
	sources, err := a.Store.Sources(ctx, scope, row.ID)
	for _, s := range sources {
		v.Sources = append(v.Sources, page.SourceRow{
			Scanner: s.Scanner, Name: s.Name, Branch: s.Branch, Format: s.Format, LastReport: a.zoned(c, s.LastReportAt), Counts: uiCounts(s.Counts),
		})
	}
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

func policyText(p gate.Policy) string {
	switch {
	case !p.Active:
		return ""
	case p.Owner == gate.OwnerProduct:
		return "its own limits"
	case p.Owner == gate.OwnerGroup:
		return "the limits of its group"
	}
	return "the limits of all products"
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
		told, err := a.told(c, last)
		if err != nil {
			return err
		}
		v.Told = told[change.EventID]
	}
	if len(targets[row.ID]) == 0 {
		v.ToldText = "Nobody is told: there are no targets"
	}
	return nil
}

func (a *Admin) observationsTab(c *gin.Context, row models.ProductRow, v *page.ProductView) error {
	f := models.ObservationFilter{BranchID: row.Default.ID, Inactive: c.Query("active") == "false", Limit: rowsMost + 1}
	severity, filtered := models.SeverityByName(c.Query("severity"))
	if filtered {
		f.Severity = &severity
	}
	f.After = observationKey(c.Query("after"))
	rows, err := a.Store.Observations(c.Request.Context(), actorOf(c).Scope(), f)
	if err != nil {
		return err
	}
	here := []string{"tab", string(page.TabObservations), "active", c.Query("active"), "severity", c.Query("severity")}
	path := productPath(row.ID)
	t := &v.Observations
	t.Chips = observationChips(path, row.Default.Counts, c.Query("severity"), f.Inactive)
	if f.After != nil {
		t.Pager.First = link(path, here...)
	}
	if len(rows) > rowsMost {
		rows = rows[:rowsMost]
		last := rows[rowsMost-1]
		t.Pager.Next = link(path, append(here, "after", count(int64(last.Severity))+"-"+count(last.ID))...)
	}
	t.Pager.Text = plural(len(rows), "observation", "observations") + " shown"
	policy, err := a.policyOf(c, row.Product)
	if err != nil {
		return err
	}
	for _, o := range rows {
		t.Rows = append(t.Rows, page.ObservationRow{
			ID: o.ID, Title: o.Title, Description: o.Description, URL: web.HTTPLink(o.URL), Severity: o.Severity.String(), Component: o.Component,
			Location: o.Location, Fix: o.Fix, Status: string(o.Status), FirstSeen: a.zoned(c, o.FirstSeenAt), Scanner: o.Scanner,
			Tips: o.Status.Active() && policy.Active && row.Default.Counts.Of(o.Severity) > policy.Thresholds.Of(o.Severity),
		})
	}
	return nil
}

func observationKey(text string) *models.ObservationKey {
	for i := range text {
		if text[i] != '-' {
			continue
		}
		severity, err1 := strconv.Atoi(text[:i])
		id, err2 := strconv.ParseInt(text[i+1:], 10, 64)
		if err1 == nil && err2 == nil {
			return &models.ObservationKey{Severity: models.Severity(severity), ID: id}
		}
	}
	return nil
}

func observationChips(path string, counts models.Counts, severity string, inactive bool) []ui.Chip {
	chips := []ui.Chip{{Label: "Active", Href: path, Count: int(counts.Total()), Current: !inactive && severity == ""}}
	for _, s := range models.Severities() {
		if n := counts.Of(s); n > 0 || severity == s.String() {
			word := s.String()
			chips = append(chips, ui.Chip{
				Label: string(word[0]-'a'+'A') + word[1:], Href: link(path, "severity", word), Count: int(n), Current: !inactive && severity == word,
			})
		}
	}
	return append(chips, ui.Chip{Label: "Resolved and other", Href: link(path, "active", "false"), Count: -1, Current: inactive})
}

func (a *Admin) historyTab(c *gin.Context, row models.ProductRow, v *page.ProductView) error {
	before, _ := strconv.ParseInt(c.Query("before"), 10, 64) //nolint:errcheck // what is no number begins at the first page
	rows, err := a.Store.GateHistory(c.Request.Context(), actorOf(c).Scope(), row.ID, before, rowsMost+1)
	if err != nil {
		return err
	}
	path := productPath(row.ID)
	if before != 0 {
		v.History.Pager.First = link(path, "tab", "history")
	}
	if len(rows) > rowsMost {
		rows = rows[:rowsMost]
		v.History.Pager.Next = link(path, "tab", "history", "before", count(rows[rowsMost-1].EventID))
	}
	v.History.Pager.Text = plural(len(rows), "change", "changes") + " shown"
	for _, change := range rows {
		p := payloadOf(change)
		v.History.Rows = append(v.History.Rows, page.HistoryRow{
			ID: change.EventID, From: string(change.From), To: string(change.To), Why: p.Why, Cause: "by " + p.Cause.Text, Actor: change.Actor,
			At: a.zoned(c, change.At), Counts: uiCounts(change.Counts), Tipped: tippedRows(p.Tipped.Items), TippedN: max(p.Tipped.New, len(p.Tipped.Items)),
		})
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
	v.Deliveries = page.DeliveriesTab{Rows: a.deliveryRows(c, rows), Pager: pager.Pager, Chips: stateChips(productPath(row.ID), string(f.State), "tab", "deliveries")}
	return nil
}
