package apptest_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

// A request waits longer than five seconds for another change. It succeeds, and so does the next one
// on its connection.
func TestLongRequest_WaitsAndSucceeds(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	token := p.Client("admin").Token
	began := make(chan struct{})
	written := make(chan error, 1)
	go func() {
		written <- p.Store.Write(t.Context(), func(tx *models.Tx) error {
			close(began)
			for range 11 {
				<-time.After(500 * time.Millisecond)
				if _, err := tx.UserByName(tx.Context(), "admin"); err != nil {
					return err
				}
			}
			return nil
		})
	}()
	<-began
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}}
	for i, name := range []string{"Waits", "Follows"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.URL+"/api/v1/products",
			strings.NewReader(`{"name":"`+name+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		var reused bool
		req = req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
			GotConn: func(info httptrace.GotConnInfo) { reused = info.Reused },
		}))
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Content-Type", "application/json")
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(res.Body)
		if err = errors.Join(err, res.Body.Close()); err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != http.StatusCreated {
			t.Errorf("%s: status %d: %s", name, res.StatusCode, text)
		}
		if i == 1 && !reused {
			t.Error("the second request has a connection of its own")
		}
	}
	if err := <-written; err != nil {
		t.Error(err)
	}
}
