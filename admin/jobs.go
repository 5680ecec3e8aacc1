package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/app/fault"
	"gatecrier/app/web"
	"gatecrier/jobs"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

// jobRoutes adds the pages of the scheduled jobs.
func (a *Admin) jobRoutes(r router) {
	r.get("/admin/jobs", a.jobList)
	r.get("/admin/jobs/:name", a.job)
	r.post("/admin/jobs/:name/run", a.jobRun)
}

func (a *Admin) jobList(c *gin.Context) error {
	if err := checkListURL(c); err != nil {
		return err
	}
	list, err := a.Jobs.List(c.Request.Context(), actorOf(c))
	if err != nil {
		return err
	}
	v := page.JobsView{Frame: a.frame(c, "Jobs", layout.NavSettings)}
	for _, s := range list {
		v.Rows = append(v.Rows, a.jobRow(c, s))
		v.Running = v.Running || s.Running
	}
	return render(c, http.StatusOK, page.Jobs(v))
}

// job shows a job with its runs, newest first.
func (a *Admin) job(c *gin.Context) error {
	if err := checkListURL(c, pageParams(models.RunOrders, newestFirst("started"))...); err != nil {
		return err
	}
	ctx, actor, name := c.Request.Context(), actorOf(c), c.Param("name")
	s, err := a.Jobs.Get(ctx, actor, name)
	if err != nil {
		return err
	}
	p := pageOf(c, newestFirst("started")...)
	p.in(jobPath(name))
	runs, pager, err := readPage(&p, rowsOf[models.JobRun]{
		read: func(at models.Place, limit int) ([]models.JobRun, error) {
			return a.Jobs.Runs(ctx, actor, models.RunFilter{Job: name, Place: at, Limit: limit})
		},
		key:   models.RunOrders.Key,
		count: func() (int, error) { return a.Jobs.CountRuns(ctx, actor, name) },
		one:   "run", many: "runs",
	})
	if err != nil {
		return err
	}
	v := page.JobView{
		Frame:   a.frame(c, s.Title, layout.NavSettings),
		Job:     a.jobRow(c, s),
		Running: s.Running && p.Key == "",
		Sorting: p.sorting(),
		Pager:   pager,
	}
	for _, run := range runs {
		v.Runs = append(v.Runs, a.runRow(c, run))
	}
	return render(c, http.StatusOK, page.Job(v))
}

// jobRun starts a job now.
func (a *Admin) jobRun(c *gin.Context) error {
	_, err := a.Jobs.RunNow(c.Request.Context(), actorOf(c), c.Param("name"))
	switch {
	case fault.Is(err, fault.Conflict):
		a.flash(c, "wait", textOf(err), "No new run was started.")
	case err != nil:
		return err
	default:
		a.flash(c, "ok", "Job started", "")
	}
	web.SeeOther(c, safeRedirect(c.PostForm("next")))
	return nil
}

func (a *Admin) jobRow(c *gin.Context, s jobs.Status) page.JobRow {
	row := page.JobRow{
		Name:    s.Name,
		Title:   s.Title,
		About:   s.About,
		Spec:    s.Spec,
		Words:   jobs.DescribeSpec(s.Spec),
		Next:    a.inUserZone(c, s.Next),
		Running: s.Running,
	}
	if s.Last.ID != 0 {
		row.Last = a.runRow(c, s.Last)
	}
	return row
}

func (a *Admin) runRow(c *gin.Context, run models.JobRun) page.RunRow {
	return page.RunRow{
		Result:   string(run.Result),
		By:       run.By,
		Started:  a.inUserZone(c, run.StartedAt),
		Took:     run.Took(),
		Affected: run.Affected,
		Message:  run.Message,
	}
}
