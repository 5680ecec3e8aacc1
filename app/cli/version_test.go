package cli

import (
	"bytes"
	"runtime"
	"testing"

	"gatecrier/app"
)

func TestVersionNamesTheBuild(t *testing.T) {
	version, commit := app.Version, app.Commit
	t.Cleanup(func() { app.Version, app.Commit = version, commit })
	built := runtime.Version() + ", " + runtime.GOOS + "/" + runtime.GOARCH

	for _, test := range []struct{ version, commit, want string }{
		{"0.1.0", "8d3f0c1", "0.1.0\ncommit 8d3f0c1, " + built + "\n"},
		{"dev", "", "dev\n" + built + "\n"}, // a build without Git
	} {
		app.Version, app.Commit = test.version, test.commit
		for _, arg := range []string{"version", "--version"} {
			var out, errs bytes.Buffer
			if code := Run(t.Context(), []string{arg}, &out, &errs); code != 0 || out.String() != test.want || errs.Len() > 0 {
				t.Errorf("%s: exit %d %q %s, want %q", arg, code, &out, &errs, test.want)
			}
		}
	}
}
