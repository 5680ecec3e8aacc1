package engine_test

import (
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"gatecrier/models/engine"
)

// migrateEnv is the URL of the database that the test binary migrates to the next migration, until it
// kills itself.
const migrateEnv = "GATECRIER_TEST_MIGRATE"

// killingClock kills the program when hashStore.insert reads the time: goose's row is written then,
// and that of migration_hashes is not.
func killingClock() time.Time {
	callers := make([]uintptr, 20)
	frames := runtime.CallersFrames(callers[:runtime.Callers(1, callers)])
	for more := true; more; {
		var frame runtime.Frame
		if frame, more = frames.Next(); strings.HasSuffix(frame.Function, "(*hashStore).insert") {
			if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
				panic(err)
			}
			select {}
		}
	}
	return time.Now()
}

// TestProgramThatMigrates is the program that TestKilledMigrationLeavesNothing starts.
func TestProgramThatMigrates(t *testing.T) {
	url := os.Getenv(migrateEnv)
	if url == "" {
		t.Skip("TestKilledMigrationLeavesNothing starts it")
	}
	files := migrations(map[string]string{"00002_color.sql": next})
	db := openDB(t, engine.Options{URL: url, Now: killingClock, Migrations: files})
	t.Fatalf("it ended: %v", db.Migrate(t.Context()))
}

func TestKilledMigrationLeavesNothing(t *testing.T) {
	onEmpty(t, func(t *testing.T, url string) {
		db, err := start(t, url, migrations(nil))
		if err != nil {
			t.Fatal(err)
		}
		before := migrationState(t, db)
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestProgramThatMigrates$")
		cmd.Env = append(os.Environ(), migrateEnv+"="+url)
		out, err := cmd.CombinedOutput()
		if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
			t.Fatalf("it was not killed: %v\n%s", err, out)
		}
		if after := migrationState(t, db); !slices.Equal(before, after) {
			t.Errorf("after the kill: %v, before %v", after, before)
		}
		if db, err = start(t, url, migrations(map[string]string{"00002_color.sql": next})); err != nil {
			t.Fatal(err)
		}
		want := []string{
			"1 00001_baseline.sql " + hashOf([]byte(baseline)), "2 00002_color.sql " + hashOf([]byte(next)),
		}
		if got := hashes(t, db); !slices.Equal(got, want) {
			t.Errorf("hashes: %v, want %v", got, want)
		}
	})
}
