package ingest

import (
	"net/url"
	"strings"
	"time"
)

// cyclonedx reads CycloneDX in JSON: vulnerabilities with references to the components that
// they affect. The components can come before or after them. cyclonedxXML reads the same in XML.
type cyclonedx struct {
	doc        *document
	typeErrs   typeErrors
	isBOM      bool   // its bomFormat is CycloneDX, or its namespace
	root       string // the start of the places in it, if it is XML
	isScan     bool   // it has a list of vulnerabilities, perhaps an empty one
	tool       string
	service    string // the first tool that is a service
	subject    string
	reference  string
	digests    []string
	madeAt     time.Time
	components map[digest]cyclonedxComponent
	texts      *texts
	affected   chunks[cyclonedxFinding]
	givesFixes bool // some vulnerability has a recommendation
}

// cyclonedxComponent is a component that references point to.
type cyclonedxComponent struct {
	identity digest      // of its package URL, else of its name and version
	stable   shortDigest // the same, without the qualifiers of the package URL
	name     textRef
	purl     textRef // 0 = none
	version  textRef // also from the package URL
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
		return &refusal{c.root + "vulnerabilities", "the file has no list of vulnerabilities: an SBOM is not a scan. " +
			"Let the tool scan: run trivy with --scanners vuln, or grype on the SBOM. " + sayClean}
	}
	return nil
}

func (c *cyclonedx) member(key string) func() error {
	switch key {
	case "bomFormat":
		return c.bomFormat
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
	case "timestamp":
		text, err := c.doc.textOrEmpty()
		c.madeAt = timeOf(text)
		return err
	case "component":
		v, err := c.readComponent()
		c.subject, c.reference = v.subject()
		c.digests = v.digests()
		return err
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

// cyclonedxNames are the texts that name a component.
type cyclonedxNames struct{ ref, kind, group, name, version, purl string }

// component reads a component or a service, and those inside it.
func (c *cyclonedx) component() error {
	_, err := c.readComponent()
	return err
}

func (c *cyclonedx) readComponent() (cyclonedxNames, error) {
	var v cyclonedxNames
	texts := map[string]*string{"bom-ref": &v.ref, "purl": &v.purl, "name": &v.name, "version": &v.version}
	loose := map[string]*string{"type": &v.kind, "group": &v.group}
	err := c.doc.object(func(key string) (err error) {
		if into, ok := texts[key]; ok {
			_, err = c.doc.decodeStrict(into)
			return err
		}
		if into, ok := loose[key]; ok {
			*into, err = c.doc.textOrEmpty()
			return err
		}
		if key == "components" || key == "services" {
			return c.doc.array(c.component)
		}
		return c.doc.skip()
	})
	c.addComponent(v)
	return v, err
}

// addComponent stores a component by what references name it, the first of equal ones.
func (c *cyclonedx) addComponent(v cyclonedxNames) {
	key := digestOf(first(v.ref, v.purl))
	if _, repeated := c.components[key]; !repeated && first(v.ref, v.purl) != "" {
		c.components[key] = c.store(v)
	}
}

func (c *cyclonedx) store(v cyclonedxNames) cyclonedxComponent {
	nameVersion := v.name + "\x00" + v.version
	return cyclonedxComponent{
		identity: digestOf(first(v.purl, nameVersion)), stable: digestOf(first(packageURL(v.purl), nameVersion)).short(),
		name: c.texts.put(v.name+" "+v.version, maxComponent), purl: c.texts.putWhole(v.purl, maxLocation),
		version: c.texts.putWhole(first(v.version, versionIn(v.purl)), maxLocation),
	}
}

// putWhole stores a text, unless it is longer than limit bytes.
func (t *texts) putWhole(s string, limit int) textRef {
	if len(s) > limit {
		return 0
	}
	return t.put(s, limit)
}

// versionIn returns the version of a package URL, "" for none.
func versionIn(purl string) string {
	_, escaped, _ := strings.Cut(withoutQualifiers(purl), "@")
	version, err := url.PathUnescape(escaped[strings.LastIndexByte(escaped, '@')+1:])
	if err != nil {
		return ""
	}
	return version
}

// digests returns the digests that the version and the package URL of an image name.
func (v cyclonedxNames) digests() []string {
	return addDigest(addDigest(nil, v.version), versionIn(v.purl))
}

// subject returns what the report is of, and its tag or digest. The version of a container is one;
// that of another component says nothing about where it runs.
func (v cyclonedxNames) subject() (subject, reference string) {
	subject, reference = subjectOf(v.name)
	if reference == "" && v.kind == "container" {
		reference = strings.TrimSpace(v.version)
	}
	if group := strings.TrimSpace(v.group); group != "" && subject != "" {
		subject = group + "/" + subject
	}
	return subject, reference
}
