package app

import "testing"

// What people are told by never reports its own failures; all else does.
func TestQuietLoops(t *testing.T) {
	quiet := map[string]bool{"delivery": true, "routing": true, "exceptions": true}
	for _, l := range (&App{}).loopList() {
		if l.Quiet != quiet[l.Name] {
			t.Errorf("%s: quiet is %v: is it a way by which people are told of exceptions?", l.Name, l.Quiet)
		}
		delete(quiet, l.Name)
	}
	for name := range quiet {
		t.Errorf("there is no loop %s", name)
	}
}
