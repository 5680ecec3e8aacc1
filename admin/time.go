package admin

import (
	"time"

	"github.com/gin-gonic/gin"
)

// day is the time that the overview looks back for deliveries.
const day = 24 * time.Hour

// localTime is how fields for times write one.
const localTime = "2006-01-02T15:04"

// inUserZone puts a time into the user's zone.
func (a *Admin) inUserZone(c *gin.Context, t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.In(a.userZone(c))
}

// userZone is the zone of who reads.
func (a *Admin) userZone(c *gin.Context) *time.Location {
	zone, err := time.LoadLocation(actorOf(c).User.TimeZone)
	if err != nil {
		return time.UTC
	}
	return zone
}
