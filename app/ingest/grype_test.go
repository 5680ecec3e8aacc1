package ingest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatecrier/models"
)

func TestGrypeIdentities(t *testing.T) {
	match := func(artifact string) string { return `{"vulnerability": {"id": "V"}, "artifact": ` + artifact + `}` }
	of := func(a, b string) string { return `{"matches": [` + match(a) + "," + match(b) + `]}` }
	one, two := []string{"unknown open V"}, []string{"unknown open V", "unknown open V"}
	documents{
		"one package URL":  {of(`{"purl": "p", "name": "a"}`, `{"purl": "p", "name": "b"}`), one},
		"two package URLs": {of(`{"purl": "p", "name": "a"}`, `{"purl": "q", "name": "a"}`), two},
		"one name":         {of(`{"name": "a", "version": "1"}`, `{"name": "a", "version": "1"}`), one},
		"two versions":     {of(`{"name": "a", "version": "1"}`, `{"name": "a", "version": "2"}`), two},
		"two types":        {of(`{"purl": "p", "type": "deb"}`, `{"purl": "p", "type": "python"}`), two},
		"two paths": {
			of(`{"purl": "p", "locations": [{"path": "/a"}]}`, `{"purl": "p", "locations": [{"path": "/b"}]}`), two,
		},
		"the same paths": {
			of(
				`{"purl": "p", "locations": [{"path": "/a"}, {"path": "/b"}]}`,
				`{"purl": "p", "locations": [{"path": "/b"}, {"path": "/a", "layerID": "x"}]}`,
			), one,
		},
		"one more path": {
			of(
				`{"purl": "p", "locations": [{"path": "/a"}, {"path": "/b"}]}`,
				`{"purl": "p", "locations": [{"path": "/a"}]}`,
			), two,
		},
		"two qualifiers":  {of(`{"purl": "p?arch=x"}`, `{"purl": "p?arch=y"}`), two},
		"ignored matches": {`{"ignoredMatches": [` + match(`{}`) + `], "matches": []}`, nil},
		"an empty list":   {`{"matches": [], "descriptor": null}`, nil},
	}.check(t)
}

func TestGrypeTexts(t *testing.T) {
	got := onlyFinding(
		t,
		`{"matches": [{"vulnerability": {"id": "V", "severity": "Negligible", "links": ["u"], `+
			`"fix": {"versions": ["2", "3"]}},
		"relatedVulnerabilities": [{"description": "related"}], "artifact": {"name": "a", "version": "1", `+
			`"locations": [{"path": "/x"}, {}]}}]}`,
	)
	want := Finding{
		Title:       "V",
		Description: "related",
		Component:   "a 1",
		Location:    "/x",
		Fix:         "2, 3",
		URL:         "u",
		Severity:    models.None,
		Status:      models.StatusOpen,
	}
	if diff := cmp.Diff(want, got, withKeys); diff != "" {
		t.Errorf("finding (-want +got):\n%s", diff)
	}
}
