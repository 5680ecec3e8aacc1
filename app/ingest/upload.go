package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// maxFiles bounds the reports of a request.
const maxFiles = 100

// File is one of the reports of a request.
type File struct {
	Name   string // for errors, such as "b.json"; "" = none
	Source string // "" = that of the destination
	Body   io.Reader
}

// Upload imports a report. It reads and compares the report before any transaction, and
// compares again if another import of the same destination was faster. decode says how the
// body can be encoded and packed.
func (s *Service) Upload(ctx context.Context, actor authz.Actor, dest Destination, body io.Reader) (Result, error) {
	files := []File{{Body: body}}
	results, err := s.UploadFiles(ctx, actor, dest, func() (File, error) {
		if len(files) == 0 {
			return File{}, io.EOF
		}
		f := files[0]
		files = nil
		return f, nil
	})
	if err != nil {
		return Result{}, err
	}
	return results[0], nil
}

// UploadFiles imports the reports that next returns until io.EOF: all of them or, with an error,
// none. Each replaces another source, and the gate is evaluated once. The body of a file is read
// before the next call of next.
func (s *Service) UploadFiles(
	ctx context.Context, actor authz.Actor, dest Destination, next func() (File, error),
) ([]Result, error) {
	if err := s.authorize(ctx, actor, &dest); err != nil {
		return nil, err
	}
	r := s.memory.begin(ctx, nil, s.settings().MaxBytes)
	defer r.end()
	parts, err := readParts(r, dest, next)
	if err != nil {
		return nil, err
	}
	if d, err := documentIn(parts); d != nil || err != nil {
		return s.assess(ctx, actor, dest, d, err)
	}
	if err := s.expireWaivers(ctx, dest.ProductID); err != nil {
		return nil, err
	}
	return untilCurrent(func() ([]Result, error) { return s.importParts(ctx, actor, dest, parts) })
}

// readParts reads the files one after the other. Together they are one report for the memory gate.
func readParts(r *gatedReader, dest Destination, next func() (File, error)) ([]*incoming, error) {
	var parts []*incoming
	for {
		file, err := next()
		switch {
		case errors.Is(err, io.EOF) && len(parts) > 0:
			return parts, nil
		case errors.Is(err, io.EOF):
			return nil, fault.BadField("file", "Send the report in the field file")
		case err != nil:
			return nil, err
		case len(parts) == maxFiles:
			return nil, fault.BadField("file", "At most 100 files in a request")
		}
		r.body = decode(file.Body, r.limit)
		p, err := newIncoming(r, dest, file, len(parts)+1)
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
}

// importParts imports the reports of a request, as compared with the present sources.
func (s *Service) importParts(
	ctx context.Context, actor authz.Actor, dest Destination, parts []*incoming,
) ([]Result, error) {
	before, err := s.loadSnapshot(ctx, dest)
	if err != nil {
		return nil, err
	}
	changes, err := s.changesOf(ctx, before, parts)
	if err != nil {
		return nil, err
	}
	if before.branch.Evaluated && !before.renames(dest) && isUnchanged(changes) {
		return s.unchanged(ctx, dest, before, changes)
	}
	results, err := s.stageAndWrite(ctx, actor, dest, before, changes)
	if err != nil {
		return nil, err
	}
	return s.endOtherDuplicates(ctx, actor, dest, causeOf(changes), results), nil
}

// changesOf compares reports with the present sources.
func (s *Service) changesOf(ctx context.Context, before snapshot, parts []*incoming) ([]*change, error) {
	targets, err := findAll(parts, before.sources)
	if err != nil {
		return nil, err
	}
	if before.said, err = s.statementsOf(ctx, before.productID); err != nil {
		return nil, err
	}
	var changes []*change
	for i, p := range parts {
		if err := s.finishStaged(ctx, targets[i]); err != nil {
			return nil, err
		}
		c, err := s.changeOf(ctx, before, p, targets[i])
		if err != nil {
			return nil, p.wrong(err)
		}
		changes = append(changes, c)
	}
	return changes, nil
}

// findAll finds the sources that reports replace. It returns an error if two replace the same.
func findAll(parts []*incoming, sources []models.Source) ([]models.Source, error) {
	var found []models.Source
	type key struct{ scanner, name string }
	sources, by := append([]models.Source(nil), sources...), map[key]*incoming{}
	for _, p := range parts {
		target := p.find(sources)
		k := key{target.Scanner, target.Name}
		if other := by[k]; other != nil {
			return nil, fault.BadField("source", fmt.Sprintf("%s: the same source as %s, “%s”. Name the source of each file "+
				"by its form field, such as image=@a.json and config=@b.json",
				p.label, first(other.label, "file 1"), nameOf(target)))
		}
		by[k] = p
		found = append(found, target)
		sources = withTarget(sources, target, p)
	}
	return found, nil
}

// withTarget returns the sources as they are after a report of one of them.
func withTarget(sources []models.Source, target models.Source, p *incoming) []models.Source {
	facts := target.Facts.Decode()
	b := bundleOf(facts, p.tools(), target.LastReportAt)
	facts.Tools, facts.Alone = b.tools, b.alone
	target.Facts = facts.Encode()
	for i := range sources {
		if target.ID != 0 && sources[i].ID == target.ID {
			sources[i] = target
			return sources
		}
	}
	return append(sources, target)
}
