package app_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gatecrier/models"
)

// layers are the layers of docs/architecture.md: a package imports only from lower layers. A
// package that is not listed fails the test.
var layers = map[string]int{
	"app/fault":             0,
	"app/number":            0,
	"app/secret":            0,
	"app/markdown":          0,
	"app/clock":             0,
	"app/scrub":             0,
	"app/visible":           0,
	"models/engine":         0,
	"static":                0,
	"models":                1,
	"app/outbound":          1,
	"app/draft":             1,
	"app/demo/receiver":     1,
	"templates/ui":          1,
	"templates/layout":      1,
	"templates/page":        1,
	"app/oauth":             2,
	"app/module":            2,
	"app/authz":             2,
	"app/audit":             2,
	"app/settings":          2,
	"app/event":             2,
	"app/vex":               2,
	"app/condition":         2,
	"app/rule/schedule":     2,
	"app/module/email":      3,
	"app/module/discord":    3,
	"app/module/ilert":      3,
	"app/module/mattermost": 3,
	"app/module/slack":      3,
	"app/module/teams":      3,
	"app/module/webhook":    3,
	"app/gate":              3,
	"app/exception":         3,
	"app/account":           3,
	"app/inbox":             3,
	"app/backup":            3,
	"app/silence":           3,
	"app/feed":              3,
	"app/connection":        3,
	"app/observation":       4,
	"app/sentry":            4,
	"app/product":           4,
	"app/ingest":            4,
	"app/delivery":          4,
	"app/web":               4,
	"app/notify":            5,
	"app/doctor":            5,
	"app/explain":           5,
	"jobs":                  5,
	"admin":                 6,
	"app/api":               6,
	"app":                   7,
	"app/demo":              8,
	"app/cli":               9,
	".":                     10,
}

// sameLayer are the allowed imports within one layer.
var sameLayer = map[string][]string{
	"models/engine":    {"app/fault"},
	"app/audit":        {"app/authz"},
	"app/settings":     {"app/audit", "app/authz"},
	"templates/layout": {"templates/ui"},
	"templates/page":   {"templates/ui", "templates/layout"},
}

// views import only the static files that a page refers to.
var views = []string{"templates/ui", "templates/layout", "templates/page"}

// testOnly are packages that only tests and each other import.
var testOnly = []string{"models/modelstest", "app/outbound/outboundtest", "app/module/moduletest", "app/apptest"}

// violations returns the imports of a package that break the layers.
func violations(pkg string, imports []string) []string {
	if slices.Contains(testOnly, pkg) {
		return nil
	}
	layer, ok := layers[pkg]
	if !ok {
		if strings.HasPrefix(pkg, "app/module/") {
			return []string{pkg + " has no layer: give it that of the other modules here; " +
				"docs/architecture.md has one row for all modules"}
		}
		return []string{pkg + " has no layer: give it one here and in docs/architecture.md"}
	}
	var found []string
	for _, to := range imports {
		other, known := layers[to]
		switch {
		case slices.Contains(testOnly, to):
			found = append(found, pkg+" imports "+to+", which is for tests")
		case !known:
			found = append(found, pkg+" imports "+to+", which has no layer")
		case slices.Contains(sameLayer[pkg], to):
		case slices.Contains(views, pkg) && to != "static":
			found = append(found, pkg+" imports "+to+": a page is given what it shows")
		case other >= layer:
			found = append(found, pkg+" imports "+to+", which is not below it")
		}
	}
	return found
}

func TestPackagesImportOnlyFromLowerLayers(t *testing.T) {
	tree := packages(t)
	for _, pkg := range slices.Sorted(maps.Keys(tree)) {
		for _, violation := range violations(pkg, tree[pkg]) {
			t.Error(violation)
		}
	}
	for pkg := range layers {
		if _, ok := tree[pkg]; !ok {
			t.Errorf("%s has a layer, but does not exist", pkg)
		}
	}
}

func TestViolations(t *testing.T) {
	for _, test := range []struct{ pkg, imported, want string }{
		{"admin", "app/gate", ""},
		{"templates/page", "templates/layout", ""},
		{"app/apptest", "app/cli", ""},
		{"models", "app/gate", "not below"},
		{"models", "models/engine", ""},
		{"models/engine", "models", "not below"},
		{"app/product", "app/ingest", "not below"},
		{"templates/page", "models", "is given what it shows"},
		{"templates/ui", "templates/page", "is given what it shows"},
		{"jobs", "models/modelstest", "for tests"},
		{"app/nowhere", "app/fault", "no layer: give it one here and in docs"},
		{"app/module/nowhere", "app/module", "one row for all modules"},
		{"app", "app/nowhere", "no layer"},
	} {
		got := strings.Join(violations(test.pkg, []string{test.imported}), "; ")
		if (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
			t.Errorf("%s importing %s: %q, want %q", test.pkg, test.imported, got, test.want)
		}
	}
}

// A promoted method of the engine would let any package run SQL, and a Store write.
func TestModelsKeepsSQLToItself(t *testing.T) {
	for _, public := range []reflect.Type{reflect.TypeFor[*models.Store](), reflect.TypeFor[*models.Tx]()} {
		for _, name := range []string{"Exec", "Insert", "Query", "Get", "Gorm", "Record", "Recorded"} {
			if _, ok := public.MethodByName(name); ok {
				t.Errorf("%v has the engine's method %s", public, name)
			}
		}
	}
}

// packages returns the packages of this module with their imports of this module, without tests.
func packages(t *testing.T) map[string][]string {
	t.Helper()
	const module = "gatecrier"
	root := os.DirFS("..")
	found := map[string][]string{}
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		hidden := strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "data"
		if d.IsDir() && name != "." && hidden {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", name), nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		pkg := path.Dir(name)
		if _, ok := found[pkg]; !ok {
			found[pkg] = nil
		}
		for _, i := range f.Imports {
			to, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			if within, ok := strings.CutPrefix(to, module+"/"); ok && !slices.Contains(found[pkg], within) {
				found[pkg] = append(found[pkg], within)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
