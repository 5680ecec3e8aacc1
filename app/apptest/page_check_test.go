package apptest_test

import (
	"fmt"
	"strings"
	"testing"

	"gatecrier/app/apptest"
)

// errorsOf keeps the errors of a test that is expected to fail.
type errorsOf struct {
	testing.TB

	list []string
}

func (e *errorsOf) Errorf(format string, args ...any) {
	e.list = append(e.list, fmt.Sprintf(format, args...))
}

// A text that a script adds to a page that has been checked is checked too, in both schemes.
func TestCheckPage_FindsNewColors(t *testing.T) {
	t.Parallel()
	errs := &errorsOf{TB: t}
	b := apptest.NewBrowser(errs, apptest.Start(t, apptest.Options{}).URL)
	b.Open("/login")
	b.CheckPage("login")
	if len(errs.list) > 0 {
		t.Fatalf("%q", errs.list)
	}
	for _, c := range []struct{ color, want string }{
		{"light-dark(#ddd, #fff)", "color, wide-light: axe: color-contrast: <p id=\"color-0\""},
		{"light-dark(#000, #333)", "color, wide-dark: axe: color-contrast: <p id=\"color-1\""},
	} {
		errs.list = nil
		b.Evaluate(fmt.Sprintf(`{
			const p = document.createElement("p");
			p.id = "color-" + document.querySelectorAll("p[id^=color-]").length;
			p.textContent = "A text";
			p.style.color = %q;
			document.querySelector("main").append(p);
		}`, c.color))
		b.CheckPage("color")
		if len(errs.list) != 1 || !strings.HasPrefix(errs.list[0], c.want) {
			t.Errorf("%s: %q, want one that begins with %s", c.color, errs.list, c.want)
		}
	}
}
