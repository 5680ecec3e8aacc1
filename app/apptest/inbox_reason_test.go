package apptest_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"

	"gatecrier/app/apptest"
)

// inboxReasons returns what the rows of an inbox say about their product and why the user gets them.
func inboxReasons(text string) []string {
	row := regexp.MustCompile(`(?s)<div class="where">(.*?)</div></div>`)
	tag := regexp.MustCompile(`<[^>]*>`)
	var list []string
	for _, m := range row.FindAllStringSubmatch(text, -1) {
		list = append(list, tag.ReplaceAllString(m[1], "|"))
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Each row names its product, and why the user gets it.
func TestInboxRows_SayWhy(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		one, two := newProduct(t, c, "one", ""), newProduct(t, c, "two", "")
		newSixNotifications(t, p, one.id, two.id)
		group := c.Must(http.StatusCreated, "POST", "/groups", object{"name": "Shops"}).ID("id")
		c.Must(http.StatusOK, "PATCH", two.path, object{"group_id": group})
		crew := c.Must(http.StatusCreated, "POST", "/authorization-groups", object{"name": "Crew"}).ID("id")
		p.User("ann")
		p.User("bob")
		root := p.User("root")
		c.Must(http.StatusOK, "PATCH", fmt.Sprint("/users/", root.ID), object{"administrator": true})
		c.Must(http.StatusCreated, "POST", one.path+"/members", object{"user": "ann", "role": "reader"})
		c.Must(http.StatusCreated, "POST", fmt.Sprintf("/groups/%d/members", group),
			object{"user": "ann", "role": "reader"})
		c.Must(http.StatusNoContent, "POST", fmt.Sprintf("/authorization-groups/%d/members", crew), object{"user": "bob"})
		c.Must(http.StatusNoContent, "POST", one.path+"/authorization-groups",
			object{"authorization_group": "Crew", "role": "reader"})
		for who, want := range map[string][]string{
			"ann":   {"one Member of the product", "two Member of product group Shops"},
			"bob":   {"one Member of authorization group Crew"},
			"root":  {"You are an administrator", "one You are an administrator", "two You are an administrator"},
			"admin": {"You are an administrator", "one Member of the product", "two Member of the product"},
		} {
			text := newPageClient(t, p, who).must(http.StatusOK, "GET", "/inbox")
			got := inboxReasons(text)
			for i, s := range got {
				got[i] = regexp.MustCompile(`[|\s]+`).ReplaceAllString(s, " ")
				got[i] = regexp.MustCompile(`^ | $`).ReplaceAllString(got[i], "")
			}
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("%s: %q, want %q", who, got, want)
			}
		}
	})
}

// The first row is within the first screen of a phone. A selection shows the bulk actions.
func TestInbox_OnANarrowScreen(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	admin := p.Client("admin")
	one, two := newProduct(t, admin, "one", ""), newProduct(t, admin, "two", "")
	newSixNotifications(t, p, one.id, two.id)
	b := apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "admin", apptest.Password)
	b.Do(chromedp.EmulateViewport(360, 740))
	b.Open("/inbox")
	b.WantText("6 unread")
	b.WaitFor("the first row is in sight", `document.querySelector("[data-row]").getBoundingClientRect().top < 640`)
	shown := `document.querySelector("[formaction='/inbox/archived']").checkVisibility()`
	b.WaitFor("no actions without a selection", "!"+shown)
	b.Evaluate(`document.querySelector("input[name=id]").click()`)
	b.WaitFor("actions for the selection", shown)
}
