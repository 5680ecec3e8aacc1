package apptest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"gatecrier/app/apptest"
)

// listedModule is a module in the answer of GET /modules.
type listedModule struct {
	Name, Summary string
	Fields        []struct {
		Name, Kind string
		Required   bool
	}
}

func listModules(t *testing.T, c *apptest.Client) []listedModule {
	t.Helper()
	a := c.Must(http.StatusOK, "GET", "/modules", nil)
	var list struct{ Items []listedModule }
	if err := json.Unmarshal([]byte(a.Text), &list); err != nil {
		t.Fatal(err)
	}
	return list.Items
}

// configFor returns a configuration that posts to a URL, and whether the module has a URL.
func (m listedModule) configFor(url string) (config map[string]string, ok bool) {
	config = map[string]string{}
	for _, field := range m.Fields {
		switch {
		case field.Kind == "url":
			config[field.Name] = url
			ok = true
		case field.Required:
			config[field.Name] = "key-of-" + m.Name
		}
	}
	return config, ok
}

// Each package of app/module is a module of the program, under the package's name.
func TestModules_AreRegistered(t *testing.T) {
	t.Parallel()
	var want []string
	entries, err := os.ReadDir("../module")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if entry.IsDir() && entry.Name() != "moduletest" && entry.Name() != "testdata" {
			want = append(want, entry.Name())
		}
	}
	p := apptest.Start(t, apptest.Options{})
	var got []string
	for _, m := range listModules(t, p.Client("admin")) {
		got = append(got, m.Name)
		if m.Summary == "" || len(m.Fields) == 0 {
			t.Errorf("module without a summary or fields: %+v", m)
		}
	}
	slices.Sort(got)
	if len(want) == 0 || !slices.Equal(got, want) {
		t.Errorf("modules = %v, want the packages %v: app/wire.go lists them in buildModules", got, want)
	}
}

// In the message of each module with a URL, an exception has the same content and a link to its
// page. Email has no URL.
func TestModules_SendException(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		receivers := map[string]*apptest.Receiver{}
		for _, m := range listModules(t, c) {
			r := apptest.NewReceiver(t)
			config, ok := m.configFor(r.URL + "/x")
			if !ok {
				continue
			}
			receivers[m.Name] = r
			c.Must(http.StatusCreated, "POST", s.path+"/targets",
				object{"module": m.Name, "name": m.Name, "config": config})
		}
		if len(receivers) < 6 {
			t.Errorf("%d modules have a URL", len(receivers))
		}
		group := reportException(t, p, declinedPayment(s.id)).Group
		for module, r := range receivers {
			r.Wait(t, 1)
			checkExceptionMessage(t, module, r.Messages()[0].Body, group)
		}
	})
}

func checkExceptionMessage(t *testing.T, module string, body []byte, group int64) {
	t.Helper()
	if !json.Valid(body) {
		t.Errorf("%s: no JSON: %s", module, body)
	}
	text := strings.NewReplacer(`\\`, "", `\"`, `"`, "&lt;", "<").Replace(string(body))
	wants := []string{
		"Exception PaymentFailed",
		"order 7 is not paid",
		"checkout.orders.pay",
		"Shop",
		fmt.Sprintf("/exceptions/%d", group),
	}
	if module == "webhook" { // it posts the event
		wants = []string{
			`"type":"exception.reported"`,
			`"class":"PaymentFailed"`,
			`"message":"order 7 is not paid"`,
			fmt.Sprintf("/exceptions/%d", group),
		}
	}
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("%s lacks %q: %s", module, want, text)
		}
	}
}
