package ingest

import (
	"context"
	"io"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"gatecrier/app/authz"
	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/app/gate"
	"gatecrier/app/settings"
	"gatecrier/models"
)

// formatCounts marks a source that gives bare counts.
const formatCounts = models.FormatCounts

// Service imports reports and counts.
type Service struct {
	store    *models.Store
	gates    *gate.Service
	events   *event.Log
	settings func() settings.Reports
	mu       sync.Mutex
	seen     map[int64]time.Time // sources that reported and changed nothing
	heavy    memoryGate
}

// New returns a service that reads its settings anew each time.
func New(store *models.Store, gates *gate.Service, events *event.Log, current func() settings.Reports) *Service {
	return &Service{
		store:    store,
		gates:    gates,
		events:   events,
		settings: current,
		seen:     map[int64]time.Time{},
		heavy:    newHeavy(),
	}
}

// Destination says where a report belongs: an import replaces the earlier one of the
// same product, branch, scanner and source.
type Destination struct {
	ProductID int64
	Branch    string // "" = the default branch
	Scanner   string // "" = the tool's name in the report
	Source    string
	AsDefault bool // name the default branch, while it is still empty
	// Once, if set, is called with the result in the transaction of an import
	// of a report; its error undoes the import.
	Once func(tx *models.Tx, r Result) error
}

// Result is the answer to an import.
type Result struct {
	Format string
	Tally  Tally
	Branch string
	Counts models.Counts // of the branch, over all its sources
	Gate   gate.Outcome
}

// Upload imports a report. It reads and compares before any transaction, and
// compares again where another import of the same slot was faster.
func (s *Service) Upload(ctx context.Context, actor authz.Actor, dest Destination, body io.Reader) (Result, error) {
	if err := s.admit(ctx, actor, &dest); err != nil {
		return Result{}, err
	}
	h := s.heavy.begin(ctx, body)
	defer h.end()
	report, err := Parse(h)
	if err != nil {
		return Result{}, err
	}
	if dest.Scanner == "" {
		dest.Scanner = clean(report.Tool, maxTitle)
	}
	if dest.Scanner == "" || strings.EqualFold(dest.Scanner, models.ManualScanner) {
		dest.Scanner = report.Format
	}
	for try := 0; ; try++ {
		result, err := s.importReport(ctx, actor, dest, report)
		if try < 4 && fault.Is(err, fault.Conflict) {
			continue
		}
		return result, err
	}
}

func (s *Service) importReport(
	ctx context.Context, actor authz.Actor, dest Destination, report Report,
) (Result, error) {
	before, err := s.look(ctx, dest)
	if err != nil {
		return Result{}, err
	}
	if err := s.settleFirst(ctx, before); err != nil {
		return Result{}, err
	}
	p, err := compare(report, s.known(ctx, before), s.store.Now())
	if err != nil {
		return Result{}, err
	}
	result := Result{Format: report.Format, Tally: p.tally}
	if p.size() == 0 && before.settled(report.Format) && !before.renames(dest) {
		return s.unchanged(ctx, dest, before, result)
	}
	cause := event.Cause{Kind: event.CauseImport, Text: reportText(dest)}
	c := change{format: report.Format, counts: p.counts, cause: cause, activated: p.activated, plan: p}
	if p.size() > stageFrom {
		return s.stage(ctx, actor, dest, before, c, result)
	}
	return s.write(ctx, actor, dest, before, c, result)
}

// known lists what a source said before.
func (s *Service) known(ctx context.Context, before snapshot) each {
	return func(fn func(o *models.Observation)) error {
		if !before.hasSource {
			return nil
		}
		return s.store.EachObservation(ctx, before.source.ID, fn)
	}
}

// unchanged answers an import that changes nothing: no transaction, unless the
// answer itself is to be kept. The source may have moved on between the reads
// that said so; then it is a conflict, and compared again.
func (s *Service) unchanged(ctx context.Context, dest Destination, before snapshot, r Result) (Result, error) {
	s.touch(before.source.ID) // first: whoever looks for silence after the next look finds it
	now, err := s.look(ctx, dest)
	if err != nil {
		return Result{}, err
	}
	if !now.hasSource || now.source.ID != before.source.ID || now.source.Version != before.source.Version {
		return Result{}, errSourceChanged
	}
	if now.branch.Default && !now.branch.StaleSince.IsZero() {
		if err := s.heardAgain(ctx, dest.ProductID, now.source.ID); err != nil {
			return Result{}, err
		}
	}
	r = now.unchanged(r)
	if s.overdue(now.source) {
		return r, s.writeReportTime(ctx, dest, now.source, r)
	}
	s.touch(now.source.ID)
	if dest.Once == nil {
		return r, nil
	}
	return r, s.store.Write(ctx, func(tx *models.Tx) error { return dest.Once(tx, r) })
}

var errSourceChanged = fault.New(fault.Conflict, "Another import of the same source was faster: send it again")

// Counts takes bare counts from a scanner whose reports are not read, in place
// of what that scanner said before.
func (s *Service) Counts(
	ctx context.Context, actor authz.Actor, dest Destination, counts models.Counts,
) (Result, error) {
	if err := s.admit(ctx, actor, &dest); err != nil {
		return Result{}, err
	}
	if err := checkCounts(dest, counts); err != nil {
		return Result{}, err
	}
	for try := 0; ; try++ {
		result, err := s.importCounts(ctx, actor, dest, counts)
		if try < 4 && fault.Is(err, fault.Conflict) {
			continue
		}
		return result, err
	}
}

func (s *Service) importCounts(
	ctx context.Context, actor authz.Actor, dest Destination, counts models.Counts,
) (Result, error) {
	before, err := s.look(ctx, dest)
	if err != nil {
		return Result{}, err
	}
	if err := s.settleFirst(ctx, before); err != nil {
		return Result{}, err
	}
	if before.hasSource && before.source.Version > 0 && before.source.Format != formatCounts {
		return Result{}, fault.BadField(
			"scanner",
			"Reports of this scanner are imported already: bare counts need a scanner name of their own",
		)
	}
	result := Result{Format: formatCounts}
	if before.settled(formatCounts) && before.source.Counts == counts && !before.renames(dest) {
		dest.Once = nil // an answer is kept for reports alone
		return s.unchanged(ctx, dest, before, result)
	}
	cause := event.Cause{Kind: event.CauseCounts, Text: "counts from " + dest.Scanner}
	return s.write(ctx, actor, dest, before, change{format: formatCounts, counts: counts, cause: cause}, result)
}

// snapshot is what was there before an import.
type snapshot struct {
	branch    models.Branch
	hasBranch bool
	source    models.Source
	hasSource bool
}

func (b snapshot) settled(format string) bool {
	return b.hasSource && b.source.Version > 0 && b.branch.Evaluated && b.source.Format == format
}

// renames reports whether a report asks for another default branch.
func (b snapshot) renames(dest Destination) bool { return dest.AsDefault && !b.branch.Default }

func (b snapshot) unchanged(r Result) Result {
	r.Branch, r.Counts = b.branch.Name, b.branch.Counts
	r.Gate = gate.Outcome{Before: b.branch.Gate, After: b.branch.Gate, Why: b.branch.Why}
	return r
}

func (s *Service) look(ctx context.Context, dest Destination) (snapshot, error) {
	var b snapshot
	var err error
	b.branch, err = s.store.BranchByName(
		ctx, models.SystemScope("the right to import was checked"), dest.ProductID, dest.Branch,
	)
	if fault.Is(err, fault.NotFound) {
		return b, nil
	}
	if err != nil {
		return b, err
	}
	b.hasBranch = true
	b.source, b.hasSource, err = s.store.Source(ctx, b.branch.ID, dest.Scanner, dest.Source)
	return b, err
}

// change is what an import makes current.
type change struct {
	format    string
	counts    models.Counts
	cause     event.Cause
	activated gate.Activated
	plan      *plan                     // nil for bare counts
	hold      func(tx *models.Tx) error // of a staged import: that it is still its own
}

// write makes an import current, with the gate that follows from it.
func (s *Service) write(
	ctx context.Context, actor authz.Actor, dest Destination, before snapshot, c change, result Result,
) (Result, error) {
	err := s.store.Write(ctx, func(tx *models.Tx) error {
		if err := tx.LockProduct(dest.ProductID); err != nil {
			return err
		}
		if c.hold != nil {
			if err := c.hold(tx); err != nil {
				return err
			}
		}
		if !before.hasBranch || dest.AsDefault {
			if err := tx.EnsureBranch(dest.ProductID, dest.Branch, dest.AsDefault); err != nil {
				return err
			}
		}
		g, err := tx.GateOf(dest.ProductID, dest.Branch)
		if fault.Is(err, fault.NotFound) && before.hasBranch {
			return errSourceChanged // the branch was removed meanwhile, or has another name
		}
		if err != nil {
			return err
		}
		if err := s.heard(tx, g); err != nil {
			return err
		}
		was, err := s.replace(tx, g.Branch, dest, before, c)
		if err != nil {
			return err
		}
		total := g.Branch.Counts.Minus(was).Plus(c.counts)
		outcome, err := s.gates.Evaluate(
			tx, g, gate.Change{Counts: total, Cause: c.cause, Actor: actor.Label, Activated: c.activated},
		)
		if result.Branch, result.Counts, result.Gate = g.Branch.Name, total, outcome; err != nil || dest.Once == nil {
			return err
		}
		return dest.Once(tx, result)
	})
	if err != nil {
		return Result{}, err
	}
	return result, nil
}

// replace puts an import in the place of its source's earlier one, and returns
// the counts that one had. It is a conflict if the source has moved on.
func (s *Service) replace(
	tx *models.Tx, branch models.Branch, dest Destination, before snapshot, c change,
) (models.Counts, error) {
	src, was := before.source, before.source.Counts
	if !before.hasSource {
		src = models.Source{BranchID: branch.ID, Scanner: dest.Scanner, Name: dest.Source}
	}
	src.Format, src.Counts, src.LastReportAt = c.format, c.counts, tx.Now()
	if err := tx.SaveSource(&src); err != nil || c.plan == nil {
		return was, err
	}
	insert := c.plan.inserted(c.plan.insert)
	for i := range insert {
		insert[i].BranchID, insert[i].SourceID = branch.ID, src.ID
	}
	if err := tx.InsertObservations(insert); err != nil {
		return was, err
	}
	for _, o := range c.plan.updated(c.plan.update) {
		if err := tx.UpdateObservation(o); err != nil {
			return was, err
		}
	}
	return was, tx.ResolveObservations(c.plan.resolve)
}

// May checks the right to import into a product.
func (s *Service) May(ctx context.Context, actor authz.Actor, productID int64) error {
	return authz.Require(ctx, s.store, actor, authz.Import, productID)
}

// admit checks the right to import and the slot's names.
func (s *Service) admit(ctx context.Context, actor authz.Actor, dest *Destination) error {
	if err := s.May(ctx, actor, dest.ProductID); err != nil {
		return err
	}
	var bad fault.Fields
	dest.Branch = strings.TrimSpace(dest.Branch)
	dest.Scanner = strings.TrimSpace(dest.Scanner)
	dest.Source = strings.TrimSpace(dest.Source)
	for _, f := range []struct{ name, value string }{{"branch", dest.Branch}, {"scanner", dest.Scanner}, {"source", dest.Source}} {
		if why := checkName(f.value); why != "" {
			bad.Add(f.name, why)
		}
	}
	if strings.EqualFold(dest.Scanner, models.ManualScanner) {
		bad.Add("scanner", "“manual” is for observations that people enter by hand")
	}
	if dest.AsDefault && dest.Branch == "" {
		bad.Add("branch", "Name the branch that is to be the default")
	}
	return bad.Err()
}

func checkName(name string) string {
	switch {
	case !utf8.ValidString(name):
		return "Must be UTF-8"
	case utf8.RuneCountInString(name) > 255:
		return "At most 255 characters"
	case strings.ContainsFunc(name, unicode.IsControl):
		return "No control characters"
	}
	return ""
}

// maxCount keeps sums of counts far from overflow.
const maxCount = 1_000_000_000

func checkCounts(dest Destination, counts models.Counts) error {
	var bad fault.Fields
	if dest.Scanner == "" {
		bad.Add("scanner", "Name the scanner that the counts come from")
	}
	for _, sev := range models.Severities() {
		if n := counts.Of(sev); n < 0 || n > maxCount {
			bad.Add("counts."+sev.String(), "From 0 to 1,000,000,000")
		}
	}
	return bad.Err()
}

func reportText(dest Destination) string {
	text := "a report of " + dest.Scanner
	if dest.Source != "" {
		text += " (" + dest.Source + ")"
	}
	return text
}
