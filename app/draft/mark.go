package draft

import (
	"html"
	"regexp"
	"strings"
)

// The hidden fields that Mark adds to forms.
const (
	FieldUser    = "form_user"    // id of the user who opened the form
	FieldPage    = "form_page"    // path and query of its page
	FieldSecrets = "form_secrets" // names of its secret fields, separated by commas
)

// IsMark reports whether a field is one of those that Mark adds.
func IsMark(name string) bool {
	return name == FieldUser || name == FieldPage || name == FieldSecrets
}

// typed are the types of the inputs that a user types in.
const typed = "text|email|url|number|date|datetime-local|password|file"

var (
	formPattern   = regexp.MustCompile(`(?s)<form\b[^>]*\bmethod="post"[^>]*>.*?</form>`)
	typedPattern  = regexp.MustCompile(`<(?:textarea|select)\b|<input\b[^>]*\btype="(?:` + typed + `)"`)
	boxPattern    = regexp.MustCompile(`<input\b[^>]*\btype="(?:checkbox|radio)"`)
	leadsPattern  = regexp.MustCompile(`\bformmethod="get"`)
	secretPattern = regexp.MustCompile(`<input\b[^>]*(?:\btype="password"|\bdata-secret\b)[^>]*>`)
	namePattern   = regexp.MustCompile(`\bname="([^"]*)"`)
)

// Mark adds hidden fields to the forms of a page that a user can type in: who has opened them, where they are,
// and which of their fields are secret. Values in the HTML are escaped, so that no tag has a ">" of its own.
func Mark(text, user, page string) string {
	return formPattern.ReplaceAllStringFunc(text, func(form string) string {
		// The boxes that select rows of a list belong to forms that lead to other pages too.
		boxes := boxPattern.MatchString(form) && !leadsPattern.MatchString(form)
		if !boxes && !typedPattern.MatchString(form) {
			return form
		}
		var secrets []string
		for _, input := range secretPattern.FindAllString(form, -1) {
			if m := namePattern.FindStringSubmatch(input); m != nil {
				secrets = append(secrets, html.UnescapeString(m[1]))
			}
		}
		at := strings.IndexByte(form, '>') + 1
		return form[:at] + hidden(FieldUser, user) + hidden(FieldPage, page) +
			hidden(FieldSecrets, strings.Join(secrets, ",")) + form[at:]
	})
}

func hidden(name, value string) string {
	if value == "" {
		return ""
	}
	return `<input type="hidden" name="` + name + `" value="` + html.EscapeString(value) + `"/>`
}
