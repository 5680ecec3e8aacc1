package apptest_test

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
)

func TestStart_TakenPortWritesNothing(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() }) //nolint:errcheck // nothing is sent
	dir := filepath.Join(t.TempDir(), "data")
	said := startFails(t, "GATECRIER_DATA_DIR="+dir, "GATECRIER_LISTEN="+taken.Addr().String())
	if left, err := os.ReadDir(dir); err == nil || !strings.Contains(said, "listen on") {
		t.Errorf("it leaves %v and says: %s", left, said)
	}
}

// A client that sends its whole body before it reads gets the answer, not a reset.
func TestRefusedUpload_IsAnswered(t *testing.T) {
	p := apptest.Start(t, apptest.Options{})
	for _, path := range []string{
		"/api/v1/products/1/reports", "/api/v1/products/1/vex", "/api/v1/exceptions", "/api/v1/tokens", "/api/1/envelope/",
		"/login", "/nothing",
	} {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", p.Addr())
		if err != nil {
			t.Fatal(err)
		}
		body := bytes.Repeat([]byte(" "), 30<<20)
		head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n",
			path, len(body))
		if _, err := conn.Write(append([]byte(head), body...)); err != nil {
			t.Errorf("%s: send: %v", path, err)
		}
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || answer.StatusCode/100 != 4 {
			t.Errorf("%s: %v, %v", path, answer, err)
		} else {
			_ = answer.Body.Close() //nolint:errcheck // it is in memory
		}
		_ = conn.Close() //nolint:errcheck // the server can have closed it
	}
}

// cookiesOf sends a request, and returns the status, the header and the cookies of the response.
func cookiesOf(t *testing.T, r *http.Request) (status int, h http.Header, set map[string]string) {
	t.Helper()
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil {
		t.Fatal(err)
	}
	set = map[string]string{}
	for _, c := range answer.Cookies() {
		set[c.Name] = c.Value
	}
	return answer.StatusCode, answer.Header, set
}

func signInRequest(t *testing.T, p *apptest.Program) *http.Request {
	t.Helper()
	form := url.Values{"name": {"admin"}, "password": {apptest.Password}}.Encode()
	r, err := http.NewRequestWithContext(t.Context(), "POST", p.URL+"/login", strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// overviewWith requests the first page with one cookie.
func overviewWith(t *testing.T, p *apptest.Program, name, value string) (status int, set map[string]string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", p.URL+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.AddCookie(&http.Cookie{Name: name, Value: value})
	status, _, set = cookiesOf(t, r)
	return status, set
}

func TestSession_HasHostCookieOverHTTPS(t *testing.T) {
	const plain, host = "gatecrier_session", "__Host-gatecrier_session"
	dir := t.TempDir()
	p := apptest.Start(t, apptest.Options{Dir: dir})
	_, header, set := cookiesOf(t, signInRequest(t, p))
	old := set[plain]
	if old == "" || header.Get("Strict-Transport-Security") != "" {
		t.Fatalf("over HTTP: %v, %v", set, header)
	}
	p.Stop()

	p = apptest.Start(t, apptest.Options{Dir: dir, BaseURL: "https://gates.example"})
	_, header, set = cookiesOf(t, signInRequest(t, p))
	fresh := set[host]
	if fresh == "" || set[plain] != "" || header.Get("Strict-Transport-Security") == "" {
		t.Fatalf("over HTTPS: %v, %v", set, header)
	}
	// The session from before goes on under the new name, once.
	status, set := overviewWith(t, p, plain, old)
	if status != http.StatusOK || set[host] != old {
		t.Errorf("the old session: %d, %v", status, set)
	}
	if status, _ := overviewWith(t, p, host, old); status != http.StatusOK {
		t.Errorf("the renamed session: %d", status)
	}
	// Another host of the domain could set the plain cookie: nothing else counts under that name.
	for _, value := range []string{old, fresh} {
		if status, _ := overviewWith(t, p, plain, value); status == http.StatusOK {
			t.Error("a session of HTTPS counts under the plain name")
		}
	}
}

func TestTakenName_IsHiddenFromStrangers(t *testing.T) {
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		admin := p.Client("admin")
		p.User("ann")
		ann := p.Client("ann")
		admin.Must(http.StatusCreated, "POST", "/products", object{"name": "merger"})
		admin.Must(http.StatusCreated, "POST", "/groups", object{"name": "mergers"})
		ann.Must(http.StatusCreated, "POST", "/products", object{"name": "own"})
		for path, name := range map[string]string{"/products": "merger", "/groups": "mergers"} {
			body := ann.Do("POST", path, object{"name": name}).Text
			if strings.Contains(body, "already") || !strings.Contains(body, "not available") {
				t.Errorf("%s: %s", path, body)
			}
			if body := admin.Do("POST", path, object{"name": name}).Text; !strings.Contains(body, "already") {
				t.Errorf("%s: the administrator reads %s", path, body)
			}
		}
		if body := ann.Do("POST", "/products", object{"name": "own"}).Text; !strings.Contains(body, "already") {
			t.Errorf("the owner reads %s", body)
		}
	})
}

func TestNames_RefuseHiddenCharacters(t *testing.T) {
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		admin := p.Client("admin")
		id := admin.Must(http.StatusCreated, "POST", "/products", object{"name": "shop"}).ID("id")
		const name = "sh\u202eop"
		hook := object{"url": "https://hooks.example/x"}
		for path, body := range map[string]object{
			"/products":                            {"name": name},
			"/groups":                              {"name": name},
			"/users":                               {"name": name, "email": "a@example.com"},
			"/tokens":                              {"name": name},
			"/connections":                         {"name": name, "module": "webhook", "owner": "system", "config": hook},
			fmt.Sprintf("/products/%d/tokens", id): {"name": name, "role": "upload"},
		} {
			a := admin.Do("POST", path, body)
			const named = "U+202E (right-to-left override)"
			if a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Text, named) {
				t.Errorf("%s: %d %s", path, a.Status, a.Text)
			}
		}
	})
}

// A name that another one looks like, because only their Unicode forms differ, is that name. Users sign in
// and find things with either form. A branch is what its repository says.
func TestNames_FormsOfUnicodeAreOneName(t *testing.T) {
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		const composed, decomposed = "k\u00e4se", "ka\u0308se"
		admin := p.Client("admin")
		shop := admin.Must(http.StatusCreated, "POST", "/products", object{"name": decomposed}).ID("id")
		for path, body := range map[string]object{
			"/groups":               {},
			"/users":                {"email": "a@example.com"},
			"/authorization-groups": {},
		} {
			body["name"] = " " + decomposed
			made := admin.Do("POST", path, body)
			if made.Status != http.StatusCreated || !strings.Contains(made.Text, `"`+composed+`"`) {
				t.Errorf("%s: %d %s", path, made.Status, made.Text)
			}
			for _, name := range []string{composed, decomposed} {
				body["name"] = name
				if again := admin.Do("POST", path, body); again.Status != http.StatusUnprocessableEntity {
					t.Errorf("%s with %+q: %d %s", path, name, again.Status, again.Text)
				}
			}
		}
		if a := admin.Do("POST", "/products", object{"name": composed}); a.Status != http.StatusUnprocessableEntity {
			t.Errorf("a second product: %d %s", a.Status, a.Text)
		}
		list := admin.Must(http.StatusOK, "GET", "/products?name="+url.QueryEscape(decomposed), nil)
		if !strings.Contains(list.Text, composed) {
			t.Errorf("the list by name has %s", list.Text)
		}
		reports := fmt.Sprintf("/products/%d/reports?branch=", shop)
		for _, branch := range []string{composed, decomposed} {
			a := admin.Do("POST", reports+url.QueryEscape(branch), apptest.Report(t, "grype-none.json"))
			if a.Status != http.StatusCreated || !strings.Contains(a.Text, `"`+branch+`"`) {
				t.Errorf("branch %+q: %d %s", branch, a.Status, a.Text)
			}
		}
	})
}

// A header that never ends is cut off, and an idle connection is not kept forever.
func TestSlowHeader_IsClosed(t *testing.T) {
	p := apptest.Start(t, apptest.Options{})
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) //nolint:errcheck // the server can have closed it
	head := "GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + strings.Repeat("x", 200<<10)
	if _, err := conn.Write([]byte(head)); err != nil {
		t.Log(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || answer.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Fatalf("%v, %v", answer, err)
	}
	_ = answer.Body.Close() //nolint:errcheck // it is in memory
}
