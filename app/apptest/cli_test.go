package apptest_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatecrier/app/apptest"
	"gatecrier/app/cli"
)

// runCommand runs a command and returns its exit code and its output.
func runCommand(t *testing.T, args ...string) (int, string, string) {
	t.Helper()
	var out, errs bytes.Buffer
	code := cli.Run(t.Context(), args, &out, &errs)
	return code, out.String(), errs.String()
}

func TestCLI_PushAndGate(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	newProduct(t, c, "Shop & Söhne", "")
	dir := t.TempDir()
	bad, good := filepath.Join(dir, "grype-image.json"), filepath.Join(dir, "grype-none.json")
	for _, path := range []string{bad, good} {
		if err := os.WriteFile(path, apptest.Report(t, filepath.Base(path)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	server := []string{"--url", p.URL, "--token", c.Token, "--product", "Shop & Söhne"}
	push := append([]string{"push", "--source", "deps"}, server...)

	tests := []struct {
		name   string
		args   []string
		code   int
		out    string
		errors string
	}{
		{"never evaluated", append([]string{"gate"}, server...), 0, "gate none: never evaluated", ""},
		{
			"a failing gate is no error by itself", append(push, bad), 0,
			"gate failed: 1 critical (threshold 0), 18 high (threshold 0)",
			"",
		},
		{"unless one asks", append(push, "--fail-on-gate", bad), 2, "0 new, 35 updated", ""},
		{"gate tells", append([]string{"gate"}, server...), 2, "gate failed", ""},
		{"a clean report passes", append(push, "--fail-on-gate", good), 0, "35 resolved", ""},
		{"two files of one source", append(push, bad, good), 1, "", "name them: grype-image="},
		{
			"a branch has a gate of its own", append(push, "--fail-on-gate", "--branch", "feature/x", bad), 2, "gate failed",
			"",
		},
		{"the default branch is not moved by it", append([]string{"gate"}, server...), 0, "gate passed", ""},
		{
			"no such product",
			[]string{"push", "--url", p.URL, "--token", c.Token, "--product", "Other", good},
			1, "",
			`product "Other" not found`,
		},
		{
			"a wrong token",
			[]string{"push", "--url", p.URL, "--token", "gct_wrong", "--product", "Other", good},
			1, "",
			"unknown, expired or revoked (401)",
		},
		{"no such file", append(push, filepath.Join(dir, "none.json")), 1, "", "none.json"},
		{"not a report", append(push, filepath.Join(p.Dir, "secret.key")), 1, "", "report:"},
		{
			"no server",
			[]string{"gate", "--url", "http://127.0.0.1:1", "--token", "gct_x", "--product", "x"},
			1, "",
			"refused",
		},
		{"help", []string{"push", "--help"}, 0, "--fail-on-gate", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			code, out, errs := runCommand(t, test.args...)
			if code != test.code || !strings.Contains(out, test.out) || !strings.Contains(errs, test.errors) {
				t.Errorf("exit %d, want %d\nout: %s\nerrors: %s", code, test.code, out, errs)
			}
			if test.code == 1 && strings.Count(errs, "\n") != 1 {
				t.Errorf("errors are one line: %q", errs)
			}
		})
	}
}

func TestCLI_WithoutArguments(t *testing.T) {
	code, out, errs := runCommand(t)
	if code != 1 || out != "" || !strings.Contains(errs, "Usage: gatecrier <command>") {
		t.Errorf("exit %d\nout: %s\nerrors: %s", code, out, errs)
	}
}

func TestCLI_ManagesUsersOfRunningServer(t *testing.T) {
	p := apptest.Start(t, apptest.Options{})
	t.Setenv("GATECRIER_DATA_DIR", p.Dir)
	code, _, errs := runCommand(t, "user", "add", "eve", "--email", "eve@example.com", "--password", apptest.Password)
	if code != 0 {
		t.Fatal(errs)
	}
	code, _, errs = runCommand(t, "user", "add", "EVE", "--email", "eve@example.com", "--password", apptest.Password)
	if code != 1 || !strings.Contains(errs, "name:") {
		t.Errorf("the same name again: %d %s", code, errs)
	}
	code, _, errs = runCommand(t, "user", "add", "bob", "--email", "bob@example.com", "--password", "short")
	if code != 1 || !strings.Contains(errs, "At least 10") {
		t.Errorf("a short password: %d %s", code, errs)
	}
	code, token, errs := runCommand(t, "token", "create", "--user", "eve", "--name", "test")
	if code != 0 {
		t.Fatal(errs)
	}
	c := apptest.NewClient(t, p.URL, strings.TrimSpace(token))
	c.Must(200, "GET", "/products", nil) // usable at once
	newProduct(t, p.Client("admin"), "Shop", "")
	if a := c.Must(200, "GET", "/products", nil); a.Get("items.0") != nil {
		t.Error("eve sees a product of others")
	}
	if code, _, errs := runCommand(t, "user", "admin", "eve"); code != 0 {
		t.Fatal(errs)
	}
	if a := c.Must(200, "GET", "/products", nil); a.Get("items.0") == nil {
		t.Error("an administrator does not see all")
	}
	code, out, errs := runCommand(t, "user", "password", "eve")
	if code != 0 || len(strings.TrimSpace(out)) < 20 {
		t.Errorf("a new password: %d %q %s", code, out, errs)
	}
	if code, out, _ := runCommand(t, "version"); code != 0 || strings.TrimSpace(out) == "" {
		t.Error("no version")
	}
}
