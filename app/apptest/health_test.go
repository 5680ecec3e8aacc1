package apptest_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"gatecrier/app/apptest"
)

func TestHealth_EndpointsAndPage(t *testing.T) {
	p := apptest.Start(t, apptest.Options{})
	_, port, _ := strings.Cut(strings.TrimPrefix(p.URL, "http://"), ":")
	if code, out, errs := runCommand(t, "health", "--url", p.URL); code != 0 || out != "ready\n" {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	for _, host := range []string{"127.0.0.1", "0.0.0.0", "", "[::]"} {
		t.Setenv("GATECRIER_LISTEN", host+":"+port)
		if code, out, errs := runCommand(t, "health"); code != 0 || out != "ready\n" {
			t.Errorf("listening on %q: exit %d: %s%s", host, code, out, errs)
		}
	}
	for _, listen := range []string{"nonsense", "127.0.0.1:1"} {
		t.Setenv("GATECRIER_LISTEN", listen)
		if code, _, errs := runCommand(t, "health"); code != 1 || strings.Count(errs, "\n") != 1 {
			t.Errorf("%s: exit %d: %s", listen, code, errs)
		}
	}
	ill := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "migrations", http.StatusServiceUnavailable)
	}))
	t.Cleanup(ill.Close)
	if code, _, errs := runCommand(t, "health", "--url", ill.URL); code != 1 ||
		!strings.Contains(errs, "not ready: migrations (503 Service Unavailable)") {
		t.Errorf("without migrations: exit %d: %s", code, errs)
	}
}
