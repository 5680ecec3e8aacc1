package sentry

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"gatecrier/app/exception"
)

// frame is a call as SDKs send it.
type frame struct {
	Function text   `json:"function"`
	Module   text   `json:"module"`
	Package  text   `json:"package"`
	File     text   `json:"filename"`
	Path     text   `json:"abs_path"`
	Line     number `json:"lineno"`
	InApp    text   `json:"in_app"` // "" where the SDK does not say
	Platform text   `json:"platform"`
}

// More than a report keeps, so that it is known where some were left out.
func (frame) keep() int { return 250 }

// calls are the calls of a stack, the innermost first.
func (e event) calls(s stack) []exception.Frame {
	var list []exception.Frame
	for _, f := range slices.Backward(s.frames.list) {
		c := exception.Frame{
			Module:   string(cmp.Or(f.Module, f.Package)),
			Function: string(f.Function),
			File:     string(cmp.Or(f.File, f.Path)),
			Line:     int(f.Line),
		}
		if c.Module == "" && c.File != "" &&
			!strings.Contains(c.File, "://") { // of a browser, a file has another name with each build
			base := path.Base(strings.ReplaceAll(c.File, `\`, "/"))
			c.Module = strings.TrimSuffix(base, path.Ext(base))
		}
		c.InApp = f.InApp == "true" || f.InApp == "" && own(cmp.Or(f.Platform, e.Platform), f)
		list = append(list, c)
	}
	return list
}

// foreign are parts of paths that are not a program's own, by its platform.
var foreign = map[string][]string{
	"go":         {"/pkg/mod/", "/vendor/", "@v", "/go/src/", "/usr/lib/go", "/libexec/src/"},
	"python":     {"site-packages", "dist-packages", "/lib/python", "/lib64/python", "<frozen "},
	"node":       {"node_modules/", "node:", "internal/"},
	"javascript": {"node_modules/", "node:"},
	"ruby":       {"/gems/", "/lib/ruby/"},
	"php":        {"/vendor/"},
}

// foreignModules are the same by the names of modules.
var foreignModules = map[string][]string{
	"java": {"java.", "javax.", "jdk.", "sun.", "com.sun.", "kotlin."},
	"go":   {"runtime", "net/http", "testing"},
}

// own decides whether a call is of the program itself where its SDK does not
// say.
func own(platform text, f frame) bool {
	file := strings.ReplaceAll(string(cmp.Or(f.Path, f.File)), `\`, "/")
	for _, part := range foreign[string(platform)] {
		if strings.HasSuffix(part, ":") || part == "internal/" {
			if strings.HasPrefix(file, part) {
				return false
			}
		} else if strings.Contains(file, part) {
			return false
		}
	}
	for _, prefix := range foreignModules[string(platform)] {
		if strings.HasPrefix(string(f.Module), prefix) {
			return false
		}
	}
	return true
}
