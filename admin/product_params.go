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
		params = pageParams(models.BranchOrders, branchOptions(), append(params, anyText("q")...)...)
	case page.TabHistory:
		params = forwardParams(idParam(beforeField), params...)
	case page.TabDeliveries:
		params = pageParams(models.DeliveryOrders, newestFirst("created"), append(params, deliveryStateParam())...)
	case page.TabExceptions:
		params = exceptionStateParams(params...)
	case page.TabTargets, page.TabMembers, page.TabTokens, page.TabSettings:
	default:
		params = append(params, observationParams()...)
	}
	return params
}

// observationParams are the parameters of the list of a product's observations.
func observationParams() []listParam {
	return pageParams(models.ObservationOrders, observationOptions(), append(anyText("branch", "scanner", "q", "cwe"),
		severityParam("severity"), oneOf("status", observation.Assessable()...), oneOf("active", "false", "all"),
		oneOf("assessed", "true"), oneOf("kev", "true"), oneOf("fix", models.FixAvailable, models.FixNone))...)
}

// observationOptions are the orders of the list of a product's observations, worst first.
func observationOptions() []sortOption { return []sortOption{{name: "severity"}} }
