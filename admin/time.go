package admin

import (
	"time"

	"github.com/gin-gonic/gin"
)

// day is 24 hours: how far the overview looks back for deliveries.
const day = 24 * time.Hour

// localTime is the format of a datetime-local field.
const localTime = "2006-01-02T15:04"

// inUserZone converts a time to the user's zone. A zero time stays zero.
func (a *Admin) inUserZone(c *gin.Context, t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.In(a.userZone(c))
}

// userZone returns the user's zone, or UTC if it is not known.
func (a *Admin) userZone(c *gin.Context) *time.Location {
	zone, err := time.LoadLocation(actorOf(c).User.TimeZone)
	if err != nil {
		return time.UTC
	}
	return zone
}
