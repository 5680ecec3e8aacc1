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

// Conform runs the suite. newSender returns a sender that uses a client; config returns an
// unprepared configuration that sends to a URL with a secret path and a secret query.
func Conform(t *testing.T, newSender func(*outbound.Client) module.Sender, config func(url string) module.Config) {
	t.Helper()
	s := suite{newSender, config}
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
	t.Run("shown as sent", s.testShown)
	t.Run("wrong TLS", s.testWrongTLS)
	t.Run("rebinding", s.testRebinding)
}

// ConformConfig runs the part of the suite about configurations, for senders that do not use HTTP.
// Their own tests check what they send of Usual and of each of HostileTexts.
func ConformConfig(t *testing.T, newSender func(*outbound.Client) module.Sender, config module.Config) {
	t.Helper()
	s := suite{newSender, func(string) module.Config { return maps.Clone(config) }}
	s.testConfiguration(t)
}

func (s suite) testConfiguration(t *testing.T) {
	t.Run("descriptor", s.testDescriptor)
	t.Run("prepare", s.testPrepare)
	t.Run("hint", s.testHint)
}

func (s suite) testDescriptor(t *testing.T) {
	r := s.newFixture(t, status(200))
	if _, err := module.NewRegistry(r.sender); err != nil {
		t.Error(err)
	}
	if d := r.sender.Descriptor(); d.Icon == "" || d.Summary == "" {
		t.Errorf("descriptor without an icon or a summary: %+v", d)
	}
	for _, f := range r.sender.Descriptor().Fields {
		if f.Kind == module.FieldSecret && !f.Secret {
			t.Errorf("field %s is of the kind secret and is not kept secret", f.Name)
		}
	}
}

func (s suite) testPrepare(t *testing.T) {
	r := s.newFixture(t, status(200))
	given := s.newConfig(r.server.URL)
	untouched := maps.Clone(given)
	for name := range given {
		given[name], untouched[name] = " "+given[name]+"\n", " "+untouched[name]+"\n"
	}
	once, err := r.sender.Prepare(given)
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
	twice, err := r.sender.Prepare(once)
	if diff := cmp.Diff(once, twice); diff != "" || err != nil {
		t.Errorf("preparing again changes it: %v, %s", err, diff)
	}
	s.testPrepareRefuses(t, r, once)
}

func (s suite) testPrepareRefuses(t *testing.T, r *fixture, good module.Config) {
	for _, f := range r.sender.Descriptor().FormFields() {
		bad := maps.Clone(good)
		bad[f.Name] = strings.Repeat("x", 100_000) + secretPath
		r.checkField(bad, f.Name)
		if f.Required && !f.Generated {
			delete(bad, f.Name)
			r.checkField(bad, f.Name)
		}
		if f.Kind == module.FieldURL {
			bad[f.Name] = "ftp://example.com/" + secretPath
			r.checkField(bad, f.Name)
			bad[f.Name] = "http://169.254.169.254/" + secretPath
			r.checkField(bad, f.Name)
		}
	}
	bad := maps.Clone(good)
	bad["no_such_field"] = "x"
	r.checkField(bad, "no_such_field")
}

// checkField checks that a configuration is refused because of a field.
func (r *fixture) checkField(c module.Config, name string) {
	r.t.Helper()
	_, err := r.sender.Prepare(c)
	var fieldErr *fault.Error
	if !errors.As(err, &fieldErr) || fieldErr.Kind != fault.Invalid {
		r.t.Errorf("prepare with a bad %s: %v", name, err)
		return
	}
	r.checkSecrets("error", err.Error())
	for _, f := range fieldErr.Fields {
		if f.Name == name {
			return
		}
	}
	r.t.Errorf("prepare with a bad %s complains of %+v", name, fieldErr.Fields)
}

func (s suite) testHint(t *testing.T) {
	r := s.newFixture(t, status(200))
	hint := r.sender.Hint(r.config)
	if hint == "" {
		t.Error("there is no hint")
	}
	r.checkSecrets("hint", hint)
	if long := secretQuery[len(secretQuery)-5:]; strings.Contains(hint, long) {
		t.Errorf("hint %q shows more than four characters", hint)
	}
}
