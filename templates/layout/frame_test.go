package layout_test

import (
	"strings"
	"testing"

	"gatecrier/templates/layout"
)

func TestFrame_HealthForAdministrators(t *testing.T) {
	for _, test := range []struct {
		view      layout.View
		want, not string
	}{
		{layout.View{User: layout.User{Name: "ann", Admin: true}}, "Server healthy", "failing"},
		{layout.View{User: layout.User{Name: "ann", Admin: true}, Failing: 1}, "1 connection failing", "healthy"},
		{layout.View{User: layout.User{Name: "ann", Admin: true}, Failing: 6}, "6 connections failing", "healthy"},
		{layout.View{User: layout.User{Name: "ann", Admin: true}, Failing: 100}, "More than 99 connections", "healthy"},
		{layout.View{User: layout.User{Name: "bob"}, Version: "1.2"}, "Version 1.2", "ealthy"},
	} {
		var b strings.Builder
		if err := layout.Frame(test.view).Render(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		if page := b.String(); !strings.Contains(page, test.want) || strings.Contains(page, test.not) {
			t.Errorf("failing %d: not %q, or %q", test.view.Failing, test.want, test.not)
		}
	}
}
