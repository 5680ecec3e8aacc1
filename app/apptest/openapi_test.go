package apptest_test

import (
	"net/http"
	"os"
	"testing"

	"gatecrier/app/apptest"
)

// documentEnv names the file that TestOpenAPIDocument writes, for the linter.
const documentEnv = "GATECRIER_OPENAPI"

func TestOpenAPIDocument(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	a := (&apptest.Client{URL: p.URL}).ForTest(t).Must(http.StatusOK, "GET", "/openapi.json", nil)
	if path := os.Getenv(documentEnv); path != "" {
		if err := os.WriteFile(path, []byte(a.Text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
