package page

import (
	"cmp"

	"gatecrier/templates/ui"
)

// TokensTab lists a product's API tokens, and has the form for another one, which posts name, role,
// expires (days, or never) and password to /products/{id}/tokens. /products/{id}/tokens/{token}/delete
// revokes one.
type TokensTab struct {
	Rows    []TokenRow
	Name    string // as typed
	Role    string
	Expires string
	Errors  map[string]string
	Secret  string // of a token just made: shown this once
	Made    string // its name
	BaseURL string
}

func tokenPath(product, token int64) string {
	return productPath(product) + "/tokens/" + id(token) + "/delete"
}

// roles returns the roles that a token can have, in the order of the members' roles.
func (t TokensTab) roles() []ui.Option {
	var options []ui.Option
	current := cmp.Or(t.Role, "upload") // for a pipeline
	for _, role := range []string{"reader", "upload", "writer", "maintainer"} {
		options = append(options, ui.Option{Value: role, Label: roleWords[role], Checked: role == current})
	}
	return options
}
