package apptest_test

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatecrier/app/account"
	"gatecrier/app/apptest"
)

// A session that ends during a request stays ended, even if that request writes to it.
func TestSession_EndedDuringRequestStaysEnded(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	victim := signInAdmin(t, p)
	home, err := url.Parse(p.URL)
	if err != nil {
		t.Fatal(err)
	}
	stolen := newHTTPClient(t)
	stolen.Jar.SetCookies(home, victim.Jar.Cookies(home))

	body, rest := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		submitForm(t, stolen, p.URL+"/inbox/viewed", body, formKind)
	}()
	if _, err := rest.Write([]byte("next=%2Finbo")); err != nil {
		t.Fatal(err)
	}
	if status, to := submitForm(t, victim, p.URL+"/logout", encodeForm(), formKind); status != http.StatusSeeOther {
		t.Fatalf("signed out: %d to %q", status, to)
	}
	if _, err := rest.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := rest.Close(); err != nil {
		t.Fatal(err)
	}
	<-done
	status, to := submitForm(t, stolen, p.URL+"/inbox/viewed", encodeForm("next", "/inbox"), formKind)
	if status != http.StatusSeeOther || !strings.HasPrefix(to, "/login") {
		t.Errorf("the session is back: %d to %q", status, to)
	}
}

// Forms are small, and their temporary files are removed.
func TestForms_LeaveNoTemporaryFiles(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	p := apptest.Start(t, apptest.Options{Dir: filepath.Join(dir, "data")})
	big := "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\n" +
		strings.Repeat("x", 3<<20) + "\r\n--b--\r\n"
	for _, path := range []string{"/login", "/inbox/viewed", "/products/1/upload"} {
		submitForm(t, newHTTPClient(t), p.URL+path, strings.NewReader(big), "multipart/form-data; boundary=b")
	}
	c := signInAdmin(t, p)
	newProduct(t, p.Client("admin"), "Shop", "")
	for _, path := range []string{"/inbox/viewed", "/products/1/settings", "/products/1/upload"} {
		submitForm(t, c, p.URL+path, strings.NewReader(big), "multipart/form-data; boundary=b")
	}
	apptest.Eventually(t, "nothing is left behind", func() bool {
		left, err := filepath.Glob(filepath.Join(dir, "multipart-*"))
		return err == nil && len(left) == 0
	})
}

// Only the sign-in of its own user removes the file with the first password.
func TestFirstPasswordFile_RemovedByItsUserOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := apptest.Start(t, apptest.Options{Dir: dir})
	file := filepath.Join(dir, "initial-password")
	if err := os.WriteFile(file, []byte("somebody-else-s\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := p.Accounts.Create(t.Context(),
		account.NewUser{Name: "eve", Email: "eve@example.org", Password: apptest.Password, MustChangePassword: true})
	if err != nil {
		t.Fatal(err)
	}
	status, to := submitForm(t, newHTTPClient(t), p.URL+"/login", encodeForm("name", "eve", "password", apptest.Password),
		formKind)
	if status != http.StatusSeeOther {
		t.Fatalf("signed in: %d to %q", status, to)
	}
	if _, err := os.Stat(file); err != nil {
		t.Errorf("the file is gone: %v", err)
	}
}
