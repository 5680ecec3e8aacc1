package ingest

import (
	"bytes"
	"encoding/json"
	"strings"
)

// gitlabLocation has the keys of all kinds of scans.
type gitlabLocation struct {
	File       string  `json:"file"`
	StartLine  float64 `json:"start_line"`
	Image      string  `json:"image"`
	Hostname   string  `json:"hostname"`
	Path       string  `json:"path"`
	Dependency struct {
		Package struct {
			Name string `json:"name"`
		} `json:"package"`
		Version string `json:"version"`
	} `json:"dependency"`
	Resource loose[gitlabResource] `json:"kubernetes_resource"`
}

// gitlabResource is the resource of a cluster that runs an image.
type gitlabResource struct {
	Namespace string `json:"namespace"`
	Kind      string `json:"kind"`
	Name      string `json:"name"`
}

// resource returns the resource of the cluster as a further location.
func (l gitlabLocation) resource() []string {
	r := l.Resource.v
	return trivyResource{names: map[string]string{"Namespace": r.Namespace, "Kind": r.Kind, "Name": r.Name}}.locations()
}

// places returns the whole location as a text, and the text of what stays when the finding moves.
// Both have their keys in order; without a location they are "".
func (g *gitlab) places(location json.RawMessage) (exact, stable string) {
	var value any
	dec := json.NewDecoder(bytes.NewReader(location))
	dec.UseNumber() // a large number keeps all its digits
	if len(location) == 0 || dec.Decode(&value) != nil || value == nil {
		return "", ""
	}
	keys, ok := value.(map[string]any)
	if file, isText := keys["file"].(string); isText {
		keys["file"] = cleanPath(file)
	}
	exact = orderedText(value)
	if ok {
		g.settle(keys)
	}
	return exact, orderedText(value)
}

// settle removes what changes when a finding moves: lines, the commit, the host; the tag and the
// digest of an image, the version of its distribution; the place of a package in the list of
// packages.
func (g *gitlab) settle(location map[string]any) {
	for _, key := range []string{"start_line", "end_line", "start_column", "end_column", "commit", "hostname"} {
		delete(location, key)
	}
	for _, key := range []string{"image", "default_branch_image"} {
		if image, ok := location[key].(string); ok {
			location[key] = g.nameOf(image)
		}
	}
	if system, ok := location["operating_system"].(string); ok {
		if end := strings.IndexAny(system, " :"); end > 0 {
			location["operating_system"] = system[:end]
		}
	}
	if dependency, ok := location["dependency"].(map[string]any); ok {
		for _, key := range []string{"iid", "direct", "dependency_path"} {
			delete(dependency, key)
		}
	}
}

// nameOf is imageName. A report has few images, one after the other.
func (g *gitlab) nameOf(image string) string {
	if image != g.image {
		g.image, g.imageName = image, imageName(image)
	}
	return g.imageName
}

func orderedText(value any) string {
	text, err := json.Marshal(value)
	if err != nil { // it comes from JSON
		return ""
	}
	return string(text)
}
