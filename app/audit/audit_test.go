package audit

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDifferences(t *testing.T) {
	was := Values{"name": "a", "role": "reader", "password": Masked, "gone": "x"}
	became := Values{"name": "a", "role": "owner", "password": Masked, "new": "y"}
	w, b := differences(was, became)
	if diff := cmp.Diff(map[string]string{"role": "reader", "password": Masked, "gone": "x"}, w); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"role": "owner", "password": Masked, "new": "y"}, b); diff != "" {
		t.Error(diff)
	}
	if was["name"] != "a" || became["name"] != "a" {
		t.Error("what was given is changed")
	}
	if w, b := differences(nil, nil); len(w)+len(b) != 0 {
		t.Errorf("nothing: %v, %v", w, b)
	}
}
