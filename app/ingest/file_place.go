package ingest

import (
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// uriScheme matches the scheme of a URI. A single letter is the drive of a Windows path.
var uriScheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]+:`)

// cleanURI returns the URI of a file without percent-encoding, and like cleanPath. It returns a URI
// of another scheme, such as https, as it is.
func cleanURI(uri string) string {
	scheme := uriScheme.FindString(uri)
	if scheme != "" && !strings.EqualFold(scheme, "file:") {
		return uri
	}
	if plain, err := url.PathUnescape(uri); err == nil { // else the tool does not encode its URIs
		uri = plain
	}
	rest := strings.ReplaceAll(uri[len(scheme):], `\`, "/")
	host := ""
	if scheme != "" && strings.HasPrefix(rest, "//") {
		if end := strings.IndexByte(rest[2:], '/'); end >= 0 {
			host, rest = rest[:2+end], rest[2+end:]
		}
	}
	return strings.ToLower(scheme) + host + cleanPath(rest)
}

// cleanPath returns the path of a file with slashes, and without "./", "a/../" and doubled slashes.
func cleanPath(file string) string {
	if file == "" {
		return ""
	}
	return path.Clean(strings.ReplaceAll(file, `\`, "/"))
}

// filePlace returns a location without a line and a column at its end, and these, such as ":3:7".
// Only a file has them: in other locations, such as db:5432 or till:1, the number names the place.
func filePlace(location string) (place, mark string) {
	file := location
	for range 2 {
		colon := strings.LastIndexByte(file, ':')
		if colon < 0 {
			break
		}
		if _, err := strconv.ParseUint(file[colon+1:], 10, 32); err != nil {
			break
		}
		file = file[:colon]
	}
	if uriScheme.MatchString(file) || !isSourceFile(file) {
		return location, ""
	}
	return cleanPath(file), location[len(file):]
}

// sourceTypes are the ends of names of source files, configurations and manifests. A port can follow
// other names with a dot.
var sourceTypes = strings.Fields(`
	adb ads asm asp aspx astro awk bash bat bazel bicep bzl c cc cfg cfm cjs clj cljs cls cmake cmd conf config cpp cr crt
	cs csh cshtml csproj css csv cts cu cue cxx dart dockerfile edn ejs elm env erb erl ex exs f90 fish fs fsproj fsx
	gemspec go gql gradle graphql groovy h hbs hcl hh hpp hrl hs htm html hxx ini ipynb j2 java jenkinsfile jinja jinja2
	jl js json json5 jsonc jsonl jsp jsx key ksh kt kts less lock lua m makefile md mdx mjs mk ml mli mm mod mts mustache
	nim nix pas pem php phtml pl plist pm podspec pp prisma properties props proto ps1 psd1 psm1 pug py pyi pyx r rake rb
	rego rs rst ru sass sbt scala scss sh sln sol sql styl sum sv svelte svg swift targets tcl tex tf tfstate tfvars tmpl
	toml tpl ts tsx twig txt vb vbproj vhd vue work wsdl xaml xhtml xml xsd xsl xslt yaml yml zig zsh`)

// sourceNames are names of such files that have no end.
var sourceNames = strings.Fields(`
	brewfile build buildfile codeowners containerfile dockerfile gemfile gnumakefile jenkinsfile justfile makefile pipfile
	podfile procfile rakefile tiltfile vagrantfile workspace`)

// isSourceFile reports whether a text ends with the name of a source file, a configuration or a
// manifest.
func isSourceFile(text string) bool {
	text = text[strings.LastIndexAny(text, " \t\n'\"`(<")+1:]
	name := strings.ToLower(path.Base(strings.ReplaceAll(text, `\`, "/")))
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 {
		return slices.Contains(sourceNames, name)
	}
	return slices.Contains(sourceTypes, name[dot+1:]) ||
		strings.HasPrefix(name, "dockerfile.") || strings.HasPrefix(name, "containerfile.")
}
