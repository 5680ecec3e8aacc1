package page

import "gatecrier/templates/ui"

// ProductStart is what is done of the first steps of a product.
type ProductStart struct {
	Targets   int  // its own and those of its group
	HasToken  bool // a token that can send reports
	Elsewhere bool // reports of other branches than the default branch have arrived
	BaseURL   string
}

// Who can do a step that the user cannot do.
const (
	whoEdits   = "Maintainers and owners of the product can add targets."
	whoOwns    = "Owners of the product can create tokens."
	whoUploads = "Writers, maintainers and owners of the product can send reports."
)

// next returns the number of the first step that is not done.
func (s ProductStart) next() int {
	switch {
	case s.Targets == 0:
		return 1
	case !s.HasToken:
		return 2
	}
	return 3
}

// targets says who is notified.
func (s ProductStart) targets() string {
	if s.Targets == 0 {
		return "A target (an email address, a chat, a webhook) gets a message when the gate changes. " +
			"Without one, changes appear only in the inbox of members."
	}
	return ui.Plural(s.Targets, "target is", "targets are") + " notified when the gate changes."
}

// tokens says what a token is for.
func (s ProductStart) tokens() string {
	if s.HasToken {
		return "A pipeline can send reports with a token of this product. Add this command to it:"
	}
	return "A pipeline sends reports with a token, which is shown once. Store it as the secret GATECRIER_TOKEN, " +
		"and add this command to the pipeline:"
}

// wait says when the gate is evaluated.
func (v ProductView) wait() string {
	if v.Start.Elsewhere {
		return "Reports of other branches have arrived. The gate is evaluated when one of " + v.Branch + " arrives."
	}
	return "The gate is evaluated as soon as the report arrives."
}
