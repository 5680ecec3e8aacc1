package draft

import (
	"html"
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

// isTyped reports whether a user types in inputs of a type.
func isTyped(kind string) bool {
	switch kind {
	case "text", "email", "url", "number", "date", "datetime-local", "password", "file":
		return true
	}
	return false
}

// Mark adds hidden fields to the forms of a page that a user can type in: who has opened them, where they are,
// and which of their fields are secret. Values in the HTML are escaped, so that no tag has a ">" of its own. It
// searches for plain texts, since it reads every page.
func Mark(text, user, page string) string {
	var b strings.Builder
	for {
		head, tag, body, found := cutForm(text)
		b.WriteString(head)
		if !found {
			return b.String()
		}
		b.WriteString(tag)
		if valueOf(tag, "method") == "post" {
			if secrets, takes := takesText(body); takes {
				b.WriteString(hidden(FieldUser, user) + hidden(FieldPage, page) +
					hidden(FieldSecrets, strings.Join(secrets, ",")))
			}
		}
		b.WriteString(body)
		text = text[len(head)+len(tag)+len(body):]
	}
}

// cutForm cuts a text at its first form: what is before it, its tag, and its content. Without one, head is the
// whole text.
func cutForm(text string) (head, tag, body string, found bool) {
	at := strings.Index(text, "<form ")
	if at < 0 {
		return text, "", "", false
	}
	end := strings.IndexByte(text[at:], '>')
	length := strings.Index(text[at:], "</form>")
	if end < 0 || length < end {
		return text, "", "", false
	}
	return text[:at], text[at : at+end+1], text[at+end+1 : at+length], true
}

// takesText reports whether a user can type in a form or choose in it, and returns the names of its secret
// fields.
func takesText(form string) (secrets []string, takes bool) {
	takes = strings.Contains(form, "<textarea") || strings.Contains(form, "<select")
	boxes := false
	for rest := form; ; {
		at := strings.Index(rest, "<input ")
		if at < 0 {
			break
		}
		rest = rest[at:]
		tag := rest[:strings.IndexByte(rest, '>')+1]
		rest = rest[len("<input "):]
		kind := valueOf(tag, "type")
		takes = takes || isTyped(kind)
		boxes = boxes || kind == "checkbox" || kind == "radio"
		if name := valueOf(tag, "name"); name != "" && (kind == "password" || strings.Contains(tag, " data-secret")) {
			secrets = append(secrets, html.UnescapeString(name))
		}
	}
	// The boxes that select rows of a list belong to forms that lead to other pages too.
	return secrets, takes || boxes && !strings.Contains(form, ` formmethod="get"`)
}

// valueOf returns the value of an attribute of a tag, escaped, "" without one.
func valueOf(tag, name string) string {
	_, rest, _ := strings.Cut(tag, " "+name+`="`)
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

func hidden(name, value string) string {
	if value == "" {
		return ""
	}
	return `<input type="hidden" name="` + name + `" value="` + html.EscapeString(value) + `"/>`
}
