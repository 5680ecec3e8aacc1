package admin

import (
	"strings"

	"github.com/gin-gonic/gin"

	"gatecrier/app/product"
	"gatecrier/models"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// fieldConfirmed is the field that has the confirmed question of a form, so that other consequences ask again.
const fieldConfirmed = "confirmed"

// toConfirm returns the question that a save must ask first: what it changes in gates. It is "" if that is nothing,
// or was confirmed.
func toConfirm(c *gin.Context, p product.Preview) string {
	text := previewText(p)
	if c.PostForm(fieldConfirmed) == text {
		return ""
	}
	return text
}

// previewText says what a save changes in gates, and how many targets are notified.
func previewText(p product.Preview) string {
	if p.Changed == 0 {
		return ""
	}
	names := make([]string, 0, len(p.Named))
	for _, g := range p.Named {
		from, to := ui.GateWord(string(g.Before)), ui.GateWord(string(g.After))
		names = append(names, g.Product+" from "+from+" to "+to+" ("+g.Why+")")
	}
	text := plural(p.Changed, "gate changes: ", "gates change: ") + strings.Join(names, "; ")
	if p.Partly {
		text = "At least " + text
	}
	if more := p.Changed - len(names); more > 0 {
		text += "; and " + formatInt(more) + " more"
	}
	if p.Targets == 0 {
		return text + ". No target is notified."
	}
	return text + ". " + plural(p.Targets, "target is", "targets are") + " notified, after the hold time if one is set."
}

// fillIn fills a form of settings without thresholds of its own with the values in force, so that a choice of its
// own thresholds changes no gate by itself.
func (a *Admin) fillIn(t *page.SettingsTab, limits models.Counts, counting models.Counting, own models.Counting) {
	if t.GateMode == string(models.GateOwn) {
		return
	}
	if len(t.Thresholds) == 0 && !own.Any() {
		for i, on := range []bool{counting.OnlyFixable, counting.KEVAsCritical} {
			t.Counting[i].Checked = on
		}
	}
	for _, s := range models.Severities() {
		if _, stored := t.Thresholds[s.String()]; !stored {
			t.Thresholds[s.String()] = formatInt(limits.Of(s))
		}
	}
}

// notFilledIn removes from an edit what only fillIn has put into its form: without thresholds of its own, a product
// or a group stores none.
func notFilledIn(
	e *product.Edit, stored models.Thresholds, own models.Counting, limits models.Counts, counting models.Counting,
) {
	if e.GateMode == nil || *e.GateMode == models.GateOwn {
		return
	}
	none := true
	for _, s := range models.Severities() {
		if stored.Of(s) != nil {
			none = false
		} else if typed := e.Thresholds[s]; typed != nil && *typed == limits.Of(s) {
			delete(e.Thresholds, s)
		}
	}
	if none && !own.Any() && e.Counting.Apply(own) == counting {
		e.Counting = product.CountingEdit{}
	}
}
