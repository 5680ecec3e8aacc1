package apptest_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gatecrier/app/apptest"
)

// documentedCommands returns the commands in the sections of a document, without their comments.
func documentedCommands(t *testing.T, path string, sections ...string) []string {
	t.Helper()
	var list []string
	section := ""
	for line := range strings.Lines(string(readFile(t, filepath.Join(apptest.Root(t), path)))) {
		if title, ok := strings.CutPrefix(line, "## "); ok {
			section = strings.TrimSpace(title)
		}
		code, ok := strings.CutPrefix(line, "    ")
		if !ok || !slices.Contains(sections, section) {
			continue
		}
		code, _, _ = strings.Cut(code, " #")
		if code = strings.TrimSpace(code); strings.HasPrefix(code, "gatecrier ") || strings.HasPrefix(code, "bin/") {
			list = append(list, code)
		}
	}
	return list
}

// shell is a directory where documented commands are typed.
type shell struct {
	t    *testing.T
	dir  string
	rest []string // documented commands that were not typed yet

	environment []string
}

func newShell(t *testing.T, commands []string) *shell {
	t.Helper()
	s := &shell{t: t, dir: t.TempDir(), rest: commands}
	script := fmt.Sprintf("#!/bin/sh\n%s=\"$(printf '%%s\\n' \"$@\")\" exec '%s'\n", commandEnv, os.Args[0])
	for _, name := range []string{"bin/gatecrier", "path/gatecrier"} {
		file := filepath.Join(s.dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// run types the documented command, which must succeed.
func (s *shell) run(dataDir, command string) {
	s.t.Helper()
	i := slices.Index(s.rest, command)
	if i < 0 {
		s.t.Fatalf("%s is not documented, or was typed before", command)
	}
	s.rest = slices.Delete(s.rest, i, i+1)
	cmd := exec.CommandContext(s.t.Context(), "sh", "-c", command) // #nosec G204 -- a command of the documents
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "GATECRIER_DATA_DIR="+dataDir,
		"PATH="+filepath.Join(s.dir, "path")+":"+os.Getenv("PATH"))
	cmd.Env = append(cmd.Env, s.environment...)
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("%s: %v\n%s", command, err, out)
	}
}

// withKey returns a new data directory with the key of another one.
func withKey(t *testing.T, from string) string {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "secret.key"), readFile(t, filepath.Join(from, "secret.key")))
	return dir
}

// The commands of README.md and the operations guide work as they are written.
func TestBackup_DocumentedCommands(t *testing.T) {
	t.Parallel()
	p := startProcess(t, t.TempDir())
	newProduct(t, p.client(t), "Shop", "")

	readme := newShell(t, documentedCommands(t, "README.md", "Backup"))
	readme.run(p.dir, "bin/gatecrier backup monday.backup")
	readme.run(withKey(t, p.dir), "bin/gatecrier restore monday.backup")

	guide := newShell(t, documentedCommands(t, "docs/operations.md",
		"Backup", "Restore", "Move to another machine", "Rotate the key", "Downgrade"))
	guide.run(p.dir, "gatecrier backup monday.backup")
	restored, cancelled := withKey(t, p.dir), withKey(t, p.dir)
	again := slices.Clone(guide.rest)
	guide.run(restored, "gatecrier restore monday.backup")
	guide.run(restored, "gatecrier held")
	guide.run(restored, "gatecrier held send")
	second := &shell{t: t, dir: guide.dir, rest: again}
	second.run(cancelled, "gatecrier restore monday.backup")
	guide.run(cancelled, `gatecrier held cancel --reason "sent by the old server"`)
	moved := t.TempDir()
	guide.run(p.dir, "gatecrier backup --with-key move.backup")
	guide.run(moved, "gatecrier restore move.backup")
	guide.run(moved, "gatecrier key rotate")
	if err := os.Rename(filepath.Join(guide.dir, "monday.backup"),
		filepath.Join(guide.dir, "before-upgrade.backup")); err != nil {
		t.Fatal(err)
	}
	guide.run(restored, "gatecrier restore --force before-upgrade.backup")
	for _, dir := range []string{restored, cancelled, moved} {
		if n := productsIn(t, dir); n != 1 {
			t.Errorf("%d products, want 1", n)
		}
	}
	if rest := slices.Concat(readme.rest, guide.rest); len(rest) > 0 {
		t.Errorf("these documented commands were not typed: %q", rest)
	}
}
