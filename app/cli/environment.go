package cli

import (
	"reflect"
	"slices"
	"strings"

	"gatecrier/app"
)

// variablePrefix begins the names of the program's environment variables.
const variablePrefix = "GATECRIER_"

// clientVariables are the variables of push and gate.
var clientVariables = []string{"GATECRIER_URL", "GATECRIER_TOKEN", "GATECRIER_PRODUCT"}

// unknownVariable is a variable that nothing reads, with the known name that is nearest to it.
type unknownVariable struct{ name, nearest string }

// unknownVariables returns the variables of an environment that have the program's prefix but that nothing
// reads, sorted.
func unknownVariables(environ []string) []unknownVariable {
	known := slices.Clone(clientVariables)
	config := reflect.TypeFor[app.Config]()
	for i := range config.NumField() {
		if name, _, _ := strings.Cut(config.Field(i).Tag.Get("env"), ","); name != "" {
			known = append(known, name)
		}
	}
	var list []unknownVariable
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		rest, ours := strings.CutPrefix(name, variablePrefix)
		if !ours || slices.Contains(known, name) || isOfKubernetes(rest) || strings.HasPrefix(rest, "TEST_") {
			continue
		}
		nearest := slices.MinFunc(known, func(a, b string) int { return distance(name, a) - distance(name, b) })
		list = append(list, unknownVariable{name, nearest})
	}
	slices.SortFunc(list, func(a, b unknownVariable) int { return strings.Compare(a.name, b.name) })
	return list
}

// isOfKubernetes reports whether Kubernetes sets a variable in every container beside a service with the name
// gatecrier. rest is its name without the prefix.
func isOfKubernetes(rest string) bool {
	return rest == "PORT" || strings.HasPrefix(rest, "PORT_") || strings.HasPrefix(rest, "SERVICE_")
}

// distance returns how many letters differ between two names.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			changed := before
			if a[i] != b[j] {
				changed++
			}
			before = row[j+1]
			row[j+1] = min(changed, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
