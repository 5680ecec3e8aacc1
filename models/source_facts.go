package models

import (
	"encoding/json"
	"time"
)

// SourceFacts is what a source remembers of its reports, to find out whether a report is the next of
// the same scan.
type SourceFacts struct {
	Subject    string            `json:"subject,omitempty"`    // what the last report is of
	Unnamed    bool              `json:"unnamed,omitempty"`    // the import of the last report named no source
	References []SourceReference `json:"references,omitempty"` // tags or digests of the subject, the last one last
	Digests    []string          `json:"digests,omitempty"`    // of the image of the last report
	Classes    []string          `json:"classes,omitempty"`    // of all reports of Trivy, such as os-pkgs
	Tools      []string          `json:"tools,omitempty"`      // of all SARIF files
	Alone      []string          `json:"alone,omitempty"`      // tools that a file had alone before the source had others
	Missing    []MissingTool     `json:"missing,omitempty"`    // tools that the last file did not have
}

// SourceReference is a tag or digest, and when a report of it was last received. The time of the
// last one in a list is that of its first report: its source knows the last.
type SourceReference struct {
	Reference string    `json:"reference"`
	At        time.Time `json:"at"`
}

// MissingTool is a tool of a source, and since when its files do not have it.
type MissingTool struct {
	Tool  string    `json:"tool"`
	Since time.Time `json:"since"`
}

// EncodedFacts is a SourceFacts as JSON; "" of a source that has had no report since sources
// remember them. Equal facts have equal texts.
type EncodedFacts string

// Encode returns the facts as JSON, never "".
func (f SourceFacts) Encode() EncodedFacts {
	text, err := json.Marshal(f)
	if err != nil { // a time after the year 9999
		return "{}"
	}
	return EncodedFacts(text)
}

// Decode returns the facts, the zero value if e is none.
func (e EncodedFacts) Decode() SourceFacts {
	var f SourceFacts
	if e == "" {
		return f
	}
	if err := json.Unmarshal([]byte(e), &f); err != nil {
		return SourceFacts{}
	}
	return f
}

// Reference returns the tag or digest of the last report that has one, "" for none.
func (f SourceFacts) Reference() string {
	if len(f.References) == 0 {
		return ""
	}
	return f.References[len(f.References)-1].Reference
}
