package admin

import (
	"time"

	"github.com/gin-gonic/gin"

	"gatecrier/templates/ui"
)

// day is 24 hours: how far the overview looks back for deliveries.
const day = 24 * time.Hour

// zoneCookie is the cookie in which the script of the pages keeps the zone of the browser.
const zoneCookie = "gatecrier_zone"

// zoneField is the field of forms, and the parameter of links, that names the zone of their times.
const zoneField = "zone"

// inUserZone converts a time to the user's zone. A zero time stays zero.
func (a *Admin) inUserZone(c *gin.Context, t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.In(a.userZone(c))
}

// userZone returns the zone of the user's profile, or else of the browser, or else UTC.
func (a *Admin) userZone(c *gin.Context) *time.Location {
	if zone, ok := loadZone(actorOf(c).User.TimeZone); ok {
		return zone
	}
	if name, err := c.Cookie(zoneCookie); err == nil {
		if zone, ok := loadZone(name); ok {
			return zone
		}
	}
	return time.UTC
}

// zoneOr returns the zone that a form or a link names for its times, so that they mean the same
// to each reader; or else the user's.
func (a *Admin) zoneOr(c *gin.Context, name string) *time.Location {
	if zone, ok := loadZone(name); ok {
		return zone
	}
	return a.userZone(c)
}

// formZone returns the zone of the times of a form that was sent.
func (a *Admin) formZone(c *gin.Context) *time.Location { return a.zoneOr(c, c.PostForm(zoneField)) }

// uiZone returns a zone as forms name it beside their times. A zero time is now.
func (a *Admin) uiZone(zone *time.Location, at time.Time) ui.Zone {
	if at.IsZero() {
		at = a.Store.Now()
	}
	z := ui.Zone{Name: zone.String(), Label: zone.String()}
	if offset := offsetName(at.In(zone)); offset != z.Name {
		z.Label += ", " + offset
	}
	return z
}

// fieldTime returns a time as a datetime-local field in a zone takes it: what was typed if that is
// no time.
func fieldTime(at time.Time, typed string, zone *time.Location) string {
	if at.IsZero() {
		return typed
	}
	return at.In(zone).Format(localTime)
}
