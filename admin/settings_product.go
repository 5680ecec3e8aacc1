package admin

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/connection"
	"gatecrier/app/fault"
	"gatecrier/app/product"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

// settingsOf is the form of a product as it is saved.
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
	if row.GroupID != nil { // only who may edit it takes the product out
		group = *row.GroupID
		if may, err := a.mayAt(c, authz.Edit, product.InGroup(group)); err != nil || !may {
			return t, err
		}
	}
	t.Groups, err = a.groupOptions(c, group)
	return t, err
}

// lastChanged says who has changed a form's thing last.
func (a *Admin) lastChanged(c *gin.Context, t *page.SettingsTab, k audit.Kind, name string, productID int64) error {
	last, err := a.Audit.Last(c.Request.Context(), k, name, productID)
	t.ChangedBy, t.ChangedAt = last.Actor, a.inUserZone(c, last.At)
	return err
}

// thresholdTexts are the thresholds that are set, by severity.
func thresholdTexts(t models.Thresholds) map[string]string {
	texts := map[string]string{}
	for _, s := range models.Severities() {
		if v := t.Of(s); v != nil {
			texts[s.String()] = formatInt(*v)
		}
	}
	return texts
}

// productSave saves the settings of a product. What is wrong is said beside
// the field, with what was typed still there.
func (a *Admin) productSave(c *gin.Context) error {
	row, err := a.productOf(c)
	if err != nil {
		return err
	}
	typed, edit, err := settingsForm(c)
	if err == nil {
		_, err = a.Products.Update(c.Request.Context(), actorOf(c), row.ID, edit)
	}
	if a.settingsErrors(&typed, err, row.Version) {
		return a.productPage(c, web.StatusOf(err), row, page.TabSettings, func(v *page.ProductView) {
			typed.Now, typed.HoldNow, typed.StaleNow = v.Settings.Now, v.Settings.HoldNow, v.Settings.StaleNow
			typed.Groups, typed.ChangedBy, typed.ChangedAt = v.Settings.Groups, v.Settings.ChangedBy, v.Settings.ChangedAt
			v.Settings = typed
		})
	}
	if err != nil {
		return err
	}
	a.flash(c, "ok", "Saved", "")
	web.SeeOther(c, productPath(row.ID)+"?tab=settings")
	return nil
}

// settingsErrors puts into a form what was wrong with it, and tells whether
// anything was. version is the current one, for who saves after all.
func (a *Admin) settingsErrors(typed *page.SettingsTab, err error, version int64) bool {
	errs := fieldErrors(err)
	if fault.Is(err, fault.Conflict) {
		errs, typed.Version = map[string]string{"": textOf(err)}, version
	}
	for _, s := range models.Severities() { // the form has its own names for them
		if message, ok := errs["thresholds."+s.String()]; ok {
			errs["threshold_"+s.String()] = message
		}
	}
	typed.Errors, typed.Defaults = errs, uiCounts(a.Settings.Gate().Thresholds)
	return errs != nil
}

func settingsForm(c *gin.Context) (page.SettingsTab, product.Edit, error) {
	t := page.SettingsTab{
		Name: c.PostForm("name"), Description: c.PostForm("description"), DefaultBranch: c.PostForm("default_branch"),
		GateMode: c.PostForm("gate_mode"), Thresholds: map[string]string{},
		EmailTo: c.PostForm("email_to"), MSTeams: c.PostForm("ms_teams_webhook"), Slack: c.PostForm("slack_webhook"),
	}
	t.Version, _ = strconv.ParseInt(c.PostForm("version"), 10, 64) //nolint:errcheck // without one, the last save wins
	mode := models.GateMode(t.GateMode)
	e := product.Edit{
		Name: &t.Name, Description: &t.Description, DefaultBranch: &t.DefaultBranch, GateMode: &mode,
		Thresholds: map[models.Severity]*int64{}, Version: t.Version,
		Targets: connection.FieldsChange{EmailTo: &t.EmailTo, MSTeams: &t.MSTeams, Slack: &t.Slack},
	}
	var fieldErrs fault.Fields
	for _, s := range models.Severities() {
		text, sent := c.GetPostForm("threshold_" + s.String())
		if !sent {
			continue
		}
		text = strings.TrimSpace(text)
		t.Thresholds[s.String()] = text
		if text == "" {
			e.Thresholds[s] = nil
			continue
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			fieldErrs.Add("threshold_"+s.String(), "A whole number from 0 to "+strconv.Itoa(models.MaxThreshold))
			continue
		}
		e.Thresholds[s] = &n
	}
	durationFields(c, &t, &e, &fieldErrs)
	return t, e, fieldErrs.Err()
}

func (a *Admin) productDeleteConfirm(c *gin.Context) error {
	return a.productDeletePage(c, http.StatusOK, "")
}

// productDeletePage names what is lost with a product, and has its name typed.
func (a *Admin) productDeletePage(c *gin.Context, status int, wrong string) error {
	row, err := a.productOf(c)
	if err != nil {
		return err
	}
	if err := authz.Require(c.Request.Context(), a.Store, actorOf(c), authz.Own, row.ID); err != nil {
		return err
	}
	targets, err := a.Connections.List(c.Request.Context(), actorOf(c), row.ID)
	if err != nil {
		return err
	}
	return render(c, status, page.Confirm(page.ConfirmView{
		Frame: a.frame(c, "Delete "+row.Name, layout.NavProducts), Title: "Delete " + row.Name + "?",
		Lost: []string{
			plural(
				int(row.Default.Counts.Total()), "active observation", "active observations",
			) + ", and all resolved ones, of every branch",
			"the history of its gate, and its notifications in everybody's inbox",
			plural(len(targets), "target", "targets") + " with their secrets, and the record of what was delivered",
		},
		Action: productPath(row.ID) + "/delete", Button: "Delete the product", Cancel: productPath(row.ID) + "?tab=settings",
		Type: row.Name, Error: wrong,
	}))
}

func (a *Admin) productDelete(c *gin.Context) error {
	row, err := a.productOf(c)
	if err != nil {
		return err
	}
	if c.PostForm("confirm") != row.Name {
		return a.productDeletePage(c, http.StatusUnprocessableEntity, "Type the product's name to confirm")
	}
	if err := a.Products.Delete(c.Request.Context(), actorOf(c), row.ID); err != nil {
		return err
	}
	a.flash(c, "ok", row.Name+" is deleted", "")
	web.SeeOther(c, "/products")
	return nil
}
