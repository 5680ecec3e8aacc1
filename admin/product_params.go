package admin

import (
	"gatecrier/app/observation"
	"gatecrier/models"
	"gatecrier/templates/page"
)

// productPageParams are the parameters of a tab of a product's page.
func productPageParams(tab page.Tab) []listParam {
	params := []listParam{oneOf("tab", page.Tabs()...), oneOf("sources", "open")}
	switch tab {
	case page.TabBranches:
		params = append(params, anyText("q", "after")...)
	case page.TabHistory:
		params = append(params, keyParam("before", isIDKey))
	case page.TabDeliveries:
		params = append(params, deliveryStateParam(), keyParam("before", isIDKey))
	case page.TabExceptions:
		params = append(params, exceptionStateParams()...)
	case page.TabTargets, page.TabMembers, page.TabTokens, page.TabSettings:
	default:
		params = append(params, observationParams()...)
	}
	return params
}

// observationParams are the parameters of the list of a product's observations.
func observationParams() []listParam {
	return append(anyText("branch", "scanner", "q", "cwe"),
		severityParam("severity"), oneOf("status", observation.Assessable()...), oneOf("active", "false", "all"),
		oneOf("assessed", "true"), oneOf("kev", "true"), oneOf("fix", models.FixAvailable, models.FixNone),
		keyParam("after", func(text string) bool { return observationKey(text) != nil }))
}
