package admin

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"gatecrier/app/fault"
	"gatecrier/app/gate"
	"gatecrier/app/product"
	"gatecrier/models"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

var (
	durationPattern = regexp.MustCompile(`^(\d{1,9})\s*([a-z]+)$`)
	durationUnits   = map[string]time.Duration{
		"s":       time.Second,
		"sec":     time.Second,
		"second":  time.Second,
		"seconds": time.Second,
		"m":       time.Minute,
		"min":     time.Minute,
		"minute":  time.Minute,
		"minutes": time.Minute,
		"h":       time.Hour,
		"hour":    time.Hour,
		"hours":   time.Hour,
		"d":       day,
		"day":     day,
		"days":    day,
		"w":       7 * day,
		"week":    7 * day,
		"weeks":   7 * day,
	}
)

// parseRetention reads a time as people write it: "10 minutes", "2 h", "never". An empty
// text is none of one's own.
func parseRetention(text string) (t product.Retention, ok bool) {
	text = strings.ToLower(strings.TrimSpace(text))
	if text == "" {
		return t, true
	}
	seconds := int64(0)
	if parts := durationPattern.FindStringSubmatch(text); parts != nil {
		n, err := strconv.ParseInt(parts[1], 10, 64)
		unit, known := durationUnits[parts[2]]
		if err != nil || !known {
			return t, false
		}
		seconds = n * int64(unit/time.Second)
	} else if text != "0" && text != "never" && text != "at once" {
		return t, false
	}
	return product.Retention{Seconds: &seconds}, true
}

// durationText writes a time as parseRetention reads it; zero is the word for none.
func durationText(d time.Duration, zero string) string {
	for _, unit := range []struct {
		span      time.Duration
		one, many string
	}{{day, "day", "days"}, {time.Hour, "hour", "hours"}, {time.Minute, "minute", "minutes"}} {
		if d > 0 && d%unit.span == 0 {
			return plural(int(d/unit.span), unit.one, unit.many)
		}
	}
	if d == 0 {
		return zero
	}
	return plural(int(d/time.Second), "second", "seconds")
}

func overrideText(seconds *int64, zero string) string {
	if seconds == nil {
		return ""
	}
	return durationText(time.Duration(*seconds)*time.Second, zero)
}

// durationFields reads a product's times from its form. One that was not sent stays.
func durationFields(c *gin.Context, t *page.SettingsTab, e *product.Edit, fieldErrs *fault.Fields) {
	for _, f := range []struct {
		name  string
		typed *string
		to    **product.Retention
	}{{"hold_seconds", &t.Hold, &e.Hold}, {"stale_after", &t.Stale, &e.Stale}} {
		text, sent := c.GetPostForm(f.name)
		if !sent {
			continue
		}
		*f.typed = text
		term, ok := parseRetention(text)
		if !ok {
			fieldErrs.Add(f.name, "A time like “10 minutes”, “2 hours” or “1 day”; empty: as the settings say")
			continue
		}
		*f.to = &term
	}
}

// policyFacts say in a product's form what counts now, and whose it is.
func (a *Admin) policyFacts(c *gin.Context, row models.ProductRow, t *page.SettingsTab) error {
	o, err := a.originOf(c, row.Product)
	if err != nil {
		return err
	}
	words := sourceWords(o)
	t.Now = map[string]string{}
	for _, s := range models.Severities() {
		if o.Active {
			t.Now[s.String()] = limitWord(o.Thresholds.Of(s)) + ", " + words[s.String()]
		}
	}
	t.HoldNow = durationText(o.Hold, "at once") + durationSource(o.HoldSource == gate.SourceProduct)
	t.StaleNow = durationText(a.Settings.Reports().Stale(row.Product), "never") + durationSource(row.StaleAfter != nil)
	return nil
}

func durationSource(own bool) string {
	if own {
		return ", its own"
	}
	return ", as the settings say"
}

func limitWord(n int64) string {
	if n >= page.NoLimit {
		return "no limit"
	}
	return ui.Number(n)
}
