package admin

import (
	"net/http"
	"strings"
)

// Above returns the path of the nearest page at or above a path: the path of a form can have none itself.
func (a *Admin) Above(path string) string {
	for path != "" {
		for _, r := range a.engine.Routes() {
			if r.Method == http.MethodGet && isOfRoute(r.Path, path) {
				return path
			}
		}
		path = path[:strings.LastIndexByte(path, '/')]
	}
	return "/"
}

// isOfRoute reports whether a path is one of a route.
func isOfRoute(route, path string) bool {
	names, parts := strings.Split(route, "/"), strings.Split(path, "/")
	if len(names) != len(parts) {
		return false
	}
	for i, name := range names {
		if !strings.HasPrefix(name, ":") && name != parts[i] {
			return false
		}
	}
	return true
}
