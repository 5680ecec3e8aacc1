package apptest_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatecrier/app/apptest"
	"gatecrier/app/doctor"
	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// Without its key an installation loses what the command names first, and nothing else. The database is
// whole afterwards.
func TestKeyDiscard(t *testing.T) {
	t.Parallel()
	receiver := apptest.NewReceiver(t)
	const targets = 3
	databases := map[string]string{"SQLite": ""}
	if url := modelstest.PostgresURL(t); url != "" {
		databases["PostgreSQL"] = url
	}
	for name, database := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := installationWithSecrets(t, database, targets, receiver.URL)
			environment := dataDir(dir)
			if database != "" {
				environment = append(environment, "GATECRIER_DATABASE_URL="+database)
			}
			if code, said := command(t, environment, "key", "discard", "--yes"); code != 1 ||
				!strings.Contains(said, "nothing needs to be discarded") {
				t.Fatalf("with its key: exit %d: %s", code, said)
			}
			key := filepath.Join(dir, "secret.key")
			if err := os.Rename(key, key+".lost"); err != nil {
				t.Fatal(err)
			}
			for _, test := range []struct {
				args []string
				want string
			}{
				{[]string{"key", "discard"}, "Nothing was changed"},
				{[]string{"key", "discard", "--yes"}, "Removed: "},
			} {
				said := mustRun(t, environment, test.args...)
				for _, want := range []string{test.want, "3 connections", "1 section of the settings"} {
					if !strings.Contains(said, want) {
						t.Errorf("%v: no %q in %s", test.args, want, said)
					}
				}
			}
			p := startProcessWith(t, spawnOptions{dir: dir, database: database})
			defer p.kill()
			c := p.client(t)
			id := c.Must(http.StatusOK, "GET", "/products", nil).ID("items.0.id")
			if n := itemCount(c.Must(http.StatusOK, "GET", fmt.Sprintf("/products/%d/targets", id), nil)); n != 0 {
				t.Errorf("%d targets are left", n)
			}
			wantCommandLine(t, c, "secret key", "delete", `"discarded":"3 connections`)
			_, checks := diagnosed(t, environment...)
			for _, name := range []string{"integrity", "key"} {
				if checks[name].State != doctor.OK {
					t.Errorf("%+v", checks[name])
				}
			}
		})
	}
}

// Rows that refer to missing rows are found by the checks, by the job and by a backup, which is kept:
// it is all that there is.
func TestBrokenReferences_AreFoundEverywhere(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	newProduct(t, c, "Shop", apptest.NewReceiver(t).URL)
	run := func() (result, message string) {
		c.Must(http.StatusAccepted, "POST", "/jobs/check_integrity/run", nil)
		apptest.Eventually(t, "the job has run", func() bool {
			list, err := p.Store.JobRuns(t.Context(), models.RunFilter{Job: "check_integrity", Limit: 1})
			if err != nil || len(list) == 0 || list[0].FinishedAt.IsZero() {
				return false
			}
			result, message = string(list[0].Result), list[0].Message
			return true
		})
		return result, message
	}
	if result, message := run(); result != "ok" {
		t.Fatal(message)
	}
	modelstest.Exec(t, "sqlite:"+filepath.Join(p.Dir, "gatecrier.db"), "DELETE FROM products")
	if result, message := run(); result != "failed" || !strings.Contains(message, "refers to no row of products") {
		t.Errorf("the job: %s %s", result, message)
	}
	_, checks := diagnosed(t, dataDir(p.Dir)...)
	if checks["integrity"].State != doctor.Problem {
		t.Errorf("the checks: %+v", checks["integrity"])
	}
	file := filepath.Join(t.TempDir(), "backup")
	if code, said := command(t, dataDir(p.Dir), "backup", file); code != 1 ||
		!strings.Contains(said, "refers to no row of products") || !strings.Contains(said, "was created") {
		t.Errorf("the backup: exit %d: %s", code, said)
	}
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
}

// A database and a key that are symbolic links stay links: all commands work on the files behind them.
func TestLinkedFiles(t *testing.T) {
	t.Parallel()
	dir, real := installation(t), t.TempDir()
	for _, name := range []string{"gatecrier.db", "secret.key"} {
		link, file := filepath.Join(dir, name), filepath.Join(real, name)
		if err := os.Rename(link, file); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(file, link); err != nil {
			t.Fatal(err)
		}
	}
	for _, suffix := range []string{"-wal", "-shm"} { // of the process that was killed
		err := os.Rename(filepath.Join(dir, "gatecrier.db"+suffix), filepath.Join(real, "gatecrier.db"+suffix))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	old := string(readFile(t, filepath.Join(real, "secret.key")))
	mustRun(t, dataDir(dir), "key", "rotate")
	if now := string(readFile(t, filepath.Join(real, "secret.key"))); now == old || strings.Count(now, "\n") != 1 {
		t.Error("the file behind the link does not have the new key")
	}
	mustRun(t, dataDir(dir), "user", "add", "eve", "--email", "eve@example.org")
	if n := productsIn(t, dir); n != 1 {
		t.Errorf("%d products", n)
	}
	if code, checks := diagnosed(t, dataDir(dir)...); code != 0 {
		t.Errorf("doctor: exit %d: %+v", code, checks)
	}
	mustRun(t, dataDir(dir), "backup", filepath.Join(t.TempDir(), "backup"))
	for _, name := range []string{"gatecrier.db", "secret.key"} {
		if info, err := os.Lstat(filepath.Join(dir, name)); err != nil || info.Mode()&os.ModeSymlink == 0 {
			t.Errorf("%s is no link any more: %v", name, err)
		}
	}
}
