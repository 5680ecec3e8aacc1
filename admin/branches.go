package admin

// registerBranches adds the pages of branches, and of the badge.
func (a *Admin) registerBranches(get, post func(path string, h handler)) {
	const branch = "/products/:id/branches/:branch"
	get(branch, a.comparison)
	post(branch+"/protect", a.branchProtect(true))
	post(branch+"/unprotect", a.branchProtect(false))
	get(branch+"/default", a.branchDefaultConfirm)
	post(branch+"/default", a.branchDefault)
	get(branch+"/delete", a.branchDeleteConfirm)
	post(branch+"/delete", a.branchDelete)
	post("/products/:id/badge", a.badgeCreate)
	get("/products/:id/badge/:action", a.badgeConfirm)
	post("/products/:id/badge/:action", a.badgeChange)
}
