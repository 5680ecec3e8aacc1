package ingest

import (
	"encoding/json"
	"strings"

	"gatecrier/models"
)

// formatGrype is Anchore Grype's JSON (grype -o json), recognised by its list
// of matches.
const formatGrype = "grype"

type grypeMatchJSON struct {
	Vulnerability struct {
		ID          string   `json:"id"`
		Severity    string   `json:"severity"`
		Description string   `json:"description"`
		DataSource  string   `json:"dataSource"`
		URLs        []string `json:"urls"`
		Fix         struct {
			Versions []string `json:"versions"`
		} `json:"fix"`
	} `json:"vulnerability"`
	Related []struct {
		ID          string `json:"id"`
		Description string `json:"description"`
	} `json:"relatedVulnerabilities"`
	Artifact struct {
		Name      string `json:"name"`
		Version   string `json:"version"`
		Type      string `json:"type"`
		PURL      string `json:"purl"`
		Locations []struct {
			Path string `json:"path"`
		} `json:"locations"`
	} `json:"artifact"`
}

// grypeMatch reads one match: a vulnerability in an artifact.
func grypeMatch(dec *json.Decoder, report *Report) error {
	var m grypeMatchJSON
	if err := dec.Decode(&m); err != nil {
		return err
	}
	v, a := m.Vulnerability, m.Artifact
	what := a.PURL
	if what == "" {
		what = a.Name + "\x00" + a.Version
	}
	f := Finding{
		Identity: identity(v.ID, what, a.Type), Title: v.ID, Description: v.Description,
		Component: strings.TrimSpace(a.Name + " " + a.Version), Fix: strings.Join(v.Fix.Versions, ", "),
		URL: v.DataSource, Severity: severityOf(v.Severity), Status: models.StatusOpen,
	}
	if len(a.Locations) > 0 {
		f.Location = a.Locations[0].Path
	}
	if f.Description == "" && len(m.Related) > 0 {
		f.Description = m.Related[0].Description
	}
	report.add(f)
	return nil
}

// grypeDescriptor reads the tool's name.
func grypeDescriptor(dec *json.Decoder, report *Report) error {
	var descriptor struct {
		Name string `json:"name"`
	}
	var raw json.RawMessage
	if err := dec.Decode(&raw); err != nil {
		return err
	}
	// Another format may use the key for something else: that is no error.
	if err := json.Unmarshal(raw, &descriptor); err == nil {
		report.Tool = descriptor.Name
	}
	return nil
}
