package apptest_test

import (
	"fmt"
	"html"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

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
				pagedList{"/authorization-groups?size=25&sort=members", name, n, "of 60 authorization groups"}, "Members", "members",
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
			`href="/products?size=25"`, `<input type="hidden" name="size" value="25">`, `href="/products?gate=none&amp;size=100"`,
			`href="/products?gate=none"`, `href="/products?format=csv&amp;gate=none"`,
			`href="/products?gate=none&amp;size=25&amp;sort=name"`,
		} {
			if !strings.Contains(text, want) {
				t.Errorf("no %s in %s", want, text)
			}
		}
		// A page beyond the end, and one whose key is none of the list, is the first one.
		for _, path := range []string{"/products?sort=name&after=z", "/products?after=x", "/products?after=1%252C%2500"} {
			if text := c.must(http.StatusOK, "GET", path); !strings.Contains(text, "1–50 of 60 products") {
				t.Errorf("%s is not the first page", path)
			}
		}
	})
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
