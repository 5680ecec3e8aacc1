package apptest_test

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"gatecrier/app/apptest"
)

// documentEnv names the file that TestOpenAPI_IsComplete writes, for the linter.
const documentEnv = "GATECRIER_OPENAPI"

// document is the OpenAPI document of a program.
type document struct{ apptest.Answer }

func documentOf(t *testing.T, p *apptest.Program) document {
	t.Helper()
	return document{(&apptest.Client{URL: p.URL}).ForTest(t).Must(http.StatusOK, "GET", "/openapi.json", nil)}
}

// at returns the object under some keys, following references; nil if there is none.
func (d document) at(in map[string]any, keys ...string) map[string]any {
	for _, key := range keys {
		in, _ = in[key].(map[string]any)
		if ref, ok := in["$ref"].(string); ok {
			in = d.at(d.JSON, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
		}
	}
	return in
}

// operations returns the operations by method and path.
func (d document) operations() map[string]map[string]any {
	all := map[string]map[string]any{}
	for path := range d.at(d.JSON, "paths") {
		for _, method := range []string{"get", "post", "put", "patch", "delete"} {
			if op := d.at(d.JSON, "paths", path, method); op != nil {
				all[strings.ToUpper(method)+" "+path] = op
			}
		}
	}
	return all
}

func TestOpenAPI_IsComplete(t *testing.T) {
	t.Parallel()
	d := documentOf(t, apptest.Start(t, apptest.Options{}))
	if path := os.Getenv(documentEnv); path != "" {
		if err := os.WriteFile(path, []byte(d.Text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	described := map[string]bool{}
	tags, _ := d.JSON["tags"].([]any)
	for i := range tags {
		described[fmt.Sprint(d.Get(fmt.Sprintf("tags.%d.name", i)))] = d.Get(fmt.Sprintf("tags.%d.description", i)) != ""
	}
	for name, op := range d.operations() {
		if text, _ := op["description"].(string); !strings.HasSuffix(text, ".") {
			t.Errorf("%s: description %q", name, text)
		}
		if tag := strings.Trim(fmt.Sprint(op["tags"]), "[]"); !described[tag] {
			t.Errorf("%s: tag %s has no description", name, tag)
		}
		body := d.at(op, "requestBody", "content", "application/json")
		if body != nil && body["example"] == nil {
			t.Errorf("%s: its body has no example", name)
		}
		for status, r := range d.at(op, "responses") {
			r := d.at(map[string]any{"r": r}, "r")
			content := d.at(r, "content", "application/json")
			if content != nil && content["example"] == nil || r["description"] == "" {
				t.Errorf("%s: answer %s has no example", name, status)
			}
			if status == "201" && d.at(r, "headers", "Location") == nil {
				t.Errorf("%s: answer 201 has no Location", name)
			}
		}
		if strings.HasPrefix(name, "POST /{product_id}") {
			continue // with a key, not a token
		}
		want := []string{"401", "403", "429", "503"}
		if strings.Contains(name, "{") {
			want = append(want, "404", "422")
		}
		if op["requestBody"] != nil {
			want = append(want, "400", "413", "415")
		}
		for _, status := range want {
			if d.at(op, "responses", status) == nil {
				t.Errorf("%s: answer %s is missing", name, status)
			}
		}
	}
}

// unknown returns the paths of values that a schema does not have.
func (d document) unknown(schema map[string]any, v any, path string) []string {
	var list []string
	switch v := v.(type) {
	case map[string]any:
		properties, _ := schema["properties"].(map[string]any)
		if properties == nil {
			return nil // a map of any keys
		}
		for name, inner := range v {
			if properties[name] == nil {
				list = append(list, path+"."+name)
				continue
			}
			list = append(list, d.unknown(d.at(properties, name), inner, path+"."+name)...)
		}
	case []any:
		items := d.at(schema, "items")
		for _, inner := range v {
			list = append(list, d.unknown(items, inner, path+"[]")...)
		}
	}
	return list
}

func TestOpenAPI_HasAllFieldsOfAnswers(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	d := documentOf(t, p)
	paths := map[string]string{}
	shop := ""
	for name, r := range newVersioned(t, p, c) {
		switch name {
		case "product":
			shop = r.path
		case "settings":
			paths[r.path] = "/settings/{section}"
		default:
			collection, _, _ := strings.Cut(strings.TrimPrefix(r.path, "/"), "/")
			paths[r.path] = "/" + collection + "/{id}"
		}
	}
	a := c.Must(http.StatusCreated, "POST", shop+"/reports", apptest.Report(t, "grype-image.json"))
	op := d.at(d.JSON, "paths", "/products/{id}/reports", "post")
	schemas := d.at(op, "responses", "201", "content", "application/json", "schema")
	if choices, _ := schemas["oneOf"].([]any); len(choices) != 2 {
		t.Errorf("reports: %v", schemas)
	} else if list := d.unknown(d.at(map[string]any{"s": choices[0]}, "s"), a.JSON, ""); list != nil {
		t.Errorf("reports: %v", list)
	}
	for _, end := range []string{
		"", "/gate", "/gate/history", "/observations", "/branches", "/sources", "/targets", "/members", "/tokens", "/vex",
	} {
		paths[shop+end] = "/products/{id}" + end
	}
	for _, path := range []string{
		"/products", "/groups", "/users", "/connections", "/modules", "/silences", "/deliveries", "/notifications",
		"/audit", "/jobs", "/tokens", "/held-deliveries", "/settings/gate/progress",
	} {
		paths[path] = path
	}
	for path, route := range paths {
		a := c.Must(http.StatusOK, "GET", path, nil)
		schema := d.at(d.JSON, "paths", route, "get", "responses", "200", "content", "application/json", "schema")
		if list := d.unknown(schema, a.JSON, ""); schema == nil || list != nil {
			slices.Sort(list)
			t.Errorf("%s: not in the document: %v", path, slices.Compact(list))
		}
	}
}
