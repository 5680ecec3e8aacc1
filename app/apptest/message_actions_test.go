package apptest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"gatecrier/app/apptest"
)

// A message about a failed gate says what can be done and why the receiver gets it. All its links lead
// to pages that exist, and the list that it links to has the observations that it counts.
func TestMessage_ActionsAndOrigin(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		hook, chat := apptest.NewReceiver(t), apptest.NewReceiver(t)
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", hook.URL)
		group := c.Must(http.StatusCreated, "POST", "/groups", object{"name": "Payments"}).ID("id")
		c.Must(http.StatusOK, "PATCH", s.path, object{"group_id": group})
		c.Must(http.StatusCreated, "POST", fmt.Sprintf("/groups/%d/targets", group),
			object{"module": "slack", "name": "chat", "config": map[string]string{"url": chat.URL + "/x"}})
		s.upload(c, fixableReport(7))
		admin := signedInAs(t, p, "admin")

		var body struct {
			Actions []struct{ Label, URL string }
			Link    string
		}
		if err := json.Unmarshal(hook.Wait(t, 1).Body, &body); err != nil {
			t.Fatal(err)
		}
		var labels []string
		paths := map[string]string{}
		for _, a := range body.Actions {
			labels = append(labels, a.Label)
			paths[a.Label] = localPath(a.URL)
		}
		wantLines(t, "actions", labels, "Open change", "Assess observations", "Silence notifications")
		if body.Actions[0].URL != body.Link {
			t.Errorf("the first action opens %s, not %s", body.Actions[0].URL, body.Link)
		}
		admin.wantText(paths["Assess observations"], "CVE-0000", "CVE-0007")
		admin.wantText(paths["Silence notifications"], "Shop", `value="gate.changed" selected`)

		text := strings.ReplaceAll(string(chat.Wait(t, 1).Body), "&amp;", "&")
		for _, want := range []string{
			"Not evaluated → Failed: 8 critical", "8 new", "|and 3 more>",
			"this channel is a notification target of the product group Payments.", "|Manage targets>",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("no %q in %s", want, text)
			}
		}
		links := regexp.MustCompile(`<(https?://[^|>]+)\|(Open|Assess|Silence|Manage|and)`).FindAllStringSubmatch(text, -1)
		if len(links) != 5 {
			t.Errorf("%d links in %s", len(links), text)
		}
		for _, link := range links {
			admin.wantText(localPath(link[1]), "Gatecrier")
		}
	})
}

// localPath returns the path and the query of a link.
func localPath(link string) string {
	_, rest, _ := strings.Cut(link, "://")
	_, path, _ := strings.Cut(rest, "/")
	path, _, _ = strings.Cut(path, "#")
	return "/" + path
}
