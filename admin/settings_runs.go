package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/app/settings"
	"gatecrier/jobs"
	"gatecrier/templates/page"
)

// maxNextRuns is how many runs the preview of a cron expression shows.
const maxNextRuns = 3

// runsPreview renders when the job of a cron expression runs next. The query has the expression under the name of the
// job.
func (a *Admin) runsPreview(c *gin.Context) error {
	if _, err := a.Settings.Get(c.Request.Context(), actorOf(c), settings.SectionJobs); err != nil {
		return err
	}
	return render(c, http.StatusOK, page.Runs(a.runsOf(c, c.Query(c.Query("job")))))
}

// runsOf returns the preview of a cron expression.
func (a *Admin) runsOf(c *gin.Context, spec string) page.RunsView {
	now := a.Store.Now()
	v := page.RunsView{Wrong: jobs.BadSpec(spec, now)}
	for _, at := range jobs.NextRuns(spec, now, maxNextRuns) {
		v.Times = append(v.Times, a.inUserZone(c, at))
	}
	return v
}
