package apptest_test

import (
	"fmt"
	"html"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

// pagedList is a list of pages of 25 rows.
type pagedList struct {
	path string
	row  string // finds a row on the page; its group is unique and sorts as the order of the list does
	n    int    // rows
	text string // of the first page
}

var (
	nextLink = regexp.MustCompile(`href="([^"]+)" rel="next"`)
	prevLink = regexp.MustCompile(`href="([^"]+)" rel="prev"`)
)

// page reads a page of the list, and returns its rows and the links to the pages around it.
func (l pagedList) page(c pageClient, path string) (rows []string, text, prev, next string) {
	c.t.Helper()
	text = c.must(http.StatusOK, "GET", path)
	for _, m := range regexp.MustCompile(l.row).FindAllStringSubmatch(text, -1) {
		rows = append(rows, m[1])
	}
	if m := prevLink.FindStringSubmatch(text); m != nil {
		prev = html.UnescapeString(m[1])
	}
	if m := nextLink.FindStringSubmatch(text); m != nil {
		next = html.UnescapeString(m[1])
	}
	if strings.Contains(text, `id="ignored"`) {
		c.t.Errorf("%s ignores a part of its URL", path)
	}
	return rows, text, prev, next
}

// walk follows the links to the end of the list and back, and returns its rows. Each page must be the
// same in both directions.
func (l pagedList) walk(c pageClient) []string {
	c.t.Helper()
	var pages [][]string
	var all []string
	path := l.path
	for {
		rows, text, prev, next := l.page(c, path)
		first := len(all) + 1
		all = append(all, rows...)
		pages = append(pages, rows)
		if len(pages) == 1 && !strings.Contains(text, l.text) {
			c.t.Errorf("%s: no %q", path, l.text)
		}
		if want := fmt.Sprintf("%d–%d of ", first, len(all)); !strings.Contains(text, want) {
			c.t.Errorf("%s: no %q", path, want)
		}
		if (prev == "") != (len(pages) == 1) {
			c.t.Errorf("%s: the link to the page before is %q", path, prev)
		}
		if next == "" {
			break
		}
		if path = next; !strings.Contains(path, "size=25") {
			c.t.Fatalf("%s lost the size of a page", path)
		}
	}
	if len(all) != l.n || len(slices.Compact(slices.Sorted(slices.Values(all)))) != l.n {
		c.t.Errorf("%s: %d rows on %d pages, want %d: %v", l.path, len(all), len(pages), l.n, pages)
	}
	for i := len(pages) - 1; i > 0; i-- {
		_, _, prev, _ := l.page(c, path)
		rows, text, before, next := l.page(c, prev)
		if !slices.Equal(rows, pages[i-1]) {
			c.t.Errorf("%s: back to %v, want %v", l.path, rows, pages[i-1])
		}
		if want := fmt.Sprintf("%d–%d of ", 25*(i-1)+1, 25*i); !strings.Contains(text, want) {
			c.t.Errorf("%s: no %q", prev, want)
		}
		if next == "" || (before == "") != (i == 1) {
			c.t.Errorf("%s: next %q, previous %q", prev, next, before)
		}
		path = prev
	}
	return all
}

// sorted checks that a list is sorted by some of its columns, in both directions.
func (l pagedList) sorted(c pageClient, label, sort string) {
	c.t.Helper()
	rows := l.walk(c)
	_, text, _, _ := l.page(c, l.path)
	head := regexp.MustCompile(`aria-sort="(ascending|descending)"[^>]*>\s*<a [^>]*href="([^"]+)"[^>]*>\s*` + label)
	m := head.FindStringSubmatch(text)
	if m == nil {
		c.t.Errorf("%s is not sorted by %s", l.path, label)
		return
	}
	turned := pagedList{html.UnescapeString(m[2]), l.row, l.n, l.text}
	if strings.Contains(l.path, "sort=") && !strings.Contains(turned.path, "sort="+sort) {
		c.t.Errorf("%s turns to %s", l.path, turned.path)
	}
	back := turned.walk(c)
	slices.Reverse(back)
	if !slices.Equal(rows, back) {
		c.t.Errorf("%s: %v, the other direction %v", l.path, rows, back)
	}
}

// All lists have links to the pages before and after, of the size that the URL has, and say which rows
// they show.
func TestLists_NextAndPrevious(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		const n = 60
		writeRows(t, p, n)
		c := newPageClient(t, p, "admin")
		name := `<a class="q name" href="[^"]+"><bdi>([^<]+)</bdi>`
		for _, l := range []struct {
			pagedList

			label, sort string
		}{
			{pagedList{"/products?size=25", name, n, "of 60 products"}, "Gate", "gate"},
			{pagedList{"/products?size=25&sort=name", name, n, "of 60 products"}, "Product", "name"},
			{pagedList{"/products?size=25&sort=observations", name, n, "of 60 products"}, "Active observations", "observations"},
			{pagedList{"/groups/1?size=25", name, n, "of 60 products"}, "Gate", "gate"},
			{pagedList{"/groups?size=25", name, n, "of 60 groups"}, "Group", "name"},
			{pagedList{"/groups?size=25&sort=products", name, n, "of 60 groups"}, "Products", "products"},
			{pagedList{"/groups?size=25&sort=failing", name, n, "of 60 groups"}, "Failing", "failing"},
			{
				pagedList{"/authorization-groups?size=25", name, n, "of 60 authorization groups"}, "Name", "name",
			},
			{
				pagedList{"/authorization-groups?size=25&sort=members", name, n, "of 60 authorization groups"},
				"Members", "members",
			},
			{
				pagedList{"/authorization-groups?size=25&sort=roles", name, n, "of 60 authorization groups"}, "Roles", "roles",
			},
			{pagedList{"/admin/users?size=25", name, n + 1, "of 61 users"}, "User", "name"},
			{pagedList{"/admin/users?size=25&sort=sign_in", name, n + 1, "of 61 users"}, "Last sign-in", "sign_in"},
			{pagedList{"/admin/users?size=25&show=active", name, n + 1, "of 61 users"}, "", ""},
		} {
			if l.label == "" {
				l.walk(c)
			} else {
				l.sorted(c, l.label, l.sort)
			}
		}
		text := c.must(http.StatusOK, "GET", "/products?size=25&gate=none")
		for _, want := range []string{
			`href="/products?size=25"`, `<input type="hidden" name="size" value="25">`,
			`href="/products?gate=none&amp;size=100"`, `href="/products?gate=none"`, `href="/products?format=csv&amp;gate=none"`,
			`href="/products?gate=none&amp;size=25&amp;sort=name"`,
		} {
			if !strings.Contains(text, want) {
				t.Errorf("no %s in %s", want, text)
			}
		}
		// A page beyond the end is the first one, and so is a page with a key that the list does not know.
		for _, path := range []string{"/products?sort=name&after=z", "/products?after=2%2Cz", "/products?after=1%252C%2500"} {
			if text := c.must(http.StatusOK, "GET", path); !strings.Contains(text, "1–50 of 60 products") {
				t.Errorf("%s is not the first page", path)
			}
		}
	})
}

// nameLink finds the link of a row.
const nameLink = `<a class="q name[^"]*"[^>]* href="([^"]+)"`

// The lists of one product, and those that grow with each report and each message, have the same links.
func TestLists_NextAndPreviousOfReportsAndLogs(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		const n = 60
		admin := p.Client("admin")
		s := newProduct(t, admin, "Shop", apptest.NewReceiver(t).URL)
		writeLogs(t, p, s, n)
		newFailedDeliveries(t, p, s, n)
		for i := range n - 1 {
			path := fmt.Sprintf("%s/reports?branch=b%02d", s.path, i)
			admin.Must(http.StatusCreated, "POST", path, largeReport(i%5, mixedSeverity))
			newConnection(t, admin, "system", fmt.Sprintf("hook, %02d", i), "http://127.0.0.1:9")
		}
		admin.Must(http.StatusCreated, "POST", s.path+"/reports?branch=wide", largeReport(n, mixedSeverity))
		wide := admin.Must(http.StatusOK, "GET", s.path+"/branches?q=wide", nil).ID("items.0.id")
		vault := newProduct(t, admin, "Vault", "")
		for i := range n {
			setCritical(admin, vault, i%2)
		}
		c := newPageClient(t, p, "admin")
		for _, l := range []struct {
			pagedList

			label, sort string
		}{
			{pagedList{"/products/2?tab=history&size=25", `id="change-(\d+)"`, n, "of more than 25 changes"}, "", ""},
			{pagedList{"/products/1?tab=branches&size=25", nameLink, n + 1, "of 61 branches"}, "Branch", "name"},
			{pagedList{"/products/1?tab=branches&size=25&sort=gate", nameLink, n + 1, "of 61 branches"}, "Gate", "gate"},
			{
				pagedList{"/products/1?tab=branches&size=25&sort=last_report", nameLink, n + 1, "of 61 branches"},
				"Last report", "last_report",
			},
			{pagedList{"/products/1?branch=wide&size=25", nameLink, n, "of 60 observations"}, "Severity", "severity"},
			{
				pagedList{
					fmt.Sprintf("/products/1/branches/%d?size=25", wide), `<bdi>(CVE-\d+)</bdi>`, n, "of 60 observations",
				}, "Severity", "severity",
			},
			{pagedList{"/products/1?tab=deliveries&size=25", nameLink, n, "of 60 deliveries"}, "Created", "created"},
			{pagedList{"/products/1?tab=exceptions&size=25", nameLink, n, "of 60 exceptions"}, "Last seen", "last_seen"},
			{pagedList{"/connections?size=25", nameLink, n, "of 60 connections"}, "Health", "health"},
			{pagedList{"/connections?size=25&sort=name", nameLink, n, "of 60 connections"}, "Connection", "name"},
			{
				pagedList{"/connections?size=25&sort=last_success", nameLink, n, "of 60 connections"},
				"Last success", "last_success",
			},
			{pagedList{"/deliveries?size=25", nameLink, n, "of 60 deliveries"}, "Created", "created"},
			{pagedList{"/deliveries?size=25&state=dead", nameLink, n, "of more than 25 deliveries"}, "Created", "created"},
			{pagedList{"/exceptions?size=25", nameLink, n, "of 60 exceptions"}, "Last seen", "last_seen"},
			{pagedList{"/exceptions?size=25&state=open", nameLink, n, "of more than 25 exceptions"}, "Last seen", "last_seen"},
			{pagedList{"/silences?size=25", nameLink, n, "of 60 silences"}, "Silence", "created"},
			{pagedList{"/silences?size=25&sort=end", nameLink, n, "of 60 silences"}, "Expires", "end"},
			{pagedList{"/admin/audit?size=25&kind=silence", `<bdi>(Thing \d+)</bdi>`, n, "of 60 changes"}, "", ""},
			{pagedList{"/admin/audit?size=25&q=thing", `<bdi>(Thing \d+)</bdi>`, n, "of more than 25 changes"}, "", ""},
			{pagedList{"/inbox?size=25&q=news", ` data-row="(\d+)"`, n, "of more than 25 notifications"}, "", ""},
			{pagedList{"/inbox?size=25&type=exception", ` data-row="(\d+)"`, n, "of more than 25 notifications"}, "", ""},
			{
				pagedList{"/observations?size=25&product=1&branch=wide", nameLink, n, "of more than 25 observations"}, "", "",
			},
			{
				pagedList{"/observations?size=25&product=1&branch=wide&sort=newest", nameLink, n, "of more than 25 observations"},
				"", "",
			},
			{pagedList{"/admin/jobs/forget_audit?size=25", `<bdi>(by \d+)</bdi>`, n, "of 60 runs"}, "Started", "started"},
		} {
			if l.label == "" {
				l.walk(c)
			} else {
				l.sorted(c, l.label, l.sort)
			}
		}
	})
}

// A link from elsewhere to a page within a list does not say how many rows are before it.
func TestLists_LinkIntoTheMiddle(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	writeRows(t, p, 60)
	c := newPageClient(t, p, "admin")
	for path, want := range map[string]string{
		"/groups?size=25&after=Group+29":                  "25 groups shown",
		"/groups?size=25&before=Group+29":                 "25 groups shown",
		"/groups?size=25&before=Group+29&row=4":           "5–29 of 60 groups",
		"/groups?size=25&before=Group+12&row=4":           "1–25 of 60 groups", // too few rows before
		"/groups?size=25&after=Group+49&row=7":            "51–60 of 60 groups",
		"/groups?size=25&after=Group+49&row=999999999999": "51–60 of 60 groups",
		"/groups?size=25&after=Group+59&row=60":           "1–25 of 60 groups",
	} {
		if text := c.must(http.StatusOK, "GET", path); !strings.Contains(text, want) {
			t.Errorf("%s: no %q", path, want)
		}
	}
}

// writeLogs writes n exceptions of a product, silences, changes and runs of a job.
func writeLogs(t *testing.T, p *apptest.Program, s productFixture, n int) {
	t.Helper()
	err := p.Store.Write(t.Context(), func(tx *models.Tx) error {
		for i := range n {
			at := tx.Now().Add(time.Duration(1+i*7%11) * time.Hour)
			_, err := tx.ClaimException(models.ExceptionReport{
				ProductID: s.id, Key: strconv.Itoa(i), By: "origin", Kind: models.ExceptionReported, Class: "Error",
				Message: strconv.Itoa(i), Sample: []byte("{}"),
			}, time.Hour, nil)
			if err != nil {
				return err
			}
			if err := tx.InsertSilence(&models.Silence{
				ProductID: s.id, Type: "product", Reason: fmt.Sprintf("Reason %d", i), Author: "admin",
				StartsAt: tx.Now(), EndsAt: at,
			}); err != nil {
				return err
			}
			if err := tx.InsertAudit(models.Audit{
				Actor: "admin", Action: "change", Kind: "silence", Name: fmt.Sprintf("Thing %d", i), ProductID: s.id,
				Was: map[string]string{"a": "b"}, Became: map[string]string{"a": "c"},
			}); err != nil {
				return err
			}
			e := models.Event{
				UUID: fmt.Sprint("paged ", i), Type: "exception.request", Version: 1, At: tx.Now(), Payload: []byte("{}"),
			}
			if err := tx.InsertEvent(&e); err != nil {
				return err
			}
			if err := tx.InsertNotification(models.Notification{
				Type: e.Type, Name: fmt.Sprint("news ", i), EventID: e.ID, Tone: "plain", At: e.At,
			}); err != nil {
				return err
			}
			run := models.JobRun{Job: "forget_audit", By: fmt.Sprintf("by %d", i), LeaseUntil: at}
			if _, err := tx.StartRun(&run); err != nil {
				return err
			}
			run.Result = models.RunOK
			if err := tx.FinishRun(run); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// writeRows writes n rows for each list of administrators.
func writeRows(t *testing.T, p *apptest.Program, n int) {
	t.Helper()
	err := p.Store.Write(t.Context(), func(tx *models.Tx) error {
		root, err := tx.UserByName(t.Context(), "admin")
		if err != nil {
			return err
		}
		var group int64
		for i := range n {
			u := models.User{Name: fmt.Sprintf("User %02d", i), Email: fmt.Sprintf("u%d@example.org", 99-i), Active: true}
			if err := tx.CreateUser(&u); err != nil {
				return err
			}
			g := models.Group{Name: fmt.Sprintf("Group %02d", i), GateMode: models.GateStandard}
			if err := tx.CreateGroup(&g, root.ID); err != nil {
				return err
			}
			group = max(group, 1)
			a := models.AuthorizationGroup{Name: fmt.Sprintf("Team, %02d%%", i)}
			if err := tx.SaveAuthorizationGroup(&a); err != nil {
				return err
			}
			if i%3 == 0 {
				if err := tx.SaveAuthorizationMember(models.AuthorizationMember{UserID: u.ID, GroupID: a.ID}); err != nil {
					return err
				}
				if err := tx.SignedIn(u.ID); err != nil {
					return err
				}
			}
			one := models.Product{Name: fmt.Sprintf("Product, %02d", i), GateMode: models.GateStandard, GroupID: &group}
			if err := tx.CreateProduct(&one, "main", root.ID); err != nil {
				return err
			}
			gate, err := tx.GateOf(one.ID, "")
			if err != nil {
				return err
			}
			gate.Branch.Gate = []models.GateState{models.GatePassed, models.GateFailed, models.GateNone}[i%3]
			gate.Branch.Counts.Add(models.High, int64(i%7))
			if err := tx.SaveGate(gate.Branch); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
