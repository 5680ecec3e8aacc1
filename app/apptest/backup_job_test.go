package apptest_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

// Scheduled backups are made at their time, rotated, and can be restored. A failure reaches the
// administrators.
func TestBackupJob(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{StartTime: time.Date(2031, 5, 1, 0, 0, 0, 0, time.UTC)})
	c := p.Client("admin")
	newProduct(t, c, "Shop", "")
	runs := func() apptest.Answer { return c.Must(http.StatusOK, "GET", "/jobs", nil) }
	last := func() (result, message string) {
		a := runs()
		for i := range itemCount(a) {
			at := fmt.Sprintf("items.%d.", i)
			if a.Get(at+"name") == "backup" {
				result, _ = a.Get(at + "last.result").(string)
				message, _ = a.Get(at + "last.message").(string)
			}
		}
		return result, message
	}
	runNow := func(result, message string) {
		t.Helper()
		c.Must(http.StatusAccepted, "POST", "/jobs/backup/run", nil)
		apptest.Eventually(t, "the job has run", func() bool { got, _ := last(); return got != "running" && got != "" })
		if got, text := last(); got != result || !strings.Contains(text, message) {
			t.Fatalf("the run is %s: %s", got, text)
		}
	}
	runNow("ok", "No backup: the directory is")

	dir := t.TempDir()
	c.Must(http.StatusUnprocessableEntity, "PATCH", "/settings/backup", object{"directory": "backups"})
	c.Must(http.StatusUnprocessableEntity, "PATCH", "/settings/backup", object{"keep": 0})
	c.Must(http.StatusOK, "PATCH", "/settings/backup", object{"directory": dir, "keep": 2})
	writeFile(t, filepath.Join(dir, "other.backup"), nil)
	for range 4 {
		runNow("ok", "was created")
		p.Clock.Advance(time.Minute)
	}
	list, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(list) != 3 || !strings.HasSuffix(list[2], "other.backup") {
		t.Fatalf("the directory has %v, %v", list, err)
	}
	for _, file := range list[:2] {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v", file, err)
		}
		restored := t.TempDir()
		writeFile(t, filepath.Join(restored, "secret.key"), readFile(t, filepath.Join(p.Dir, "secret.key")))
		mustRun(t, dataDir(restored), "restore", file)
	}
	// By its schedule.
	p.Clock.Advance(24 * time.Hour)
	p.WakeJobs()
	apptest.Eventually(t, "the scheduled backup is made", func() bool {
		list, err := filepath.Glob(filepath.Join(dir, "gatecrier-20310502T*.backup"))
		return err == nil && len(list) == 1
	})
	apptest.Eventually(t, "the scheduled run is over", func() bool { got, _ := last(); return got == "ok" })
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	runNow("failed", "make the backup")
	apptest.Eventually(t, "administrators are notified", func() bool {
		return strings.Contains(c.Must(http.StatusOK, "GET", "/notifications", nil).Text, "backup")
	})
}

// Installations that share a directory delete only their own backups, also those with the names of an
// older version.
func TestBackupJob_SharedDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	names := func() []string {
		t.Helper()
		list, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	mine, foreign := "gatecrier-20300101T000000Z.backup", "gatecrier-20300101T000001Z.backup"
	for _, name := range []string{mine, foreign, "gatecrier-20300101T000002Z-00000000.backup"} {
		writeFile(t, filepath.Join(dir, name), nil)
	}
	for i, at := range []time.Time{
		time.Date(2031, 5, 1, 0, 0, 0, 0, time.UTC), time.Date(2031, 5, 1, 0, 0, 7, 0, time.UTC),
	} {
		p := apptest.Start(t, apptest.Options{StartTime: at})
		c := p.Client("admin")
		c.Must(http.StatusOK, "PATCH", "/settings/backup", object{"directory": dir, "keep": 1})
		if i == 0 { // the run of an older version
			run := models.JobRun{Job: "backup", LeaseUntil: p.Clock.Now().Add(time.Minute)}
			err := p.Store.Write(t.Context(), func(tx *models.Tx) error {
				if _, err := tx.StartRun(&run); err != nil {
					return err
				}
				run.Result, run.Message = models.RunOK, mine+" was created, 0 older backups were deleted"
				return tx.FinishRun(run)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			p.Clock.Advance(time.Minute)
			before, err := p.Store.JobRuns(t.Context(), models.RunFilter{Job: "backup", Limit: 1})
			if err != nil {
				t.Fatal(err)
			}
			c.Must(http.StatusAccepted, "POST", "/jobs/backup/run", nil)
			apptest.Eventually(t, "the job has run", func() bool {
				list, err := p.Store.JobRuns(t.Context(), models.RunFilter{Job: "backup", Limit: 1})
				return err == nil && len(list) == 1 && list[0].Result == models.RunOK &&
					(len(before) == 0 || list[0].ID != before[0].ID)
			})
		}
	}
	list := names()
	if len(list) != 4 || filepath.Base(list[0]) != foreign {
		t.Errorf("the directory has %v", list)
	}
}
