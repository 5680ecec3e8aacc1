package apptest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatecrier/app"
	"gatecrier/app/apptest"
	"gatecrier/app/doctor"
	"gatecrier/models/modelstest"
)

// diagnosed runs the command in its own process and returns its exit code and the checks by name.
func diagnosed(t *testing.T, environment ...string) (code int, checks map[string]doctor.Check) {
	t.Helper()
	cmd := commandProcess(t, append(environment, "GATECRIER_ALLOW_NETWORKS=127.0.0.0/8"), "doctor", "--json")
	out, err := cmd.Output()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	var r doctor.Report
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return cmd.ProcessState.ExitCode(), byName(r)
}

func byName(r doctor.Report) map[string]doctor.Check {
	m := map[string]doctor.Check{}
	for _, c := range r.Checks {
		m[c.Name] = c
	}
	return m
}

// wantProblem checks that one check found a problem, with advice, and the others none.
func wantProblem(t *testing.T, checks map[string]doctor.Check, name, text string) {
	t.Helper()
	if c := checks[name]; c.State != doctor.Problem || !strings.Contains(c.Text, text) || c.Advice == "" {
		t.Errorf("%s: %+v, want a problem with %q and advice", name, c, text)
	}
	for _, c := range checks {
		if c.Name != name && c.State == doctor.Problem {
			t.Errorf("also %+v", c)
		}
	}
}

// installation returns a stopped installation with a product and a target that can be reached.
func installation(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	p := startProcess(t, dir)
	newProduct(t, p.client(t), "Shop", apptest.NewReceiver(t).URL)
	p.kill()
	return dir
}

// The command works beside a running server and without one, and says what it found.
func TestDoctor_HealthyInstallation(t *testing.T) {
	t.Parallel()
	p := startProcess(t, t.TempDir())
	newProduct(t, p.client(t), "Shop", apptest.NewReceiver(t).URL)
	out := mustRun(t, append(dataDir(p.dir), "GATECRIER_ALLOW_NETWORKS=127.0.0.0/8"), "doctor")
	for _, want := range []string{
		"\nok       integrity", "opens all secrets (", "\nok       addresses", "A server runs.",
		"\n0 problems, 1 warning.\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	p.kill()
	before := readFile(t, filepath.Join(p.dir, "secret.key"))
	code, checks := diagnosed(t, dataDir(p.dir)...)
	if code != 0 || checks["instances"].State != doctor.Warning || checks["database"].State != doctor.OK {
		t.Errorf("exit %d: %+v", code, checks)
	}
	if string(readFile(t, filepath.Join(p.dir, "secret.key"))) != string(before) {
		t.Error("the key was changed")
	}
	url := modelstest.PostgresURL(t)
	p = startProcessWith(t, spawnOptions{dir: t.TempDir(), database: url})
	if code, checks = diagnosed(t, append(dataDir(p.dir), "GATECRIER_DATABASE_URL="+url)...); code != 0 {
		t.Errorf("PostgreSQL: exit %d: %+v", code, checks)
	}
}

func TestDoctor_FindsStoppedDatabase(t *testing.T) {
	t.Parallel()
	dir := installation(t)
	code, checks := diagnosed(t, append(dataDir(dir), "GATECRIER_DATABASE_URL=postgres://gc@127.0.0.1:9/gc")...)
	if wantProblem(t, checks, "database", "cannot be opened"); code != 1 {
		t.Errorf("exit %d", code)
	}
	if checks["integrity"].State != doctor.Skipped || checks["disk"].State != doctor.OK {
		t.Errorf("%+v", checks)
	}
	empty := t.TempDir()
	_, checks = diagnosed(t, dataDir(empty)...)
	if c := checks["database"]; !strings.Contains(c.Text, "no database at") {
		t.Errorf("%+v", c)
	}
	if files, err := os.ReadDir(empty); err != nil || len(files) > 0 {
		t.Errorf("it made %v, %v", files, err)
	}
}

func TestDoctor_FindsCorruptedPage(t *testing.T) {
	t.Parallel()
	dir := installation(t)
	file := filepath.Join(dir, "gatecrier.db")
	mustRun(t, dataDir(dir), "migrate") // moves the log into the file
	page := modelstest.Number(t, "sqlite:"+file, "SELECT rootpage FROM sqlite_schema WHERE name = 'observations_branch'")
	size := modelstest.Number(t, "sqlite:"+file, "PRAGMA page_size")
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteAt(make([]byte, size), (page-1)*size)
	if closeErr := f.Close(); err != nil || closeErr != nil {
		t.Fatal(err, closeErr)
	}
	code, checks := diagnosed(t, dataDir(dir)...)
	if wantProblem(t, checks, "integrity", "damaged"); code != 1 {
		t.Errorf("exit %d", code)
	}
}

func TestDoctor_FindsMissingAndWrongKey(t *testing.T) {
	t.Parallel()
	dir, other := installation(t), installation(t)
	if err := os.Remove(filepath.Join(dir, "secret.key")); err != nil {
		t.Fatal(err)
	}
	code, checks := diagnosed(t, dataDir(dir)...)
	if wantProblem(t, checks, "key", "does not exist"); code != 1 {
		t.Errorf("exit %d", code)
	}
	if _, err := os.Stat(filepath.Join(dir, "secret.key")); err == nil {
		t.Error("it made a key")
	}
	writeFile(t, filepath.Join(dir, "secret.key"), readFile(t, filepath.Join(other, "secret.key")))
	if _, checks = diagnosed(t, dataDir(dir)...); checks["key"].State != doctor.Problem {
		t.Errorf("%+v", checks["key"])
	}
}

// diagnosedHere runs the checks in this process, with a clock that is ahead and some options.
func diagnosedHere(
	t *testing.T, config app.Config, ahead time.Duration, free func(string) (uint64, error),
) map[string]doctor.Check {
	t.Helper()
	config.AllowNetworks = "127.0.0.0/8"
	now := func() time.Time { return time.Now().Add(ahead) }
	r, err := app.Diagnose(t.Context(), app.Options{Config: config, Now: now, DiskFree: free, Stderr: io.Discard}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return byName(r)
}

func TestDoctor_FindsFullDisk(t *testing.T) {
	t.Parallel()
	config := app.Config{DataDir: installation(t)}
	checks := diagnosedHere(t, config, 0, func(string) (uint64, error) { return 5 << 20, nil })
	wantProblem(t, checks, "disk", "Only 5 MiB are free in "+config.DataDir)
}

func TestDoctor_FindsWrongClock(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	config := app.Config{DataDir: installation(t)}
	wantProblem(t, diagnosedHere(t, config, -day, nil), "clock", "in the future")
	p := startProcess(t, config.DataDir)
	ahead := diagnosedHere(t, config, day, nil)
	delete(ahead, "jobs") // by that clock they are overdue
	wantProblem(t, ahead, "clock", "the clock is ahead")
	p.kill()
	config = app.Config{DataDir: t.TempDir(), DatabaseURL: modelstest.PostgresURL(t)}
	startProcessWith(t, spawnOptions{dir: config.DataDir, database: config.DatabaseURL})
	for _, by := range []time.Duration{-day, day} {
		checks := diagnosedHere(t, config, by, nil)
		wantProblem(t, checks, "clock", "differs from the database's by ")
		_, text, _ := strings.Cut(checks["clock"].Text, " by ")
		gap, err := time.ParseDuration(strings.TrimSuffix(text, "."))
		if err != nil || (gap-by).Abs() > time.Minute { // the clock goes on while the database answers
			t.Errorf("%q, want %s", checks["clock"].Text, by)
		}
	}
}

// What concerns sending is found by the running server too, by API and page, and kept.
func TestDoctor_FindsWhatDoesNotSend(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	product := newProduct(t, c, "Shop", "")
	c.Must(http.StatusOK, "PATCH", "/settings/mail", object{
		"email_from": "gates@example.org", "smtp_host": "127.0.0.1", "smtp_port": 9, "smtp_tls": "none",
	})
	c.Must(http.StatusOK, "PATCH", "/settings/delivery", object{"allow_networks": "10.1.2.3/32"})
	for name, address := range map[string]string{
		"closed": nowhere, "private": "http://10.1.2.3/x", "unknown": "http://host.invalid/secret",
	} {
		target := object{"module": "webhook", "name": name, "config": object{"url": address}}
		c.Must(http.StatusCreated, "POST", product.path+"/targets", target)
	}
	c.Must(http.StatusOK, "PATCH", "/settings/delivery", object{"allow_networks": ""})
	modelstest.Statement(t, filepath.Join(p.Dir, "gatecrier.db"), `INSERT INTO job_runs
		(job, slot, instance, started_at, lease_until, finished_at, result, message)
		VALUES ('forget_audit', '2026', 'x', 1, 2, 3, 'failed', 'the audit log is locked')`)
	a := c.Must(http.StatusOK, "POST", "/doctor", nil)
	for name, want := range map[string][]string{
		"mail": {"The mail server cannot be used: 127.0.0.1: "},
		"jobs": {"the audit log is locked"},
		"addresses": {
			"127.0.0.1: connection refused (closed)", "10.1.2.3: its address is not allowed for outgoing messages",
			"host.invalid: ", "(unknown)",
		},
	} {
		found := false
		for i := range 10 {
			item := fmt.Sprintf("checks.%d.", i)
			if a.Get(item+"name") != name {
				continue
			}
			found = true
			for _, text := range want {
				if a.Get(item+"state") != "problem" || !strings.Contains(fmt.Sprint(a.Get(item+"text")), text) {
					t.Errorf("%s: %v, want %q", name, a.Get(item+"text"), text)
				}
			}
		}
		if !found {
			t.Errorf("no check %s in %s", name, a.Text)
		}
	}
	if n := a.ID("problems"); n != 3 || strings.Contains(a.Text, "secret\"") {
		t.Errorf("%d problems, want 3: %s", n, a.Text)
	}
}

// The page starts the checks by a button, and shows their last result after a restart.
func TestDoctorInTheBrowser(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := apptest.Start(t, apptest.Options{Dir: dir})
	b := apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "admin", apptest.Password)
	b.Open("/admin/health")
	b.Press("#health-doctor")
	b.WantText("No checks have run yet.")
	b.CheckPage("doctor-empty")
	b.Press("#doctor-run")
	b.WaitFor("the checks run, or have ended", `/Checks are running|started by admin/.test(document.body.innerText)`)
	apptest.Eventually(t, "the checks have ended", func() bool {
		_, ended, err := p.App.Store.LastFinishedRun(t.Context(), "doctor")
		return ended && err == nil
	})
	b.Open("/admin/doctor")
	b.WantText("No mail server is set", "0 problems, 1 warning", "started by admin")
	b.CheckPage("doctor")
	b.TabThrough("doctor")
	p.Stop()
	p = apptest.Start(t, apptest.Options{Dir: dir})
	b = apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "admin", apptest.Password)
	b.Open("/admin/doctor")
	b.WantText("0 problems, 1 warning", "started by admin")
}

// What was due while no server ran is not overdue just after a start.
func TestDoctor_NoOverdueJobsAfterDowntime(t *testing.T) {
	t.Parallel()
	dir, at := t.TempDir(), time.Date(2031, 5, 1, 0, 0, 0, 0, time.UTC)
	p := apptest.Start(t, apptest.Options{Dir: dir, StartTime: at})
	p.Clock.Advance(26 * time.Hour)
	p.WakeJobs()
	apptest.Eventually(t, "the jobs have run", func() bool {
		slot, err := p.Store.LastSlot(t.Context(), "check_integrity")
		return err == nil && slot != ""
	})
	p.Stop()
	p = apptest.Start(t, apptest.Options{Dir: dir, StartTime: at.Add(80 * time.Hour)})
	c := p.Client("admin")
	a := c.Must(http.StatusOK, "POST", "/doctor", nil)
	var r doctor.Report
	if err := json.Unmarshal([]byte(a.Text), &r); err != nil {
		t.Fatal(err)
	}
	if check := byName(r)["jobs"]; check.State != doctor.OK {
		t.Errorf("%+v", check)
	}
}
