package ingest

import (
	"fmt"
	"strings"
)

// sarifVersion is the only version that is read. Others have other places for the tool, the
// rules and the files.
const sarifVersion = "2.1.0"

// sarifScan is what a file says about its scans: whether they ran, and to their end.
type sarifScan struct {
	refused  *refusal // the first that holds in any case
	unsaid   *refusal // the first run that has no results and does not say why
	brokenAt string   // the place that says that a scan broke off; "" = none did
	warnings []string // of runs that found nothing
}

// sarifRunState is what a run says about its scan.
type sarifRunState struct {
	hasResults bool   // a list, perhaps an empty one
	active     bool   // a finding is active: others are as good as none for a scan that failed
	externalAt string // places; "" = none
	failedAt   string
	killedAt   string
	errorAt    string // of a tool's execution
	emptyAt    string // why a scan that found nothing has failed
	noticedAt  string // of a scan that was successful all the same
	notice     string
	exitAt     string // an exit code that nothing explains
}

// check returns the version first, since files of other versions have other types.
func (s *sarif) check(clean bool) error {
	if s.version != sarifVersion {
		return &refusal{"version", s.otherVersion()}
	}
	if s.typeErrs.first != nil {
		return s.typeErrs.first
	}
	if s.runs == 0 {
		s.scan.refuse("runs", "the file has no runs, so no scan ran. Check the step that runs the scanner")
	}
	switch {
	case s.scan.refused != nil:
		return s.scan.refused
	case s.scan.unsaid != nil && !clean:
		return s.scan.unsaid
	}
	return nil
}

func (s *sarif) otherVersion() string {
	if s.version == "" {
		return "the file does not name its version, and only SARIF 2.1.0 is read. Let the tool write SARIF 2.1.0"
	}
	return fmt.Sprintf("this is SARIF version %s, 2.1.0 is read. Let the tool write SARIF 2.1.0, or convert the file",
		clean(s.version, 60))
}

func (s *sarifScan) refuse(place, why string) {
	if s.refused == nil {
		s.refused = &refusal{place, why}
	}
}

// judgeRun notes whether the current run is one of a scan that ran. It is called after the run.
func (s *sarif) judgeRun() {
	r, at := &s.run.state, s.doc.location()
	switch {
	case strings.TrimSpace(s.run.tool) == "":
		s.scan.refuse(at+".tool.driver.name", "the run does not name its tool, as SARIF 2.1.0 requires. Check what wrote it")
	case r.externalAt != "":
		s.scan.refuse(r.externalAt, "the results are kept in another file. Let the tool write them into the run")
	case !r.active && first(r.failedAt, r.killedAt, r.emptyAt) != "":
		s.scan.refuse(first(r.failedAt, r.killedAt, r.emptyAt),
			"the scan failed and found nothing. Repeat it, and send its report")
	case !r.hasResults && s.scan.unsaid == nil:
		s.scan.unsaid = &refusal{at + ".results", "the run has no list of results, as if the scan did not run. " + sayClean}
	}
	s.scan.brokenAt = first(s.scan.brokenAt, r.killedAt)
	if r.failedAt != "" {
		s.scan.brokenAt = first(s.scan.brokenAt, r.errorAt)
	}
	if !r.active && len(s.scan.warnings) < maxScanWarnings {
		s.scan.warnings = append(s.scan.warnings, r.warnings()...)
	}
}

// maxScanWarnings bounds the warnings about the runs of a file.
const maxScanWarnings = 10

// warnings returns what users should know of a scan that found nothing.
func (r *sarifRunState) warnings() []string {
	var list []string
	if r.noticedAt != "" {
		says := ""
		if r.notice != "" {
			says = ": " + r.notice
		}
		list = append(list, "The scan found nothing, but its tool notes an error (in "+r.noticedAt+says+"). Check the scan")
	}
	if r.exitAt != "" {
		list = append(list, "The scan found nothing, but its tool did not end with 0 (in "+r.exitAt+"). Check the scan")
	}
	return list
}

// results reads the results of a run.
func (s *sarif) results() error {
	given, err := s.doc.given(nil, s.result)
	s.run.state.hasResults = s.run.state.hasResults || given
	return err
}

// externalReferences reads the references of a run to external files. Only those to results matter.
func (s *sarif) externalReferences() error {
	return s.doc.object(func(key string) error {
		if key == "results" {
			return s.doc.array(func() error { return s.skipAt(&s.run.state.externalAt) })
		}
		return s.doc.skip()
	})
}

// inlineProperties reads properties outside of the runs that they belong to.
func (s *sarif) inlineProperties() error {
	return s.doc.object(func(key string) error {
		if key == "results" {
			return s.doc.array(func() error {
				s.scan.refuse(s.doc.location(), "the results are kept outside of the run. Let the tool write them into the run")
				return s.doc.skip()
			})
		}
		return s.doc.skip()
	})
}

// skipAt skips a value and notes its place, unless there is one.
func (s *sarif) skipAt(place *string) error {
	*place = first(*place, s.doc.location())
	return s.doc.skip()
}
