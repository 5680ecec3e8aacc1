package ingest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"gatecrier/app/vex"
	"gatecrier/models"
)

// openVEX reads OpenVEX 0.2.0, and the older form whose vulnerabilities and products are texts.
type openVEX struct {
	doc           *document
	made          vex.Document
	at            string // of the document
	updated       string
	hasStatements bool
	unexplained   int // statements that do not say why a product is not affected
	firstAt       string
}

func (o *openVEX) member(key string) (err error) {
	switch key {
	case "@id":
		o.made.ID, err = o.doc.textOrEmpty()
	case "author":
		o.made.Author, err = o.doc.textOrEmpty()
	case "timestamp":
		o.at, err = o.doc.textOrEmpty()
	case "last_updated":
		o.updated, err = o.doc.textOrEmpty()
	case "version":
		o.made.Version, err = o.version()
	case "statements":
		o.hasStatements, err = o.doc.given(nil, o.statement)
	default:
		err = o.doc.skip()
	}
	return err
}

// version reads a number, or a text as older documents have it.
func (o *openVEX) version() (string, error) {
	t, err := o.doc.dec.Token()
	if err != nil {
		return "", err
	}
	switch t := t.(type) {
	case json.Number:
		return t.String(), nil
	case string:
		return t, nil
	}
	return "", o.doc.skipRest(t)
}

type openVEXStatement struct {
	Vulnerability json.RawMessage   `json:"vulnerability"`
	Products      []json.RawMessage `json:"products"`
	Subcomponents []json.RawMessage `json:"subcomponents"` // of all products, in older documents
	Status        string            `json:"status"`
	Justification string            `json:"justification"`
	Impact        string            `json:"impact_statement"`
	Notes         string            `json:"status_notes"`
	Action        string            `json:"action_statement"`
	Timestamp     string            `json:"timestamp"`
	LastUpdated   string            `json:"last_updated"`
}

type openVEXComponent struct {
	ID          string `json:"@id"`
	Identifiers struct {
		PURL  string `json:"purl"`
		CPE23 string `json:"cpe23"`
		CPE22 string `json:"cpe22"`
	} `json:"identifiers"`
	Hashes        map[string]string `json:"hashes"`
	Versions      string            `json:"versions"` // a range; no field of the standard
	Subcomponents []json.RawMessage `json:"subcomponents"`
}

// openVEXStatuses are the labels of statuses.
var openVEXStatuses = map[string]models.Status{
	"not_affected": models.StatusNotAffected, "affected": models.StatusAffected, "fixed": models.StatusResolved,
	"under_investigation": models.StatusInReview,
}

// openVEXJustifications are the labels of justifications.
var openVEXJustifications = map[string]bool{
	"component_not_present": true, "vulnerable_code_not_present": true, "vulnerable_code_not_in_execute_path": true,
	"vulnerable_code_cannot_be_controlled_by_adversary": true, "inline_mitigations_already_exist": true,
}

func (o *openVEX) statement() error {
	place := o.doc.location()
	if len(o.made.Statements) == vex.MaxStatements {
		return tooManyStatements("statements")
	}
	var in openVEXStatement
	if ok, err := o.doc.decodeStrict(&in); err != nil || !ok {
		return err
	}
	s := vex.Statement{Justification: in.Justification, Impact: first(in.Impact, in.Notes), Action: in.Action}
	var err error
	if s.Vulnerability, err = o.vulnerability(place+".vulnerability", in.Vulnerability); err != nil {
		return err
	}
	var known bool
	if s.Status, known = openVEXStatuses[strings.ToLower(in.Status)]; !known {
		return wrongVEX(place+".status", "expected not_affected, affected, fixed or under_investigation")
	}
	switch {
	case in.Justification != "" && !openVEXJustifications[in.Justification]:
		return wrongVEX(place+".justification", "no label of OpenVEX: component_not_present, vulnerable_code_not_present, "+
			"vulnerable_code_not_in_execute_path, vulnerable_code_cannot_be_controlled_by_adversary or "+
			"inline_mitigations_already_exist")
	case s.Status == models.StatusNotAffected && in.Justification == "" && s.Impact == "":
		o.unexplained++
		o.firstAt = first(o.firstAt, place)
	case s.Status == models.StatusResolved:
		s.Justification = "fixed"
	}
	if s.At, err = statementTime(place, in.Timestamp, in.LastUpdated); err != nil {
		return err
	}
	if s.Products, err = o.products(place, in); err != nil {
		return err
	}
	o.made.Statements = append(o.made.Statements, s)
	return nil
}

// statementTime returns when a statement was made or last updated, zero if it does not say it.
func statementTime(place, timestamp, updated string) (at time.Time, err error) {
	if timestamp != "" {
		if at, err = vexTime(place+".timestamp", timestamp); err != nil {
			return at, err
		}
	}
	if updated == "" {
		return at, nil
	}
	last, err := vexTime(place+".last_updated", updated)
	if last.After(at) {
		at = last
	}
	return at, err
}

func (o *openVEX) vulnerability(place string, raw json.RawMessage) ([]string, error) {
	var v struct {
		Name    string   `json:"name"`
		Aliases []string `json:"aliases"`
	}
	if name, ok := textIn(raw); ok {
		v.Name = name
	} else if err := json.Unmarshal(raw, &v); err != nil {
		return nil, wrongVEX(place, "expected an object with the name of the vulnerability")
	}
	if strings.TrimSpace(v.Name) == "" {
		return nil, wrongVEX(place+".name", "the statement needs the name of a vulnerability, such as CVE-2026-1234")
	}
	names := vexNames(v.Name, v.Aliases)
	if len(names) == 0 {
		return nil, wrongVEX(place+".name", "at most 255 characters")
	}
	return names, nil
}

// textIn returns a JSON text.
func textIn(raw json.RawMessage) (text string, ok bool) {
	if len(raw) == 0 || raw[0] != '"' {
		return "", false
	}
	return text, json.Unmarshal(raw, &text) == nil
}

// products reads the products of a statement. A document can leave them to the one that it is in,
// but here there is no such document.
func (o *openVEX) products(place string, in openVEXStatement) ([]vex.Product, error) {
	if len(in.Products) == 0 {
		return nil, wrongVEX(place+".products", "the statement names no product that it is about")
	}
	var list []vex.Product
	for i, raw := range in.Products {
		at := fmt.Sprintf("%s.products[%d]", place, i)
		c, parts, err := openVEXProduct(at, raw)
		if err != nil {
			return nil, err
		}
		p := vex.Product{Component: c}
		base := at + ".subcomponents"
		if parts == nil {
			parts, base = in.Subcomponents, place+".subcomponents"
		}
		for j, raw := range parts {
			part, _, err := openVEXProduct(fmt.Sprintf("%s[%d]", base, j), raw)
			if err != nil {
				return nil, err
			}
			p.Parts = append(p.Parts, part)
		}
		list = append(list, p)
	}
	return list, nil
}

// openVEXProduct reads a product or a subcomponent.
func openVEXProduct(place string, raw json.RawMessage) (vex.Component, []json.RawMessage, error) {
	var in openVEXComponent
	if text, ok := textIn(raw); ok {
		in.ID = text
	} else if err := json.Unmarshal(raw, &in); err != nil {
		return vex.Component{}, nil, wrongVEX(place, "expected an object with @id or identifiers")
	}
	c := vex.Component{Hashes: in.hashes()}
	for _, id := range []string{in.ID, in.Identifiers.PURL, in.Identifiers.CPE23, in.Identifiers.CPE22} {
		if id = strings.TrimSpace(strings.ReplaceAll(id, "\x00", "")); id != "" {
			c.IDs = append(c.IDs, id)
		}
	}
	if in.Versions != "" {
		version, exact := vex.ExactVersion(in.Versions)
		c.Version, c.Range = version, !exact
	}
	return c, in.Subcomponents, nil
}

// hashes returns the hashes of a component as digests, such as sha256:12ab.
func (c *openVEXComponent) hashes() []string {
	var list []string
	for algorithm, hash := range c.Hashes {
		digest := strings.ReplaceAll(algorithm, "-", "") + ":" + strings.TrimSpace(hash)
		list = append(list, clean(strings.ToLower(digest), maxTitle))
	}
	slices.Sort(list)
	return list
}

// openVEXVersion matches the versions of documents.
var openVEXVersion = regexp.MustCompile(`^[1-9][0-9]{0,17}$`)

func (o *openVEX) end() (*vex.Document, error) {
	if o.doc.typeErrs.first != nil {
		return nil, o.doc.typeErrs.first
	}
	var err error
	d := &o.made
	if d.ID, err = vexID("@id", d.ID); err != nil {
		return nil, err
	}
	if d.Author = clean(d.Author, maxTitle); d.Author == "" {
		return nil, wrongVEX("author", "the document needs an author")
	}
	if d.Version = strings.TrimSpace(d.Version); !openVEXVersion.MatchString(d.Version) {
		return nil, wrongVEX("version", "expected a positive whole number, such as 1: it decides which document "+
			"is the newer one")
	}
	issued, err := vexTime("timestamp", o.at)
	if err != nil {
		return nil, err
	}
	if d.At = issued; o.updated != "" {
		last, err := vexTime("last_updated", o.updated)
		if err != nil {
			return nil, err
		}
		if last.After(issued) {
			d.At = last
		}
	}
	if !o.hasStatements {
		return nil, wrongVEX("statements", "the document has no list of statements")
	}
	for i := range d.Statements {
		if d.Statements[i].At.IsZero() {
			d.Statements[i].At = issued
		}
	}
	if o.unexplained > 0 {
		d.Warnings = append(d.Warnings, fmt.Sprintf(
			"%d statements do not say why a product is not affected (first: %s)", o.unexplained, o.firstAt,
		))
	}
	return d, nil
}
