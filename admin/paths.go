package admin

import "gatecrier/models"

// The paths of the pages that other pages lead to.
const (
	auditPath               = "/admin/audit" // with ?product= that of one product, for its owners too
	authorizationGroupsPath = "/authorization-groups"
	exceptionsPath          = "/exceptions"
	foundPath               = "/observations"
	inboxPath               = "/inbox"
	passwordPath            = "/profile/password"
	profilePath             = "/profile"
	searchPath              = "/search"
	silencesPath            = "/silences"
	usersPath               = "/admin/users"
	viewsPath               = "/views"
)

// The routes below a product that several screens share.
const (
	branchRoute       = "/products/:id/branches/:branch"
	sourceRoute       = "/products/:id/sources/:source"
	observationsRoute = "/products/:id/observations"
	observationRoute  = observationsRoute + "/:observation"
)

// ownerRoutes are the routes of the owners of targets and roles: products and groups.
var ownerRoutes = []string{"/products/:id", "/groups/:id"}

func authorizationPath(id int64) string { return authorizationGroupsPath + "/" + formatInt(id) }

func branchPath(b models.Branch) string {
	return productPath(b.ProductID) + "/branches/" + formatInt(b.ID)
}

func branchesPath(productID int64) string { return productPath(productID) + "?tab=branches" }

func connectionPath(id int64) string { return "/connections/" + formatInt(id) }

func deliveryPath(id int64) string { return "/deliveries/" + formatInt(id) }

func exceptionPath(id int64) string { return exceptionsPath + "/" + formatInt(id) }

func exceptionsTabPath(productID int64) string { return productPath(productID) + "?tab=exceptions" }

func groupPath(id int64) string { return "/groups/" + formatInt(id) }

func jobPath(name string) string { return "/admin/jobs/" + name }

func observationsPath(productID int64) string { return productPath(productID) + "/observations" }

func observationPath(productID, id int64) string {
	return observationsPath(productID) + "/" + formatInt(id)
}

// ownerPath returns the path of a product or a group.
func ownerPath(at models.Owner) string {
	if at.GroupID != 0 {
		return groupPath(at.GroupID)
	}
	return productPath(at.ProductID)
}

func productPath(id int64) string { return "/products/" + formatInt(id) }

func resendPath(id int64) string { return "/resends/" + formatInt(id) }

func silencePath(id int64) string { return silencesPath + "/" + formatInt(id) }

// sourcesPath returns the path of a product's page, with its sources open.
func sourcesPath(productID int64) string { return productPath(productID) + "?sources=open#sources" }

// targetsTabPath returns the path of the tab that lists the targets of a target's owner.
func targetsTabPath(t models.Connection) string { return ownerPath(t.Owner()) + "?tab=targets" }

func viewPath(id int64) string { return viewsPath + "/" + formatInt(id) }

func userPath(id int64) string { return usersPath + "/" + formatInt(id) }
