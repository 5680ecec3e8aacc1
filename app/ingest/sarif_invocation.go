package ingest

import (
	"encoding/json"
	"strings"
)

// sarifInvocation is what an invocation says about the end of its tool.
type sarifInvocation struct {
	successful bool   // it says so
	failedAt   string // places; "" = none
	killedAt   string // a signal, or a process that did not start
	errorAt    string // the first error that the tool notes, of its execution
	noticedAt  string // the same, also of its configuration
	notice     string // the text of that one
	exitAt     string // an exit code other than 0
	start, end string
}

// invocation reads how the tool was run: when, with which levels of its rules, whether it says that
// it failed, and that it broke off.
func (s *sarif) invocation() error {
	var v sarifInvocation
	err := s.doc.object(func(key string) error { return s.invocationMember(&v, key) })
	s.run.invocations++
	s.run.state.add(&v)
	if at := timeOf(first(v.end, v.start)); at.After(s.madeAt) {
		s.madeAt = at
	}
	return err
}

func (s *sarif) invocationMember(v *sarifInvocation, key string) (err error) {
	switch key {
	case "executionSuccessful":
		var successful *bool
		if ok, err := s.doc.decodeStrict(&successful); err != nil || !ok {
			return err
		}
		v.successful = successful != nil && *successful
		if successful != nil && !*successful {
			v.failedAt = s.doc.location()
		}
	case "exitSignalName", "processStartFailureMessage":
		given, err := s.doc.isGiven()
		if given {
			v.killedAt = first(v.killedAt, s.doc.location())
		}
		return err
	case "exitCode":
		text, err := s.doc.scalar()
		if countIn(strings.TrimPrefix(text, "-")) > 0 {
			v.exitAt = s.doc.location()
		}
		return err
	case "toolExecutionNotifications", "toolConfigurationNotifications":
		return s.doc.array(func() error { return s.notification(v, key == "toolExecutionNotifications") })
	case "ruleConfigurationOverrides":
		return s.doc.either(s.skipMember, s.override)
	case "startTimeUtc":
		v.start, err = s.doc.textOrEmpty()
	case "endTimeUtc":
		v.end, err = s.doc.textOrEmpty()
	default:
		err = s.doc.skip()
	}
	return err
}

// add adds an invocation to what a run says about its scan. An exit code alone is no failure: many
// tools have one for findings.
func (r *sarifRunState) add(v *sarifInvocation) {
	r.failedAt = first(r.failedAt, v.failedAt)
	r.killedAt = first(r.killedAt, v.killedAt)
	r.errorAt = first(r.errorAt, v.errorAt)
	switch {
	case !v.successful:
		r.emptyAt = first(r.emptyAt, v.noticedAt)
		r.exitAt = first(r.exitAt, v.exitAt)
	case r.noticedAt == "":
		r.noticedAt, r.notice = v.noticedAt, v.notice
	}
}

// skipMember skips a member of an object that should be a list.
func (s *sarif) skipMember(string) error { return s.doc.skip() }

// notification reads a notification of the tool. Without a level it is a warning.
func (s *sarif) notification(v *sarifInvocation, ofExecution bool) error {
	var level, levelAt string
	var message, descriptor json.RawMessage
	err := s.doc.object(func(key string) (err error) {
		switch key {
		case "level":
			levelAt = s.doc.location()
			level, err = s.doc.textOrEmpty()
			return err
		case "message":
			return s.doc.dec.Decode(&message)
		case "descriptor":
			return s.doc.dec.Decode(&descriptor)
		}
		return s.doc.skip()
	})
	if !strings.EqualFold(level, "error") {
		return err
	}
	if ofExecution {
		v.errorAt = first(v.errorAt, levelAt)
	}
	if v.noticedAt == "" {
		v.noticedAt, v.notice = levelAt, noticeOf(message, descriptor)
	}
	return err
}

// maxNotice bounds the text of a notification in a warning, in bytes.
const maxNotice = 200

// noticeOf returns the text of a notification, else the ID of what it is about.
func noticeOf(message, descriptor json.RawMessage) string {
	var says loose[struct {
		Text loose[string] `json:"text"`
		ID   loose[string] `json:"id"`
	}]
	var about loose[struct {
		ID loose[string] `json:"id"`
	}]
	_ = says.UnmarshalJSON(message)     //nolint:errcheck // it never fails
	_ = about.UnmarshalJSON(descriptor) //nolint:errcheck // it never fails
	return clean(first(says.v.Text.v, about.v.ID.v, says.v.ID.v), maxNotice)
}
