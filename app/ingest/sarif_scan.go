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
}

// sarifRunState is what a run says about its scan.
type sarifRunState struct {
	hasResults bool // a list, perhaps an empty one
	findings   int
	externalAt string // places; "" = none
	failedAt   string
	brokenAt   string
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
	case r.failedAt != "" && r.findings == 0:
		s.scan.refuse(r.failedAt, "the scan failed and found nothing. Repeat it, and send its report")
	case !r.hasResults && s.scan.unsaid == nil:
		s.scan.unsaid = &refusal{at + ".results", "the run has no list of results, as if the scan did not run. " + sayClean}
	}
	if r.failedAt != "" {
		s.scan.brokenAt = first(s.scan.brokenAt, r.brokenAt)
	}
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

// invocation reads how the tool was run: when, with which levels of its rules, whether it says that
// it failed, and that it broke off.
func (s *sarif) invocation() error {
	r := &s.run.state
	var start, end string
	err := s.doc.object(func(key string) (err error) {
		switch key {
		case "executionSuccessful":
			var successful *bool
			if ok, err := s.doc.decodeStrict(&successful); err != nil || !ok {
				return err
			}
			if successful != nil && !*successful {
				r.failedAt = first(r.failedAt, s.doc.location())
			}
			return nil
		case "exitSignalName", "processStartFailureMessage":
			text, err := s.doc.textOrEmpty()
			if text != "" {
				r.brokenAt = first(r.brokenAt, s.doc.location())
			}
			return err
		case "toolExecutionNotifications":
			return s.doc.array(s.notification)
		case "ruleConfigurationOverrides":
			return s.doc.either(s.skipMember, s.override)
		case "startTimeUtc":
			start, err = s.doc.textOrEmpty()
			return err
		case "endTimeUtc":
			end, err = s.doc.textOrEmpty()
			return err
		}
		return s.doc.skip()
	})
	s.run.invocations++
	if at := timeOf(first(end, start)); at.After(s.madeAt) {
		s.madeAt = at
	}
	return err
}

// skipMember skips a member of an object that should be a list.
func (s *sarif) skipMember(string) error { return s.doc.skip() }

// notification reads a notification of the tool. Without a level it is a warning.
func (s *sarif) notification() error {
	return s.doc.object(func(key string) error {
		if key != "level" {
			return s.doc.skip()
		}
		level, err := s.doc.textOrEmpty()
		if strings.EqualFold(level, "error") {
			s.run.state.brokenAt = first(s.run.state.brokenAt, s.doc.location())
		}
		return err
	})
}
