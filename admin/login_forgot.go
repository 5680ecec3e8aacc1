package admin

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"gatecrier/app/fault"
	"gatecrier/templates/page"
)

// forgotRoutes adds the page that asks for a link to a new password.
func (a *Admin) forgotRoutes(r router) {
	r.get("/login/forgot", a.forgot)
	r.post("/login/forgot", a.forgotSend)
}

func (a *Admin) forgot(c *gin.Context) error {
	v := page.ForgotView{Frame: a.guestFrame("Forgot your password?"), Mails: a.Accounts.CanSendMail()}
	return render(c, http.StatusOK, page.Forgot(v))
}

// forgotSend gives the same answer for a name that exists and for one that does not.
func (a *Admin) forgotSend(c *gin.Context) error {
	v := page.ForgotView{
		Frame: a.guestFrame("Forgot your password?"), Mails: a.Accounts.CanSendMail(), Who: c.PostForm("who"),
	}
	err := a.Accounts.Forgot(c.Request.Context(), v.Who, a.clientOf(c))
	if f := (*fault.Error)(nil); fault.Is(err, fault.TooMany) && errors.As(err, &f) {
		c.Header("Retry-After", strconv.Itoa(int(f.Wait/time.Second)))
		v.Error = f.Text
		return render(c, http.StatusTooManyRequests, page.Forgot(v))
	}
	if fault.Is(err, fault.Unavailable) && !v.Mails {
		return render(c, http.StatusOK, page.Forgot(v))
	}
	if err != nil {
		return err
	}
	v.Asked = true
	return render(c, http.StatusOK, page.Forgot(v))
}
