package models_test

import (
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"gatecrier/models"
)

// migrateEnv makes the test binary a program that migrates the database of this URL to the made-up
// next migration, and is killed meanwhile.
const migrateEnv = "GATECRIER_TEST_MIGRATE"

// killingClock ends the program when the time for a hash is read: goose's row is written then, and
// ours is not.
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
		t.Skip("it runs in a process of its own")
	}
	s, err := models.Open(t.Context(), models.Options{URL: url, Now: killingClock})
	if err != nil {
		t.Fatal(err)
	}
	s.SetMigrations(withMigrations(t, map[string]string{"00002_color.sql": next}))
	t.Fatalf("it ended: %v", s.Migrate(t.Context()))
}

func TestKilledMigrationLeavesNothing(t *testing.T) {
	onEmpty(t, func(t *testing.T, url string) {
		s, err := start(t, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		before := migrationState(t, s)
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestProgramThatMigrates$")
		cmd.Env = append(os.Environ(), migrateEnv+"="+url)
		out, err := cmd.CombinedOutput()
		if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
			t.Fatalf("it was not killed: %v\n%s", err, out)
		}
		if after := migrationState(t, s); !slices.Equal(before, after) {
			t.Errorf("after the kill: %v, before %v", after, before)
		}
		if s, err = start(t, url, withMigrations(t, map[string]string{"00002_color.sql": next})); err != nil {
			t.Fatal(err)
		}
		want := "2 00002_color.sql " + hashOf([]byte(next))
		if got := lines(
			t,
			s,
			"SELECT CAST(version AS TEXT), name, hash FROM migration_hashes WHERE version = 2",
		); !slices.Equal(got, []string{want}) {
			t.Errorf("hashes: %v, want %s", got, want)
		}
	})
}
