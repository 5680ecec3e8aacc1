package admin

import (
	"testing"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
)

// A missing right is always an error: without one, the answer would be an empty page.
func TestRequireRight(t *testing.T) {
	t.Parallel()
	if err := requireRight(true, authz.Assess, 1); err != nil {
		t.Errorf("granted: %v", err)
	}
	if err := requireRight(false, authz.Own, 1); !fault.Is(err, fault.Forbidden) {
		t.Errorf("missing: %v, want a Forbidden error", err)
	}
}
