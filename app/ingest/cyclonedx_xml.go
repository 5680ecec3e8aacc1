package ingest

import (
	"encoding/xml"
	"io"
	"strings"
)

// cyclonedxNamespace is the start of the namespaces of CycloneDX; the version follows.
const cyclonedxNamespace = "http://cyclonedx.org/schema/bom/"

// cyclonedxXML reads CycloneDX in XML into the structs of that in JSON, so that the same rules apply.
type cyclonedxXML struct {
	*xmlDocument
	bom *cyclonedx
}

// readXML reads a document in XML, of which only CycloneDX is known.
func (det *detector) readXML(r io.Reader) (Report, error) {
	c := cyclonedxXML{newXMLDocument(r), det.cyclonedx}
	root, err := c.root()
	switch {
	case err != nil:
		return Report{}, err
	case root.Name.Local != "bom" || !strings.HasPrefix(root.Name.Space, cyclonedxNamespace):
		return Report{}, errUnknownFormat
	case c.hasType:
		err = errDocumentType
	default:
		c.bom.isBOM, c.bom.root = true, "bom/"
		err = c.children(c.member)
	}
	if err == nil {
		err = c.end()
	}
	if err != nil {
		return Report{}, c.explain(err)
	}
	return det.choose()
}

func (c cyclonedxXML) member(name string, _ []xml.Attr) error {
	switch name {
	case "metadata":
		return c.children(c.metadata)
	case "components", "services":
		return c.children(c.component)
	case "vulnerabilities":
		c.bom.isScan = true
		return c.list("vulnerability", c.vulnerability)
	}
	return c.skip()
}

func (c cyclonedxXML) metadata(name string, attributes []xml.Attr) error {
	switch name {
	case "tools":
		return c.children(c.tools)
	case "timestamp":
		var text string
		err := c.text(&text)
		c.bom.madeAt = timeOf(text)
		return err
	case "component":
		v, err := c.readComponent(attributes)
		c.bom.subject, c.bom.reference = v.subject()
		c.bom.digests = v.digests()
		return err
	}
	return c.skip()
}

// tools reads a tool, or tools in the form of CycloneDX 1.5.
func (c cyclonedxXML) tools(name string, _ []xml.Attr) error {
	switch name {
	case "tool":
		return c.tool(&c.bom.tool)
	case "components":
		return c.list("component", func([]xml.Attr) error { return c.tool(&c.bom.tool) })
	case "services":
		return c.list("service", func([]xml.Attr) error { return c.tool(&c.bom.service) })
	}
	return c.skip()
}

// tool reads a tool, and sets name unless an earlier tool has.
func (c cyclonedxXML) tool(name *string) error {
	var found string
	err := c.texts(map[string]*string{"name": &found})
	*name = first(*name, found)
	return err
}

// component reads a component or a service, and those inside it.
func (c cyclonedxXML) component(name string, attributes []xml.Attr) error {
	if name != "component" && name != "service" {
		return c.skip()
	}
	_, err := c.readComponent(attributes)
	return err
}

func (c cyclonedxXML) readComponent(attributes []xml.Attr) (cyclonedxNames, error) {
	v := cyclonedxNames{ref: attribute(attributes, "bom-ref"), kind: attribute(attributes, "type")}
	texts := map[string]*string{"group": &v.group, "name": &v.name, "version": &v.version, "purl": &v.purl}
	err := c.children(func(name string, _ []xml.Attr) error {
		if into, ok := texts[name]; ok {
			return c.text(into)
		}
		if name == "components" || name == "services" {
			return c.children(c.component)
		}
		return c.skip()
	})
	c.bom.addComponent(v)
	return v, err
}

func (c cyclonedxXML) vulnerability(attributes []xml.Attr) error {
	v := cyclonedxVulnerability{Ref: attribute(attributes, "bom-ref")}
	var rejected string
	texts := map[string]*string{
		"id": &v.ID, "description": &v.Description, "detail": &v.Detail, "recommendation": &v.Recommendation,
		"rejected": &rejected,
	}
	err := c.children(func(name string, _ []xml.Attr) error {
		if into, ok := texts[name]; ok {
			return c.text(into)
		}
		switch name {
		case "source":
			return c.texts(map[string]*string{"url": &v.Source.URL})
		case "references":
			return c.list("reference", func([]xml.Attr) error { return c.reference(&v) })
		case "ratings":
			return c.list("rating", func([]xml.Attr) error { return c.rating(&v) })
		case "cwes":
			return c.list("cwe", func([]xml.Attr) error {
				var cwe string
				err := c.text(&cwe)
				v.CWEs.v = append(v.CWEs.v, anyText(cwe))
				return err
			})
		case "advisories":
			return c.list("advisory", func([]xml.Attr) error {
				var a cyclonedxAdvisory
				err := c.texts(map[string]*string{"url": &a.URL})
				v.Advisories = append(v.Advisories, a)
				return err
			})
		case "analysis":
			return c.texts(map[string]*string{"state": &v.Analysis.State})
		case "affects":
			return c.list("target", func([]xml.Attr) error { return c.target(&v) })
		}
		return c.skip()
	})
	if err == nil {
		v.Rejected = anyText(rejected)
		c.bom.add(&v)
	}
	return err
}

func (c cyclonedxXML) reference(v *cyclonedxVulnerability) error {
	var r cyclonedxReference
	err := c.children(func(name string, _ []xml.Attr) error {
		switch name {
		case "id":
			return c.text(&r.ID)
		case "source":
			return c.texts(map[string]*string{"url": &r.Source.URL})
		}
		return c.skip()
	})
	v.References.v = append(v.References.v, r)
	return err
}

func (c cyclonedxXML) rating(v *cyclonedxVulnerability) error {
	var r cyclonedxRating
	var score string
	texts := map[string]*string{"severity": &r.Severity, "score": &score, "method": &r.Method.v, "vector": &r.Vector.v}
	err := c.children(func(name string, _ []xml.Attr) error {
		if into, ok := texts[name]; ok {
			return c.text(into)
		}
		if name == "source" {
			return c.texts(map[string]*string{"name": &r.Source.v.Name, "url": &r.Source.v.URL})
		}
		return c.skip()
	})
	if err == nil {
		err = r.Score.UnmarshalJSON([]byte(score))
	}
	v.Ratings = append(v.Ratings, r)
	return err
}

func (c cyclonedxXML) target(v *cyclonedxVulnerability) error {
	var a cyclonedxAffects
	err := c.children(func(name string, _ []xml.Attr) error {
		switch name {
		case "ref":
			return c.text(&a.Ref)
		case "versions":
			return c.list("version", func([]xml.Attr) error {
				var version cyclonedxVersion
				err := c.texts(map[string]*string{
					"version": &version.Version, "range": &version.Range, "status": &version.Status,
				})
				a.Versions.v = append(a.Versions.v, version)
				return err
			})
		}
		return c.skip()
	})
	v.Affects = append(v.Affects, a)
	return err
}
