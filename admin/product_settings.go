package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/gate"
	"gatecrier/app/product"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// productSettingsRoutes adds the settings of a product.
func (a *Admin) productSettingsRoutes(r router) {
	r.post("/products/:id/settings", a.productSave)
}

// settingsOf returns the form of a product as it is saved.
func (a *Admin) settingsOf(c *gin.Context, row models.ProductRow) (page.SettingsTab, error) {
	f, err := a.Connections.FieldsOf(c.Request.Context(), actorOf(c), product.InProduct(row.ID))
	if err != nil {
		return page.SettingsTab{}, err
	}
	t := page.SettingsTab{
		Version:       row.Version,
		Name:          row.Name,
		Description:   row.Description,
		DefaultBranch: row.Default.Name,
		Hold:          overrideText(row.HoldSeconds, "0"),
		Stale:         overrideText(row.StaleAfter, "never"),
		GateMode:      string(row.GateMode),
		Thresholds:    thresholdTexts(row.Thresholds),
		Defaults:      uiCounts(a.Settings.Gate().Thresholds),
		AlsoStandard:  countingText(a.Settings.Gate().Counting),
		EmailTo:       f.EmailTo,
		MSTeams:       f.MSTeams,
		Slack:         f.Slack,
	}
	if err := a.lastChanged(c, &t, audit.Product, row.Name, row.ID); err != nil {
		return t, err
	}
	if err := a.policyFacts(c, row, &t); err != nil {
		return t, err
	}
	if may, err := a.mayAt(c, authz.Own, product.InProduct(row.ID)); err != nil || !may {
		return t, err
	}
	var group int64
	if row.GroupID != nil { // users who cannot edit the group cannot remove the product from it
		group = *row.GroupID
		if may, err := a.mayAt(c, authz.Edit, product.InGroup(group)); err != nil || !may {
			return t, err
		}
	}
	t.Groups, err = a.groupOptions(c, group)
	return t, err
}

// productSave saves the settings of a product. Errors are shown beside the fields, which keep what
// was typed.
func (a *Admin) productSave(c *gin.Context) error {
	row, err := a.productOf(c)
	if err != nil {
		return err
	}
	typed, edit := a.settingsForm(c)
	limits, counting, err := a.inForce(c, row.Product)
	if err != nil {
		return err
	}
	notFilledIn(&edit, row.Thresholds, row.Counting, limits, counting)
	preview, err := a.Products.PreviewUpdate(c.Request.Context(), actorOf(c), row, edit)
	if err != nil {
		return err
	}
	if typed.Confirm = toConfirm(c, preview); typed.Confirm != "" {
		a.settingsErrors(&typed, nil)
		return a.productSettingsPage(c, http.StatusOK, row, typed)
	}
	_, err = a.Products.Update(c.Request.Context(), actorOf(c), row.ID, edit)
	if a.settingsErrors(&typed, err) {
		return a.productSettingsPage(c, web.StatusOf(err), row, typed)
	}
	return a.done(c, err, "Settings saved", "", productPath(row.ID)+"?tab=settings")
}

// productSettingsPage renders the settings as they were typed.
func (a *Admin) productSettingsPage(c *gin.Context, status int, row models.ProductRow, typed page.SettingsTab) error {
	return a.productPage(c, status, row, page.TabSettings, func(v *page.ProductView) {
		typed.Now, typed.HoldNow, typed.StaleNow = v.Settings.Now, v.Settings.HoldNow, v.Settings.StaleNow
		typed.Groups, typed.ChangedBy, typed.ChangedAt = v.Settings.Groups, v.Settings.ChangedBy, v.Settings.ChangedAt
		v.Settings = typed
	})
}

// inForce returns the thresholds that apply to a product, and what counts: without a gate, the global ones.
func (a *Admin) inForce(c *gin.Context, p models.Product) (models.Counts, models.Counting, error) {
	o, err := a.originOf(c, p)
	if err == nil && !o.Active {
		o.Thresholds, o.Counting = a.Settings.Gate().Thresholds, a.Settings.Gate().Counting
	}
	return o.Thresholds, o.Counting, err
}

// policyFacts shows in a product's form the values in force, and who set them.
func (a *Admin) policyFacts(c *gin.Context, row models.ProductRow, t *page.SettingsTab) error {
	o, err := a.originOf(c, row.Product)
	if err != nil {
		return err
	}
	t.Counting = a.countingOptions(row.Counting, &o)
	words := sourceWords(o)
	t.Now = map[string]string{}
	for _, s := range models.Severities() {
		if o.Active {
			t.Now[s.String()] = limitWord(o.Thresholds.Of(s)) + ", " + words[s.String()]
		}
	}
	limits, counting, err := a.inForce(c, row.Product)
	if err != nil {
		return err
	}
	a.fillIn(t, limits, counting, row.Counting)
	t.HoldNow = durationText(o.Hold, "immediately") + durationSource(o.HoldSource == gate.SourceProduct)
	t.StaleNow = durationText(a.Settings.Reports().Stale(row.Product), "never") + durationSource(row.StaleAfter != nil)
	return nil
}

func durationSource(own bool) string {
	if own {
		return " (set for this product)"
	}
	return " (global setting)"
}

func limitWord(n int64) string {
	if n >= page.NoLimit {
		return "no threshold"
	}
	return ui.Number(n)
}
