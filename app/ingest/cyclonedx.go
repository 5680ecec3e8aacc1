package ingest

import (
	"encoding/json"
	"strings"

	"gatecrier/models"
)

// cyclonedx reads CycloneDX in JSON: vulnerabilities with references to the components that
// they affect. The components can come before or after them.
type cyclonedx struct {
	doc        *document
	typeErrs   typeErrors
	isBOM      bool // its bomFormat is CycloneDX
	isScan     bool // it has a list of vulnerabilities, perhaps an empty one
	tool       string
	service    string // the first tool that is a service
	components map[digest]cyclonedxComponent
	texts      *texts
	affected   chunks[cyclonedxFinding]
}

// cyclonedxComponent is a component that references point to.
type cyclonedxComponent struct {
	identity digest // of its package URL, else of its name and version
	name     textRef
}

// cyclonedxFinding is a vulnerability of a component, which it refers to.
type cyclonedxFinding struct {
	compactFinding
	ref digest // the hash of the reference
}

func newCycloneDX(d *document, t *texts) *cyclonedx {
	return &cyclonedx{doc: d, texts: t, components: map[digest]cyclonedxComponent{}}
}

func (c *cyclonedx) recognized() bool        { return c.isBOM }
func (c *cyclonedx) typeErrors() *typeErrors { return &c.typeErrs }

// check refuses a bare list of components, which trivy and syft write without a scan.
func (c *cyclonedx) check(clean bool) error {
	if c.typeErrs.first != nil {
		return c.typeErrs.first
	}
	if !c.isScan && !clean {
		return &refusal{"vulnerabilities", "the file has no list of vulnerabilities: an SBOM is not a scan. Let the tool " +
			"scan: run trivy with --scanners vuln, or grype on the SBOM. " + sayClean}
	}
	return nil
}

func (c *cyclonedx) member(key string) func() error {
	switch key {
	case "bomFormat":
		return c.bomFormat
	case "metadata":
		return func() error { return c.doc.object(c.metadata) }
	case "components", "services":
		return func() error { return c.doc.array(c.component) }
	}
	return nil
}

func (c *cyclonedx) bomFormat() error {
	name, err := c.doc.textOrEmpty()
	c.isBOM = name == "CycloneDX"
	return err
}

func (c *cyclonedx) metadata(key string) error {
	switch key {
	case "tools":
		return c.doc.either(c.toolsByKind, func() error { return c.toolIn(&c.tool) })
	case "component":
		return c.component()
	}
	return c.doc.skip()
}

// toolsByKind reads tools in the form of CycloneDX 1.5; before, they were a list.
func (c *cyclonedx) toolsByKind(key string) error {
	switch key {
	case "components":
		return c.doc.array(func() error { return c.toolIn(&c.tool) })
	case "services":
		return c.doc.array(func() error { return c.toolIn(&c.service) })
	}
	return c.doc.skip()
}

// toolIn reads a tool, and sets name unless an earlier tool has.
func (c *cyclonedx) toolIn(name *string) error {
	return c.doc.object(func(key string) error {
		if key != "name" {
			return c.doc.skip()
		}
		word, err := c.doc.textOrEmpty()
		*name = first(*name, strings.TrimSpace(word))
		return err
	})
}

// component reads a component or a service, and those inside it.
func (c *cyclonedx) component() error {
	var ref, purl, name, version string
	texts := map[string]*string{"bom-ref": &ref, "purl": &purl, "name": &name, "version": &version}
	err := c.doc.object(func(key string) error {
		if into, ok := texts[key]; ok {
			_, err := c.doc.decodeStrict(into)
			return err
		}
		if key == "components" || key == "services" {
			return c.doc.array(c.component)
		}
		return c.doc.skip()
	})
	key := digestOf(first(ref, purl))
	if _, repeated := c.components[key]; !repeated && first(ref, purl) != "" {
		c.components[key] = cyclonedxComponent{
			identity: digestOf(first(purl, name+"\x00"+version)), name: c.texts.put(name+" "+version, maxComponent),
		}
	}
	return err
}

type cyclonedxVulnerability struct {
	ID     string `json:"id"`
	Ref    string `json:"bom-ref"`
	Source struct {
		URL string `json:"url"`
	} `json:"source"`
	Ratings []struct {
		Severity string `json:"severity"`
		Score    score  `json:"score"`
	} `json:"ratings"`
	Description    string `json:"description"`
	Detail         string `json:"detail"`
	Recommendation string `json:"recommendation"`
	Advisories     []struct {
		URL string `json:"url"`
	} `json:"advisories"`
	Analysis struct {
		State string `json:"state"`
	} `json:"analysis"`
	Affects []struct {
		Ref string `json:"ref"`
	} `json:"affects"`
}

func (c *cyclonedx) vulnerability() error {
	var v cyclonedxVulnerability
	ok, err := c.doc.decodeStrict(&v)
	if ok {
		c.add(v)
	}
	return err
}

// rawVulnerability is vulnerability for the text of an element.
func (c *cyclonedx) rawVulnerability(raw json.RawMessage) {
	var v cyclonedxVulnerability
	if c.doc.unmarshalStrict(raw, &v) {
		c.add(v)
	}
}

// add adds a vulnerability for each component that it affects. One without components is
// added too, since the gate must count it.
func (c *cyclonedx) add(v cyclonedxVulnerability) {
	f := Finding{
		Title: first(v.ID, v.Ref), Description: first(v.Description, v.Detail), Fix: v.Recommendation,
		URL: v.Source.URL, Severity: v.severity(), Status: v.status(),
	}
	if f.URL == "" && len(v.Advisories) > 0 {
		f.URL = v.Advisories[0].URL
	}
	r := cyclonedxFinding{compactFinding: c.texts.compact(digestOf(first(v.ID, v.Ref)), f)}
	if len(v.Affects) == 0 {
		c.affected.add(r)
	}
	for _, a := range v.Affects {
		// If no component has this reference, the reference itself is the component.
		r.ref, r.component = digestOf(a.Ref), c.texts.put(a.Ref, maxComponent)
		c.affected.add(r)
	}
}

// severity returns the severity of the most severe rating.
func (v *cyclonedxVulnerability) severity() models.Severity {
	worst := models.Unknown
	for _, r := range v.Ratings {
		s := severityOf(r.Severity)
		if r.Severity == "" && r.Score.given {
			s = r.Score.severity()
		}
		worst = min(worst, s)
	}
	return worst
}

func (v *cyclonedxVulnerability) status() models.Status {
	switch v.Analysis.State {
	case "resolved", "resolved_with_pedigree":
		return models.StatusResolved
	case "false_positive":
		return models.StatusFalsePositive
	case "not_affected":
		return models.StatusNotAffected
	case "exploitable":
		return models.StatusAffected
	case "in_triage":
		return models.StatusInReview
	}
	return models.StatusOpen
}

// report returns the findings with components in place of their references.
func (c *cyclonedx) report() Report {
	findings := newFindings(c.texts)
	c.affected.drain(func(r *cyclonedxFinding) {
		affected := r.ref
		if component, ok := c.components[r.ref]; ok {
			affected, r.component = component.identity, component.name
		}
		r.identity = digestOf(string(r.identity[:]), string(affected[:]))
		findings.addCompact(r.compactFinding)
	})
	return Report{Tool: first(c.tool, c.service), Findings: findings}
}
