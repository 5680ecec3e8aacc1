package api

import (
	"cmp"
	"strconv"

	"gatecrier/app/ingest"
	"gatecrier/models"
)

// importBody is the answer to a report or to counts.
type importBody struct {
	Format       string         `json:"format"`
	Branch       string         `json:"branch"`
	Scanner      string         `json:"scanner" doc:"Counts of the source of the report"`
	Source       string         `json:"source" doc:"Its name; without the parameter source, the artifact that the report is about"`
	Observations *tallyBody     `json:"observations,omitempty" doc:"Absent for bare counts"`
	Counts       models.Counts  `json:"counts" doc:"The branch's active observations, over all its sources"`
	Gate         importGate     `json:"gate"`
	VEX          *VEXChangeBody `json:"vex,omitempty" doc:"The changes made by a VEX document; absent for a report"`
	Warnings     []string       `json:"warnings,omitempty" doc:"Warnings about unusual handling; absent if none"`
	FailingBody
}

// importGate is a branch's gate before and after an import.
type importGate struct {
	Before models.GateState `json:"before" enum:"none,passed,failed"`
	After  models.GateState `json:"after" enum:"none,passed,failed"`
	Why    string           `json:"why"`
}

type tallyBody struct {
	New      int `json:"new"`
	Updated  int `json:"updated" doc:"Seen again, whether changed or not"`
	Reopened int `json:"reopened"`
	Resolved int `json:"resolved"`
}

func tallyOf(t ingest.Tally) tallyBody {
	return tallyBody{New: t.New, Updated: t.Updated, Reopened: t.Reopened, Resolved: t.Resolved}
}

func importOf(r ingest.Result) importBody {
	b := importBody{
		Format: r.Format, Branch: r.Branch, Scanner: r.Scanner, Source: r.Source, Counts: r.Counts, Warnings: r.Warnings,
		Gate: importGate{Before: r.Gate.Before, After: r.Gate.After, Why: r.Gate.Why},
	}
	if r.Format != models.FormatCounts {
		tally := tallyOf(r.Tally)
		b.Observations = &tally
	}
	if r.VEX != nil {
		changed := vexChangeOf(*r.VEX)
		b.VEX = &changed
	}
	return b
}

// importsBody is the answer to several reports in one request.
type importsBody struct {
	Branch string        `json:"branch"`
	Counts models.Counts `json:"counts" doc:"The branch's active observations, over all its sources, after all files"`
	Gate   importGate    `json:"gate" doc:"Evaluated once, after all files"`
	Files  []fileBody    `json:"files" doc:"In the order of the request"`
	FailingBody
}

// fileBody is what the import of one of several files did.
type fileBody struct {
	File         string    `json:"file" doc:"Its position and name: file 2 (b.json)"`
	Format       string    `json:"format"`
	Scanner      string    `json:"scanner"`
	Source       string    `json:"source"`
	Observations tallyBody `json:"observations"`
	Warnings     []string  `json:"warnings,omitempty"`
}

// answerOf returns the answer to an import: an importBody for one report, an importsBody for more.
func answerOf(results []ingest.Result) any {
	one := importOf(results[0])
	if len(results) == 1 {
		return one
	}
	b := importsBody{Branch: one.Branch, Counts: one.Counts, Gate: one.Gate}
	for i, r := range results {
		b.Files = append(b.Files, fileBody{
			File:         cmp.Or(r.File, "file "+strconv.Itoa(i+1)),
			Format:       r.Format,
			Scanner:      r.Scanner,
			Source:       r.Source,
			Observations: tallyOf(r.Tally),
			Warnings:     r.Warnings,
		})
	}
	return b
}
