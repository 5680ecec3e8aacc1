package moduletest

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatecrier/app/fault"
	"gatecrier/app/module"
	"gatecrier/app/outbound"
)

// Conform runs the suite. newSender returns a sender that uses a client. newConfig returns an
// unprepared configuration that sends to a URL with a secret path and a secret query.
func Conform(t *testing.T, newSender func(*outbound.Client) module.Sender, newConfig func(url string) module.Config) {
	t.Helper()
	s := suite{newSender: newSender, newConfig: newConfig}
	s.testConfiguration(t)
	t.Run("statuses", s.testStatuses)
	t.Run("redirects", s.testRedirects)
	t.Run("retry at a date", s.testRetryDate)
	t.Run("hang", s.testHang)
	t.Run("broken off", s.testBrokenOff)
	t.Run("unreachable", s.testUnreachable)
	t.Run("guard", s.testGuard)
	t.Run("huge body", s.testHugeBody)
	t.Run("slow body", s.testSlowBody)
	t.Run("binary body", s.testBinaryBody)
	t.Run("echo", s.testRepeatedSecrets)
	t.Run("connections are kept", s.testConnectionsKept)
	t.Run("at once", s.testParallel)
	t.Run("same message again", s.testSameMessage)
	t.Run("hostile texts", s.testHostileTexts)
	t.Run("truncated texts", s.testTruncation)
	t.Run("shown as sent", s.testShown)
	t.Run("wrong TLS", s.testWrongTLS)
	t.Run("rebinding", s.testRebinding)
}

// ConformConfig runs the part of the suite about configurations, for senders that do not use HTTP.
// Their own tests check what they send of Usual and of each of HostileTexts.
func ConformConfig(t *testing.T, newSender func(*outbound.Client) module.Sender, config module.Config) {
	t.Helper()
	s := suite{
		newSender: newSender,
		newConfig: func(string) module.Config { return maps.Clone(config) },
	}
	s.testConfiguration(t)
}

func (s suite) testConfiguration(t *testing.T) {
	t.Run("descriptor", s.testDescriptor)
	t.Run("prepare", s.testPrepare)
	t.Run("hint", s.testHint)
}

func (s suite) testDescriptor(t *testing.T) {
	f := s.newFixture(t, status(200))
	if _, err := module.NewRegistry(f.sender); err != nil { // also of an icon that does not exist
		t.Error(err)
	}
	if d := f.sender.Descriptor(); d.Summary == "" {
		t.Errorf("descriptor without a summary: %+v", d)
	}
	for _, field := range f.sender.Descriptor().Fields {
		if field.Kind == module.FieldSecret && !field.Secret {
			t.Errorf("field %s is of the kind secret and is not kept secret", field.Name)
		}
	}
}

func (s suite) testPrepare(t *testing.T) {
	f := s.newFixture(t, status(200))
	given := s.newConfig(f.server.URL)
	untouched := maps.Clone(given)
	for name := range given {
		given[name], untouched[name] = " "+given[name]+"\n", " "+untouched[name]+"\n"
	}
	once, err := f.sender.Prepare(given)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(untouched, given); diff != "" {
		t.Errorf("prepare has changed its input: %s", diff)
	}
	for name, value := range once {
		if value != strings.TrimSpace(value) {
			t.Errorf("%s is not trimmed: %q", name, value)
		}
	}
	twice, err := f.sender.Prepare(once)
	if diff := cmp.Diff(once, twice); diff != "" || err != nil {
		t.Errorf("preparing again changes it: %v, %s", err, diff)
	}
	s.testPrepareRefuses(t, f, once)
}

func (s suite) testPrepareRefuses(t *testing.T, f *fixture, good module.Config) {
	for _, field := range f.sender.Descriptor().FormFields() {
		bad := maps.Clone(good)
		bad[field.Name] = strings.Repeat("x", 100_000) + secretPath
		f.checkField(bad, field.Name)
		if field.Required && !field.Generated {
			delete(bad, field.Name)
			f.checkField(bad, field.Name)
		}
		if field.Kind == module.FieldURL {
			bad[field.Name] = "ftp://example.com/" + secretPath
			f.checkField(bad, field.Name)
			bad[field.Name] = "http://169.254.169.254/" + secretPath
			f.checkField(bad, field.Name)
		}
	}
	bad := maps.Clone(good)
	bad["no_such_field"] = "x"
	f.checkField(bad, "no_such_field")
}

// checkField checks that a configuration is refused because of a field.
func (f *fixture) checkField(c module.Config, name string) {
	f.t.Helper()
	_, err := f.sender.Prepare(c)
	var fieldErr *fault.Error
	if !errors.As(err, &fieldErr) || fieldErr.Kind != fault.Invalid {
		f.t.Errorf("prepare with a bad %s: %v", name, err)
		return
	}
	f.checkSecrets("error", err.Error())
	for _, field := range fieldErr.Fields {
		if field.Name == name {
			return
		}
	}
	f.t.Errorf("prepare with a bad %s complains of %+v", name, fieldErr.Fields)
}

func (s suite) testHint(t *testing.T) {
	f := s.newFixture(t, status(200))
	hint := f.sender.Hint(f.config)
	if hint == "" {
		t.Error("there is no hint")
	}
	f.checkSecrets("hint", hint)
	if long := secretQuery[len(secretQuery)-5:]; strings.Contains(hint, long) {
		t.Errorf("hint %q shows more than four characters", hint)
	}
}
