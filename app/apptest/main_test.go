package apptest_test

import (
	"os"
	"testing"

	"gatecrier/app/cli"
	"gatecrier/models/modelstest"
)

// serveEnv makes the test binary the program itself, for tests that kill it.
const serveEnv = "GATECRIER_TEST_SERVE"

func TestMain(m *testing.M) {
	if os.Getenv(serveEnv) != "" {
		os.Exit(cli.Main([]string{"serve"}, os.Stdout, os.Stderr))
	}
	os.Exit(modelstest.Main(m))
}
