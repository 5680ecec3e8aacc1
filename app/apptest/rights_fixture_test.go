package apptest_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

// rightsFixture is a product with all related objects, and a user of each role.
type rightsFixture struct {
	t        *testing.T
	p        *apptest.Program
	admin    *apptest.Client
	ids      map[string]int64
	api      map[string]*apptest.Client
	pages    map[string]*http.Client
	secrets  []string // what leads to targets
	receiver *apptest.Receiver
	n        int
}

func newRightsFixture(t *testing.T) *rightsFixture {
	t.Helper()
	p := apptest.Start(t, apptest.Options{})
	w := &rightsFixture{
		t:        t,
		p:        p,
		admin:    p.Client(administrator),
		ids:      map[string]int64{},
		api:      map[string]*apptest.Client{},
		pages:    map[string]*http.Client{},
		receiver: apptest.NewReceiver(t),
	}
	for _, name := range everyone {
		if name != anonymous && name != administrator {
			p.User(name)
		}
		w.signIn(name)
	}
	w.p.User("extra")
	w.users()
	w.prepare()
	return w
}

// signIn signs a user in, by page and by token.
func (w *rightsFixture) signIn(name string) {
	w.t.Helper()
	w.pages[name] = newHTTPClient(w.t)
	if name == anonymous {
		w.api[name] = apptest.NewClient(w.t, w.p.URL, "")
		return
	}
	status, _ := submitForm(w.t, w.pages[name], w.p.URL+"/login", encodeForm("name", name, "password", apptest.Password),
		formKind)
	if status != http.StatusSeeOther {
		w.t.Fatalf("%s does not get in: %d", name, status)
	}
	w.api[name] = w.p.Client(name)
}

// users creates the authorization groups.
func (w *rightsFixture) users() {
	w.t.Helper()
	for name, members := range map[string][]string{
		"readers": {"users-reader"}, "maintainers": {"users-maintainer"}, "owners": {"users-group-owner"},
	} {
		id := w.admin.Must(http.StatusCreated, "POST", "/authorization-groups", object{"name": name}).ID("id")
		w.ids[name] = id
		for _, m := range members {
			w.admin.Must(http.StatusNoContent, "POST", fmt.Sprintf("/authorization-groups/%d/members", id), object{"user": m})
		}
	}
	w.ids["empty"] = w.admin.Must(http.StatusCreated, "POST", "/authorization-groups", object{"name": "empty"}).
		ID("id")
}

// prepare creates another product in another group, with all objects that a route can name.
func (w *rightsFixture) prepare() {
	w.t.Helper()
	w.n++
	c := w.admin
	group := c.Must(http.StatusCreated, "POST", "/groups", object{"name": fmt.Sprintf("Group %d", w.n)}).ID("id")
	mail := fmt.Sprintf("hidden-%d@example.org", w.n)
	product := c.Must(http.StatusCreated, "POST", "/products",
		object{"name": fmt.Sprintf("Product %d", w.n), "group_id": group, "email_to": mail}).
		ID("id")
	at := fmt.Sprintf("/products/%d", product)
	w.secrets = []string{mail, "h…@example.org", w.receiver.URL + "/hidden"}
	for _, role := range direct {
		c.Must(http.StatusCreated, "POST", at+"/members", object{"user": role, "role": role})
		c.Must(http.StatusCreated, "POST", fmt.Sprintf("/groups/%d/members", group),
			object{"user": "group-" + role, "role": role})
	}
	c.Must(http.StatusNoContent, "POST", at+"/authorization-groups",
		object{"authorization_group": "maintainers", "role": "maintainer"})
	c.Must(http.StatusNoContent, "POST", fmt.Sprintf("/groups/%d/authorization-groups", group),
		object{"authorization_group": "owners", "role": "owner"})
	c.Must(http.StatusNoContent, "POST", at+"/authorization-groups",
		object{"authorization_group": "readers", "role": "reader"})
	for _, of := range []string{at, fmt.Sprintf("/groups/%d", group)} {
		c.Must(http.StatusNoContent, "POST", of+"/authorization-groups",
			object{"authorization_group": "empty", "role": "reader"})
		w.ids["user"] = c.Must(http.StatusCreated, "POST", of+"/members", object{"user": "extra", "role": "reader"}).
			ID("user_id")
	}
	w.ids["spare"] = c.Must(http.StatusCreated, "POST", "/authorization-groups",
		object{"name": fmt.Sprintf("Spare %d", w.n)}).
		ID("id")
	for _, user := range []string{"users-reader", "extra"} {
		c.Must(http.StatusNoContent, "POST", fmt.Sprintf("/authorization-groups/%d/members", w.ids["spare"]),
			object{"user": user})
	}
	c.Must(http.StatusNoContent, "POST", fmt.Sprintf("/authorization-groups/%d/members", w.ids["spare"]),
		object{"user": "users-manager", "manager": true})
	hook := c.Must(http.StatusCreated, "POST", at+"/targets",
		object{"module": "webhook", "name": "hook", "config": map[string]string{"url": w.receiver.URL + "/hidden"}}).
		ID("id")
	w.ids["product"], w.ids["group"], w.ids["target"] = product, group, hook
	w.ids["grouptarget"] = c.Must(http.StatusCreated, "POST", fmt.Sprintf("/groups/%d/targets", group),
		object{"module": "slack", "name": "chat", "config": map[string]string{"url": w.receiver.URL + "/hidden"}}).
		ID("id")
	roles := map[string]string{tokenUpload: "upload", tokenReader: "reader", tokenMaintainer: "maintainer"}
	for name, role := range roles {
		a := c.Must(http.StatusCreated, "POST", at+"/tokens", object{"name": name, "role": role})
		text, _ := a.Get("token").(string)
		w.api[name] = apptest.NewClient(w.t, w.p.URL, text)
		w.ids["token"] = a.ID("id")
	}
	c.Must(http.StatusCreated, "POST", at+"/ingest-key", nil)
	c.Must(http.StatusOK, "PUT", at+"/counts", object{"scanner": "x", "counts": criticalCounts(w.n % 2)})
	c.Must(http.StatusOK, "PUT", at+"/counts", object{"branch": "dev", "scanner": "x", "counts": criticalCounts(1)})
	w.ids["branch"] = c.Must(http.StatusOK, "GET", at+"/branches?q=dev", nil).ID("items.0.id")
	w.ids["source"] = c.Must(http.StatusOK, "GET", at+"/sources", nil).ID("items.0.id")
	badge, _ := c.Must(http.StatusCreated, "POST", at+"/badge", nil).Get("url").(string)
	w.secrets = append(w.secrets, strings.TrimPrefix(badge, w.p.URL))
	apptest.Eventually(w.t, "its first change is announced", func() bool {
		w.p.Clock.Advance(time.Second)
		a := c.Do("GET", fmt.Sprintf("/deliveries?connection=%d&state=delivered", hook), nil)
		w.ids["delivery"], w.ids["event"] = a.ID("items.0.id"), a.ID("items.0.event_id")
		return w.ids["delivery"] != 0
	})
	w.ids["observation"] = c.Must(http.StatusCreated, "POST", at+"/observations",
		object{"title": "By hand", "severity": "low"}).
		ID("id")
	w.ids["vex"] = c.Must(http.StatusCreated, "POST", at+"/vex",
		openVEX(w.t, "https://lakeside.example/vex/rights", 1, says("CVE-1", "not_affected", "pkg:npm/x@1"))).ID("id")
	w.ids["finding"] = w.ids["observation"]
	for _, name := range []string{"exception", "like"} {
		w.ids[name] = c.Must(http.StatusAccepted, "POST", "/exceptions",
			object{"class": name, "message": "m", "product": product}).
			ID("group")
	}
	if old := w.ids["usertoken"]; old != 0 { // the number of tokens is limited
		c.Do("DELETE", fmt.Sprintf("/tokens/%d", old), nil)
	}
	w.ids["usertoken"] = c.Must(http.StatusCreated, "POST", "/tokens", object{"name": "another"}).ID("id")
	soon := w.p.Store.Now().Add(30 * 24 * time.Hour) // not active yet, so they hold nothing back
	if old := w.ids["allsilence"]; old != 0 {
		c.Do("DELETE", fmt.Sprintf("/silences/%d", old), nil)
	}
	for name, of := range map[string]object{
		"silence": {"product_id": product}, "groupsilence": {"group_id": group}, "allsilence": {},
	} {
		of["reason"], of["starts_at"], of["ends_at"] = name, soon, soon.Add(time.Hour)
		w.ids[name] = c.Must(http.StatusCreated, "POST", "/silences", of).ID("id")
	}
	w.ids["unrouted"] = w.unroutedEvent()
	w.ids["view"] = w.savedView()
	w.ids["resend"] = c.Must(http.StatusAccepted, "POST", "/deliveries/resend", object{"ids": []int64{w.ids["delivery"]}}).
		ID("resend.id")
}

// savedView returns a view that the administrator has saved.
func (w *rightsFixture) savedView() int64 {
	w.t.Helper()
	admin := models.SavedView{UserID: 1, Page: "observations", Name: fmt.Sprintf("View %d", w.n), Query: "kev=true"}
	if err := w.p.Store.Write(w.t.Context(), func(tx *models.Tx) error { return tx.SaveView(&admin) }); err != nil {
		w.t.Fatal(err)
	}
	return admin.ID
}

// unroutedEvent returns an event that cannot be routed: its payload cannot be read.
func (w *rightsFixture) unroutedEvent() int64 {
	w.t.Helper()
	e := models.Event{
		UUID: uuid.NewString(), Type: "exception.task", Version: 1, At: w.p.Store.Now(), Payload: []byte(`{"class": 5}`),
	}
	err := w.p.Store.Write(w.t.Context(), func(tx *models.Tx) error {
		if err := tx.InsertEvent(&e, "notify"); err != nil {
			return err
		}
		return tx.DelayWork("notify", e.ID, "broken", tx.Now().Add(time.Minute), true)
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return e.ID
}

// ask sends a request as a user, and returns its status and text.
func (w *rightsFixture) ask(who string, r route) (int, string) {
	w.t.Helper()
	path, values := strings.ReplaceAll(r.path, "{section}", "gate"), r.form
	body := r.body
	if fields, ok := body.(map[string]any); ok { // with a product's id, or a group's
		filled := object{}
		for name, value := range fields {
			if ref, ok := value.(idOf); ok {
				value = w.ids[string(ref)]
			} else if refs, ok := value.([]idOf); ok {
				value = []int64{w.ids[string(refs[0])]}
			}
			filled[name] = value
		}
		body = filled
	}
	for name, id := range w.ids {
		path, values = strings.ReplaceAll(path, "{"+name+"}", fmt.Sprint(id)), strings.ReplaceAll(values, "{"+name+"}",
			fmt.Sprint(id))
	}
	if strings.HasPrefix(path, "/api/v1") {
		a := w.api[who].Do(r.method, strings.TrimPrefix(path, "/api/v1"), body)
		return a.Status, a.Text
	}
	req, err := http.NewRequestWithContext(w.t.Context(), r.method, w.p.URL+path, strings.NewReader(values))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Content-Type", formKind)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	res, err := w.pages[who].Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() {
		if err := res.Body.Close(); err != nil {
			w.t.Error(err)
		}
	}()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	if strings.HasPrefix(res.Header.Get("Location"), "/login") {
		return http.StatusUnauthorized, ""
	}
	return res.StatusCode, string(text)
}

// idOf is a placeholder in a body for an id of the fixture.
type idOf string

func (w *rightsFixture) checkRight(who string, r route) {
	w.t.Helper()
	may := r.need.allows(who)
	if may && r.once {
		defer w.prepare()
	}
	status, text := w.ask(who, r)
	what := r.method + " " + r.path + " as " + who
	switch {
	case who == anonymous && !may && status != http.StatusUnauthorized:
		w.t.Errorf("%s: %d, want a way to sign in", what, status)
	case may && isRefusal(status):
		w.t.Errorf("%s: %d, though they have the right: %.200s", what, status, text)
	case !may && !isRefusal(status):
		w.t.Errorf("%s: %d, though they lack the right: %.200s", what, status, text)
	case !may && who != anonymous && r.need.hides(who) && status != http.StatusNotFound:
		w.t.Errorf("%s: %d reveals that it exists", what, status)
	case status >= http.StatusInternalServerError:
		w.t.Errorf("%s: %d %.300s", what, status, text)
	}
	if editProduct.allows(who) {
		return
	}
	for _, secret := range w.secrets {
		if strings.Contains(text, secret) || strings.Contains(text, jsonText(secret)) {
			w.t.Errorf("%s: %q is in the answer", what, secret)
		}
	}
}
