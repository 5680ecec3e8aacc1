package demo

import "gatecrier/models"

// sampleProduct is a sample product. Its days are its past reports, each with the number of
// findings.
type sampleProduct struct {
	name, description, report, source string
	days                              []day
	worse, fixed                      int // findings of a worse and of a fixed report
	roles                             map[string]models.Role
	targets                           []string // modules; email is a field of the product
}

type day struct{ ago, findings int }

// sampleUsers are the members besides the visitor.
var sampleUsers = []struct{ name, first string }{
	{"amara", "Amara"},
	{"jonas", "Jonas"},
	{"mei", "Mei"},
	{"sofia", "Sofía"},
}

// sampleGroups are groups of the sample products.
var sampleGroups = []struct {
	name, description string
	things            []string
	roles             map[string]models.Role
}{
	{
		"Shop",
		"Customer-facing apps",
		[]string{"Checkout", "Mobile app", "Loyalty"},
		map[string]models.Role{"amara": models.RoleMaintainer},
	},
	{
		"Backend",
		"Backend services",
		[]string{"Billing API", "Platform"},
		map[string]models.Role{"sofia": models.RoleOwner, "jonas": models.RoleReader},
	},
}

// readerGroup is the authorization group with the role reader in all groups.
const readerGroup = "Security team"

// readerNames are its members, the manager first.
var readerNames = []string{"mei", "sofia"}

// sampleProducts are the products of the demo. The guided page sends reports of the first one.
var sampleProducts = []sampleProduct{
	{
		name:        "Checkout",
		description: "Basket and payment",
		report:      "checkout.grype.json",
		source:      "image",
		days: []day{
			{88, 3},
			{80, 4},
			{71, 6},
			{70, 4},
			{59, 4},
			{52, 5},
			{41, 7},
			{36, 5},
			{22, 5},
			{15, 6},
			{14, 5},
			{6, 4},
			{1, 7},
		},
		worse:   8,
		fixed:   4,
		targets: []string{"webhook", "slack", "teams", "email"},
		roles:   map[string]models.Role{"amara": models.RoleOwner, "jonas": models.RoleWriter, "mei": models.RoleReader},
	},
	{
		name:        "Billing API",
		description: "Invoices and subscriptions",
		report:      "billing.cyclonedx.json",
		source:      "sbom",
		days:        []day{{85, 1}, {77, 2}, {60, 2}, {45, 5}, {43, 2}, {30, 2}, {19, 3}, {17, 2}, {9, 2}, {2, 4}},
		worse:       5,
		fixed:       2,
		targets:     []string{"slack", "email"},
		roles:       map[string]models.Role{"sofia": models.RoleOwner, "jonas": models.RoleMaintainer},
	},
	{
		name:        "Mobile app",
		description: "iOS and Android, and their backend",
		report:      "mobile.sarif",
		source:      "sast",
		days:        []day{{82, 0}, {68, 2}, {55, 3}, {50, 4}, {33, 3}, {26, 5}, {24, 3}, {12, 3}, {3, 2}},
		worse:       5,
		fixed:       2,
		targets:     []string{"teams"},
		roles:       map[string]models.Role{"mei": models.RoleOwner, "amara": models.RoleReader},
	},
	{
		name:        "Customer portal",
		description: "The customers' accounts",
		report:      "portal.trivy.json",
		source:      "npm",
		days:        []day{{89, 2}, {74, 3}, {56, 3}, {38, 4}, {37, 3}, {20, 3}, {8, 2}},
		worse:       6,
		fixed:       2,
		targets:     []string{"webhook"},
		roles:       map[string]models.Role{"jonas": models.RoleOwner},
	},
	{
		name:        "Platform",
		description: "Terraform, clusters, pipelines",
		report:      "platform.gitlab.json",
		source:      "secrets",
		days:        []day{{79, 1}, {63, 2}, {48, 4}, {47, 2}, {29, 1}, {11, 3}},
		worse:       4,
		fixed:       1,
		targets:     []string{"webhook", "email"},
		roles:       map[string]models.Role{"sofia": models.RoleMaintainer, "amara": models.RoleOwner},
	},
	{
		name:        "Loyalty",
		description: "New: its pipeline is not set up yet",
		targets:     []string{"slack"},
		roles:       map[string]models.Role{"mei": models.RoleOwner},
	},
}
