package admin

import (
	"strings"

	"github.com/gin-gonic/gin"

	"gatecrier/app/event"
	"gatecrier/app/gate"
	"gatecrier/app/product"
	"gatecrier/app/settings"
	"gatecrier/models"
	"gatecrier/templates/ui"
)

// countingText says what counts for a gate, "" for all observations by their severity.
func countingText(c models.Counting) string {
	var parts []string
	if c.OnlyFixable {
		parts = append(parts, "only observations with a fix count")
	}
	if c.KEVAsCritical {
		parts = append(parts, "known exploited ones count as critical")
	}
	return strings.Join(parts, ", ")
}

// withCounting adds what counts to a phrase about thresholds.
func withCounting(text string, c models.Counting) string {
	if counting := countingText(c); counting != "" {
		return text + "; " + counting
	}
	return text
}

// policyWords names the severities that have a threshold, and says what counts.
func policyWords(t models.Thresholds, c models.Counting) string {
	return withCounting(limitWords(t.Limits()), c)
}

// countingThen returns what counted for a change of a gate.
func countingThen(p event.GateChange) models.Counting {
	return models.Counting{OnlyFixable: p.OnlyFixable, KEVAsCritical: p.KEVAsCritical}
}

// effective returns what counts of a branch's active observations, nil if that is all of them by
// their severity.
func effective(b models.Branch, c models.Counting) *ui.Counts {
	if !c.Any() {
		return nil
	}
	counts := uiCounts(b.Effective(c))
	return &counts
}

// countingOptions returns the checkboxes of the counting settings. now, unless nil, are those in force.
func (a *Admin) countingOptions(c models.Counting, now *gate.Origin) []ui.Option {
	section, _ := a.Settings.Section(settings.SectionGate)
	var list []ui.Option
	for _, o := range []struct {
		name string
		of   func(models.Counting) bool
	}{
		{"only_fixable", func(c models.Counting) bool { return c.OnlyFixable }},
		{"kev_as_critical", func(c models.Counting) bool { return c.KEVAsCritical }},
	} {
		f, _ := section.Field(o.name)
		help := f.Help
		if now != nil && now.Active {
			help += " Now: " + onOff(o.of(now.Counting)) + " (" + ownerWord(now.Owner) + ")."
		}
		list = append(list, ui.Option{Value: o.name, Label: f.Label, Help: help, Checked: o.of(c)})
	}
	return list
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// ownerWord names the owner of a policy as it is shown beside a value.
func ownerWord(o gate.Owner) string {
	if o == gate.OwnerProduct {
		return "custom"
	}
	return string(o)
}

// countingForm reads what counts from a form that has its checkboxes, and returns it as typed.
func countingForm(c *gin.Context) (models.Counting, product.CountingEdit) {
	typed := models.Counting{
		OnlyFixable:   c.PostForm("only_fixable") == "on",
		KEVAsCritical: c.PostForm("kev_as_critical") == "on",
	}
	if c.PostForm("counting") == "" {
		return typed, product.CountingEdit{}
	}
	return typed, product.CountingEdit{OnlyFixable: &typed.OnlyFixable, KEVAsCritical: &typed.KEVAsCritical}
}
