package admin

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"gatecrier/app/fault"
	"gatecrier/app/visible"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

// listParam is a parameter that the URL of a list can have.
type listParam struct {
	name   string
	values []string          // nil = see valid
	valid  func(string) bool // nil = each text
}

// anyText returns parameters that take each text.
func anyText(names ...string) []listParam {
	list := make([]listParam, len(names))
	for i, name := range names {
		list[i].name = name
	}
	return list
}

// oneOf returns a parameter with the values that it takes.
func oneOf[T ~string](name string, values ...T) listParam {
	p := listParam{name: name}
	for _, v := range values {
		p.values = append(p.values, string(v))
	}
	return p
}

// severityParam returns a parameter that takes a severity.
func severityParam(name string) listParam {
	p := listParam{name: name}
	for _, s := range models.Severities() {
		p.values = append(p.values, s.String())
	}
	return p
}

// keyParam returns the parameter of a keyset: where a page begins.
func keyParam(name string, valid func(string) bool) listParam {
	return listParam{name: name, valid: valid}
}

// idParam returns the parameter of a keyset by id.
func idParam(name string) listParam { return keyParam(name, isIDKey) }

// zoneParam returns the parameter of the time zone that the times of a filter are in.
func zoneParam() listParam {
	return listParam{name: zoneField, valid: func(name string) bool {
		_, ok := loadZone(name)
		return ok
	}}
}

// isIDKey reports whether a text is a number from 0, as a keyset by id has it.
func isIDKey(text string) bool {
	n, err := strconv.ParseInt(text, 10, 64)
	return err == nil && n >= 0
}

func (p listParam) takes(value string) bool {
	switch {
	case value == "": // a form sends its empty fields, too
		return true
	case p.values != nil:
		return slices.Contains(p.values, value)
	}
	return p.valid == nil || p.valid(value)
}

// listURL is the URL of a list, with the parts that the list ignores.
type listURL struct {
	ignored []string   // a sentence for each
	rest    url.Values // without them
}

const (
	listURLKey     = "listURL"
	maxIgnoredText = 60 // characters of a name or a value that a sentence quotes
)

// checkListURL compares the URL of a list with the parameters that the list has. The frame of the page
// names the other parts, and an export refuses them: it has no place for the warning.
func checkListURL(c *gin.Context, params ...listParam) error {
	if c.Request.Method != http.MethodGet && c.Request.Method != http.MethodHead {
		return nil
	}
	u := readListURL(c.Request.URL.Query(), params)
	c.Set(listURLKey, u)
	if isExport(c) && len(u.ignored) > 0 {
		return fault.New(fault.Invalid, "The list was not exported: "+strings.Join(u.ignored, ", "))
	}
	return nil
}

// knownValue returns a parameter of the URL that checkListURL has read, "" if the list ignores it.
func knownValue(c *gin.Context, name string) string {
	u, _ := c.Value(listURLKey).(listURL)
	return u.rest.Get(name)
}

// readListURL finds the parts of a query that a list with these parameters ignores.
func readListURL(values url.Values, params []listParam) listURL {
	u := listURL{rest: url.Values{}}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		value := values.Get(name)
		i := slices.IndexFunc(params, func(p listParam) bool { return p.name == name })
		switch {
		case name == "format" && value == formatCSV:
			u.rest.Set(name, value)
		case i < 0:
			u.ignored = append(u.ignored, quoted(name)+" is not a filter of this list")
		case !params[i].takes(value):
			u.ignored = append(u.ignored, params[i].refusal(value))
		default:
			u.rest.Set(name, value)
		}
		if i >= 0 && len(values[name]) > 1 {
			u.ignored = append(u.ignored, quoted(name)+" is given more than once: the first value counts")
		}
	}
	return u
}

// refusal says which values the parameter takes.
func (p listParam) refusal(value string) string {
	text := quoted(p.name) + " cannot be " + quoted(value)
	if len(p.values) > 0 {
		text += ", only " + strings.Join(p.values, ", ")
	}
	return text
}

// quoted quotes a part of a URL, cut to a length that fits a sentence.
func quoted(text string) string {
	text = visible.Escape(strings.ToValidUTF8(text, "?"))
	if r := []rune(text); len(r) > maxIgnoredText {
		text = string(r[:maxIgnoredText]) + "…"
	}
	return "“" + text + "”"
}

// ignoredParts returns what the frame of a list says of its URL.
func ignoredParts(c *gin.Context) layout.Ignored {
	u, _ := c.Value(listURLKey).(listURL)
	if len(u.ignored) == 0 {
		return layout.Ignored{}
	}
	v := layout.Ignored{Parts: u.ignored, Href: c.Request.URL.Path, Label: "Show the list without them"}
	if len(u.ignored) == 1 {
		v.Label = "Show the list without it"
	}
	if query := u.rest.Encode(); query != "" {
		v.Href += "?" + query
	}
	v.Title = "This list ignores " + ui.Plural(len(u.ignored), "part", "parts") + " of its URL"
	return v
}
