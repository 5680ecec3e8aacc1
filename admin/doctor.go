package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/app/doctor"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

// doctorPath is the page with the checks of the installation.
const doctorPath = "/admin/doctor"

// doctorRoutes adds the page with the checks of the installation.
func (a *Admin) doctorRoutes(r router) {
	r.get(doctorPath, a.doctor)
	r.get(doctorPath+"/now", a.doctorNow)
	r.post(doctorPath, a.doctorRun)
}

func (a *Admin) doctor(c *gin.Context) error {
	v, err := a.doctorView(c)
	if err != nil {
		return err
	}
	v.Frame = a.frame(c, "Checks", layout.NavHealth)
	return render(c, http.StatusOK, page.Doctor(v))
}

// doctorNow renders the part of the page that reloads itself while the checks run.
func (a *Admin) doctorNow(c *gin.Context) error {
	v, err := a.doctorView(c)
	if err != nil {
		return err
	}
	v.Frame = layout.View{Version: a.Version, Now: a.inUserZone(c, a.Store.Now())}
	return render(c, http.StatusOK, page.DoctorNow(v))
}

func (a *Admin) doctorView(c *gin.Context) (page.DoctorView, error) {
	s, err := a.Doctor.Status(c.Request.Context(), actorOf(c))
	if err != nil {
		return page.DoctorView{}, err
	}
	v := page.DoctorView{
		Running:  s.Running,
		Step:     s.Step,
		Has:      s.Has,
		At:       a.inUserZone(c, s.Report.At),
		By:       s.By,
		Problems: s.Report.Count(doctor.Problem),
		Warnings: s.Report.Count(doctor.Warning),
	}
	for _, check := range s.Report.Checks {
		v.Checks = append(v.Checks, page.DoctorRow{
			Name: check.Name, State: string(check.State), Text: check.Text, Advice: check.Advice,
		})
	}
	return v, nil
}

func (a *Admin) doctorRun(c *gin.Context) error {
	err := a.Doctor.Start(c.Request.Context(), actorOf(c))
	return a.done(c, err, "Checks started", "The results appear here.", doctorPath)
}
