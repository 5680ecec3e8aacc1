package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/app/audit"
	"gatecrier/app/product"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/page"
)

// groupSettingsRoutes adds the settings of a group.
func (a *Admin) groupSettingsRoutes(r router) {
	r.post("/groups/:id/settings", a.groupSave)
}

func (a *Admin) groupSettings(c *gin.Context, row models.GroupRow) (page.SettingsTab, error) {
	f, err := a.Connections.FieldsOf(c.Request.Context(), actorOf(c), product.InGroup(row.ID))
	if err != nil {
		return page.SettingsTab{}, err
	}
	t := page.SettingsTab{
		Version:     row.Version,
		Name:        row.Name,
		Description: row.Description,
		GateMode:    string(row.GateMode),
		Thresholds:  thresholdTexts(row.Thresholds),
		Defaults:    uiCounts(a.Settings.Gate().Thresholds),
		Counting:    a.countingOptions(row.Counting, nil),
		EmailTo:     f.EmailTo,
		MSTeams:     f.MSTeams,
		Slack:       f.Slack,
	}
	global := a.Settings.Gate()
	a.fillIn(&t, global.Thresholds, global.Counting, row.Counting)
	err = a.lastChanged(c, &t, audit.Group, row.Name, 0)
	return t, err
}

// groupSave saves the settings of a group. Errors are shown beside the fields, which keep what was
// typed.
func (a *Admin) groupSave(c *gin.Context) error {
	row, err := a.groupOf(c)
	if err != nil {
		return err
	}
	typed, e := a.settingsForm(c)
	global := a.Settings.Gate()
	notFilledIn(&e, row.Thresholds, row.Counting, global.Thresholds, global.Counting)
	edit := product.GroupEdit{
		Name:        e.Name,
		Description: e.Description,
		GateMode:    e.GateMode,
		Thresholds:  e.Thresholds,
		Counting:    e.Counting,
		Targets:     e.Targets,
		Version:     e.Version,
		Unread:      e.Unread,
	}
	preview, err := a.Products.PreviewGroup(c.Request.Context(), actorOf(c), row.Group, edit)
	if err != nil {
		return err
	}
	if typed.Confirm = toConfirm(c, preview); typed.Confirm != "" {
		a.settingsErrors(&typed, nil)
		return a.groupSettingsPage(c, http.StatusOK, row, typed)
	}
	_, err = a.Products.UpdateGroup(c.Request.Context(), actorOf(c), row.ID, edit)
	if a.settingsErrors(&typed, err) {
		return a.groupSettingsPage(c, web.StatusOf(err), row, typed)
	}
	return a.done(c, err, "Group settings saved", "", groupPath(row.ID)+"?tab=settings")
}

// groupSettingsPage renders the settings as they were typed.
func (a *Admin) groupSettingsPage(c *gin.Context, status int, row models.GroupRow, typed page.SettingsTab) error {
	return a.groupPage(c, status, row, page.GroupSettings, func(v *page.GroupView) {
		typed.ChangedBy, typed.ChangedAt = v.Settings.ChangedBy, v.Settings.ChangedAt
		v.Settings = typed
	})
}
