package ingest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"gatecrier/app/fault"
	"gatecrier/models"
)

const (
	// matrixSpan is the time within which a reference must not return after another.
	matrixSpan = 24 * time.Hour
	// maxReferences bounds the references that a source remembers.
	maxReferences = 50
	// maxAhead is how far in the future a report can have been made. A later time is not believed:
	// it would make all reports late until then.
	maxAhead = time.Hour
)

// following is what a report means to its source.
type following struct {
	facts    models.SourceFacts // of the source, after the import
	made     time.Time          // of the newest report
	partial  bool               // what the report does not contain stays as it is
	late     bool               // it was made before the source's last report
	warnings []string
}

// follow returns what a report means to its source, or why it is no report of the same scan. last
// has the times of the source's last report.
func (p *incoming) follow(source models.Source, last models.ReportTimes, now time.Time) (following, error) {
	was := source.Facts.Decode()
	f := following{facts: was, made: last.Made, partial: p.report.Partial}
	if p.isOtherKind(was) {
		return f, fault.BadField("source", fmt.Sprintf(
			"This is another kind of scan: name a source for it (--source). The report has only %s, and “%s” had %s",
			listed(p.report.Classes), nameOf(source), listed(was.Classes),
		))
	}
	if was.Subject != p.report.Subject {
		was.References, f.facts.Digests = nil, nil
	}
	if after := p.returnsAfter(was.References, now); after != "" {
		return f, fault.BadField("source", fmt.Sprintf(
			"%s returned after %s within a day, so several images share this source: name one (--source). Each report "+
				"would resolve what the other one has found", p.report.Reference, after,
		))
	}
	f.compareTimes(p.madeAt(now), last.Made)
	f.followBundle(was, p.tools(), now)
	f.facts.Subject, f.facts.Unnamed, f.facts.References = p.report.Subject, p.unnamed(), was.References
	if !f.late { // else the source goes on from its newest report
		f.facts.Digests = p.report.Digests
		f.facts.References = referencesAfter(was.References, p.report.Reference, last.Received, now)
	}
	for _, class := range p.report.Classes {
		if !slices.Contains(f.facts.Classes, class) {
			f.facts.Classes = append(slices.Clone(f.facts.Classes), class)
		}
	}
	return f, nil
}

// compareTimes notes when the report was made. One that was made before the source's last one is late.
func (f *following) compareTimes(made, last time.Time) {
	if made.IsZero() {
		return
	}
	if !made.Before(last) {
		f.made = made
		return
	}
	f.partial, f.late = true, true
	f.warnings = append(f.warnings, fmt.Sprintf(
		"The report is older than the last one of its source: it was made %s, the last one %s (UTC). Its new findings "+
			"were added, and nothing else was changed or resolved", made.Format(time.DateTime), last.Format(time.DateTime),
	))
}

// followBundle notes the tools of the report.
func (f *following) followBundle(was models.SourceFacts, tools []string, now time.Time) {
	b := bundleOf(was, tools, now)
	f.facts.Tools, f.facts.Alone = b.tools, b.alone
	if len(b.unsure) > 0 {
		f.partial = true
		f.warnings = append(f.warnings, b.unsureWarning(tools))
	}
	if !f.partial {
		f.facts.Missing = b.missing
		f.warnings = append(f.warnings, b.warnings(now)...)
	}
}

// isOtherKind reports whether all classes of results in the report are new to its source.
func (p *incoming) isOtherKind(was models.SourceFacts) bool {
	return len(was.Classes) > 0 && len(p.report.Classes) > 0 && !shareText(was.Classes, p.report.Classes)
}

func shareText(a, b []string) bool {
	return slices.ContainsFunc(a, func(text string) bool { return slices.Contains(b, text) })
}

// madeAt returns the time when the report was made, zero if it does not say so, or says one in the
// future.
func (p *incoming) madeAt(now time.Time) time.Time {
	if p.report.MadeAt.IsZero() || p.report.MadeAt.After(now.Add(maxAhead)) {
		return time.Time{}
	}
	return p.report.MadeAt.UTC().Truncate(time.Microsecond) // as it is stored
}

// returnsAfter returns the reference after which that of an unnamed report returns within
// matrixSpan, "" if it does not.
func (p *incoming) returnsAfter(references []models.SourceReference, now time.Time) string {
	n, reference := len(references), p.report.Reference
	if n == 0 || reference == "" || p.report.Subject == "" || !p.unnamed() || references[n-1].Reference == reference {
		return ""
	}
	for _, r := range references[:n-1] {
		if r.Reference == reference && now.Sub(r.At) <= matrixSpan {
			return references[n-1].Reference
		}
	}
	return ""
}

// referencesAfter returns the references of a source after a report of one, without those that are
// older than matrixSpan. last is the time of the report before. A report of the last reference
// leaves the list as it is, so that nothing is written for it.
func referencesAfter(was []models.SourceReference, reference string, last, now time.Time) []models.SourceReference {
	n := len(was)
	if reference == "" || n > 0 && was[n-1].Reference == reference {
		return was
	}
	var list []models.SourceReference
	for i, r := range was {
		if i == n-1 && last.After(r.At) {
			r.At = last
		}
		if r.Reference != reference && (now.Sub(r.At) <= matrixSpan || i == n-1) {
			list = append(list, r)
		}
	}
	list = append(list, models.SourceReference{Reference: reference, At: now})
	return list[max(0, len(list)-maxReferences):]
}

// unrelated returns the warning for a report that resolves all that its source had, and has
// nothing in common with it: it can be one of another scan. known reads the observations again,
// since this is rare.
func (p *incoming) unrelated(source models.Source, t Tally, known observations) (string, error) {
	was := source.Facts.Decode()
	if t.Resolved == 0 || t.Updated > 0 || t.Reopened > 0 || shareText(was.Classes, p.report.Classes) {
		return "", nil
	}
	if t.New == 0 {
		return p.emptyOther(source), nil
	}
	names := map[digest]bool{}
	for f := range p.report.Findings.All() {
		for _, name := range namesOf(f.Title, f.Details.Decode().Rule, f.Component) {
			names[name] = true
		}
	}
	related := false
	err := known(func(o *models.Observation) {
		if related || !o.InReport() {
			return
		}
		related = slices.ContainsFunc(namesOf(o.Title, o.Details.Decode().Rule, o.Component),
			func(name digest) bool { return names[name] })
	})
	if err != nil || related {
		return "", err
	}
	return fmt.Sprintf("All earlier observations of “%s” are resolved, and the report has no rule and no package in "+
		"common with them. If it is of another scan, name its source (--source)", nameOf(source)), nil
}

// emptyOther returns the warning for an empty report that is of something else than the source's last
// one: in another format, or of another subject.
func (p *incoming) emptyOther(source models.Source) string {
	now, before := p.report.Format, source.Format
	if was := source.Facts.Decode().Subject; was != "" && p.report.Subject != "" && was != p.report.Subject {
		now, before = now+" of "+p.report.Subject, before+" of "+was
	}
	if before == "" || now == before {
		return ""
	}
	return fmt.Sprintf("All earlier observations of “%s” are resolved by an empty report of another kind: it is %s, the "+
		"last one was %s. If it is of another scan, name its source (--source)", nameOf(source), now, before)
}

// namesOf returns what a finding has in common with others: its rule and its package.
func namesOf(title, rule, component string) []digest {
	names := []digest{digestOf("rule", title)}
	if rule != "" && rule != title {
		names = append(names, digestOf("rule", rule))
	}
	if component = packageOf(component); component != "" {
		names = append(names, digestOf("package", component))
	}
	return names
}

// packageOf returns the name of a component without its version.
func packageOf(component string) string {
	if blank := strings.LastIndexByte(component, ' '); blank > 0 {
		return component[:blank]
	}
	return component
}
