package ingest

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"gatecrier/app/fault"
	"gatecrier/models"
)

// incoming is one report of a request, and where the request says that it belongs.
type incoming struct {
	label   string // names it in errors, such as "file 2 (b.json)"; "" if the request has one report
	scanner string // "" = as the report says
	source  string // "" = what the report is of
	report  Report
}

// newIncoming reads a file. number is its position in the request, from 1.
func newIncoming(r io.Reader, dest Destination, file File, number int) (*incoming, error) {
	p := &incoming{scanner: dest.Scanner, source: strings.TrimSpace(file.Source)}
	switch name := clean(strings.ToValidUTF8(file.Name, "?"), maxTitle); {
	case name != "":
		p.label = fmt.Sprintf("file %d (%s)", number, name)
	case number > 1:
		p.label = fmt.Sprintf("file %d", number)
	}
	if why := checkName(p.source); why != "" {
		return nil, p.wrong(fault.BadField("source", why))
	}
	switch {
	case dest.Source != "" && number > 1:
		return nil, fault.BadField("source", "The parameter source is for one file. Name the source of each file by its "+
			"form field, such as image=@a.json and config=@b.json")
	case dest.Source != "" && p.source != "" && p.source != dest.Source:
		return nil, fault.BadField("source", "The parameter and the form field name different sources")
	case dest.Source != "":
		p.source = dest.Source
	}
	var err error
	if p.report, err = parseFor(dest, r); err != nil {
		return nil, p.wrong(err)
	}
	p.report.Subject = clean(p.report.Subject, maxTitle)
	p.report.Reference = clean(p.report.Reference, maxTitle)
	return p, nil
}

// wrong returns an error with the label of the report in its text and its fields.
func (p *incoming) wrong(err error) error {
	if p.label == "" {
		return err
	}
	var f *fault.Error
	if !errors.As(err, &f) {
		return err
	}
	labeled := *f
	labeled.Fields = slices.Clone(f.Fields)
	for i := range labeled.Fields {
		labeled.Fields[i].Message = p.label + ": " + labeled.Fields[i].Message
	}
	if len(labeled.Fields) == 0 {
		labeled.Text = p.label + ": " + f.Text
	}
	return &labeled
}

// tools returns the tools of a SARIF file, nil of other reports, and if the request names the
// scanner.
func (p *incoming) tools() []string {
	if p.scanner != "" {
		return nil
	}
	var tools []string
	for _, tool := range p.report.Tools {
		if tool = clean(tool, maxTitle); tool == "" || isManual(tool) {
			tool = p.report.Format
		}
		if !slices.Contains(tools, tool) {
			tools = append(tools, tool)
		}
	}
	return tools
}

// scannerName returns the scanner of a source that the report is the first of.
func (p *incoming) scannerName() string {
	name := first(p.scanner, clean(p.report.Tool, maxTitle))
	if name == "" || isManual(name) {
		return p.report.Format
	}
	return name
}

// sourceName returns the name of the report's source.
func (p *incoming) sourceName() string { return first(p.source, p.report.Subject) }

// unnamed reports whether the request does not name the source.
func (p *incoming) unnamed() bool { return p.source == "" }

// nameOf returns a source as texts name it.
func nameOf(s models.Source) string {
	if s.Name == "" {
		return s.Scanner
	}
	return s.Scanner + " (" + s.Name + ")"
}
