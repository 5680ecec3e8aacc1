package apptest_test

import (
	"bytes"
	"sync"
	"testing"

	"gatecrier/app/cli"
)

// Several that make a database at once wait for each other.
func TestManyMigrateAtOnce(t *testing.T) {
	t.Setenv("GATECRIER_DATA_DIR", t.TempDir())
	ready, done := make(chan struct{}), sync.WaitGroup{}
	for range 6 {
		done.Go(func() {
			var out, errs bytes.Buffer
			<-ready
			if code := cli.Run(t.Context(), []string{"migrate"}, &out, &errs); code != 0 {
				t.Errorf("exit %d: %s", code, &errs)
			}
		})
	}
	close(ready)
	done.Wait()
}
