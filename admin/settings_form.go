package admin

import (
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"gatecrier/app/audit"
	"gatecrier/app/connection"
	"gatecrier/app/fault"
	"gatecrier/app/product"
	"gatecrier/models"
	"gatecrier/templates/page"
)

// lastChanged says who saved the form last, and when.
func (a *Admin) lastChanged(c *gin.Context, t *page.SettingsTab, k audit.Kind, name string, productID int64) error {
	last, err := a.Audit.Last(c.Request.Context(), k, name, productID)
	t.ChangedBy, t.ChangedAt = last.Actor, a.inUserZone(c, last.At)
	return err
}

// thresholdTexts returns the thresholds that are set, by severity.
func thresholdTexts(t models.Thresholds) map[string]string {
	texts := map[string]string{}
	for _, s := range models.Severities() {
		if v := t.Of(s); v != nil {
			texts[s.String()] = formatInt(*v)
		}
	}
	return texts
}

// settingsErrors puts the errors into a form and reports whether there are any.
func (a *Admin) settingsErrors(typed *page.SettingsTab, err error) bool {
	errs := fieldErrors(err)
	if fault.Is(err, fault.Conflict) && !isOutdated(err) {
		errs = map[string]string{"": textOf(err)}
	}
	for _, s := range models.Severities() { // the form names them differently
		if message, ok := errs["thresholds."+s.String()]; ok {
			errs["threshold_"+s.String()] = message
		}
	}
	typed.Errors, typed.Defaults = errs, uiCounts(a.Settings.Gate().Thresholds)
	typed.AlsoStandard = countingText(a.Settings.Gate().Counting)
	return errs != nil
}

func (a *Admin) settingsForm(c *gin.Context) (page.SettingsTab, product.Edit) {
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
		Targets: connection.FieldsChange{
			EmailTo: &t.EmailTo, MSTeams: &t.MSTeams, Slack: &t.Slack, KeepWaiting: true,
		},
	}
	var counting models.Counting
	counting, e.Counting = countingForm(c)
	t.Counting = a.countingOptions(counting, nil)
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
			fieldErrs.Add("threshold_"+s.String(), "Enter a whole number from 0 to "+strconv.Itoa(models.MaxThreshold))
			continue
		}
		e.Thresholds[s] = &n
	}
	durationFields(c, &t, &e, &fieldErrs)
	e.Unread = fieldErrs
	return t, e
}

// durationFields reads a product's times from its form. A time that was not sent stays.
func durationFields(c *gin.Context, t *page.SettingsTab, e *product.Edit, fieldErrs *fault.Fields) {
	for _, f := range []struct {
		name  string
		typed *string
		to    **product.TimeOverride
	}{{"hold_seconds", &t.Hold, &e.Hold}, {"stale_after", &t.Stale, &e.Stale}} {
		text, sent := c.GetPostForm(f.name)
		if !sent {
			continue
		}
		*f.typed = text
		term, ok := parseRetention(text)
		if !ok {
			fieldErrs.Add(f.name,
				"Enter a time such as “1 hour” or “2 days”, or leave the field empty to use the global setting")
			continue
		}
		*f.to = &term
	}
}
