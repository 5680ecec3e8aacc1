package sentry

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"gatecrier/app/exception"
)

// frame is one call of a stack in the format of SDKs.
type frame struct {
	Function text   `json:"function"`
	Module   text   `json:"module"`
	Package  text   `json:"package"`
	File     text   `json:"filename"`
	Path     text   `json:"abs_path"`
	Line     number `json:"lineno"`
	InApp    text   `json:"in_app"` // "" if the SDK does not set it
	Platform text   `json:"platform"`
}

// keep returns more than a report keeps, so that the report counts as truncated.
func (frame) keep() int { return 250 }

// frames returns the calls of a stack, innermost first.
func (e event) frames(s stack) []exception.Frame {
	var list []exception.Frame
	for _, f := range slices.Backward(s.frames.list) {
		c := exception.Frame{
			Module:   string(cmp.Or(f.Module, f.Package)),
			Function: string(f.Function),
			File:     string(cmp.Or(f.File, f.Path)),
			Line:     int(f.Line),
		}
		// In a browser a file is a URL, and has another name with each build.
		if c.Module == "" && c.File != "" && !strings.Contains(c.File, "://") {
			base := path.Base(strings.ReplaceAll(c.File, `\`, "/"))
			c.Module = strings.TrimSuffix(base, path.Ext(base))
		}
		c.InApp = f.InApp == "true" || f.InApp == "" && isOwn(cmp.Or(f.Platform, e.Platform), f)
		list = append(list, c)
	}
	return list
}

// libraryPaths are parts of the paths of libraries, by platform.
var libraryPaths = map[string][]string{
	"go":         {"/pkg/mod/", "/vendor/", "@v", "/go/src/", "/usr/lib/go", "/libexec/src/"},
	"python":     {"site-packages", "dist-packages", "/lib/python", "/lib64/python", "<frozen "},
	"node":       {"node_modules/", "node:", "internal/"},
	"javascript": {"node_modules/", "node:"},
	"ruby":       {"/gems/", "/lib/ruby/"},
	"php":        {"/vendor/"},
}

// libraryModules are the prefixes of the modules of libraries, by platform.
var libraryModules = map[string][]string{
	"java": {"java.", "javax.", "jdk.", "sun.", "com.sun.", "kotlin."},
	"go":   {"runtime", "net/http", "testing"},
}

// isOwn reports whether a call is of the program itself, judged by its path and its module.
func isOwn(platform text, f frame) bool {
	file := strings.ReplaceAll(string(cmp.Or(f.Path, f.File)), `\`, "/")
	for _, part := range libraryPaths[string(platform)] {
		if strings.HasSuffix(part, ":") || part == "internal/" {
			if strings.HasPrefix(file, part) {
				return false
			}
		} else if strings.Contains(file, part) {
			return false
		}
	}
	for _, prefix := range libraryModules[string(platform)] {
		if strings.HasPrefix(string(f.Module), prefix) {
			return false
		}
	}
	return true
}
