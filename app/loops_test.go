package app

import "testing"

// The loops that notify users of exceptions do not report their own failures. All others do.
func TestQuietLoops(t *testing.T) {
	quiet := map[string]bool{"delivery": true, "routing": true, "exceptions": true}
	for _, l := range (&App{}).loopList() {
		if l.Quiet != quiet[l.Name] {
			t.Errorf("%s: quiet is %v: does it notify users of exceptions?", l.Name, l.Quiet)
		}
		delete(quiet, l.Name)
	}
	for name := range quiet {
		t.Errorf("no loop %s", name)
	}
}
